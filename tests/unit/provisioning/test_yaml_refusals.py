"""What the YAML reader refuses before any schema: hostile, broken and ambiguous files.

Every case is read by both parsers, libyaml's and the one in Python; syntax errors differ in words only.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from provisioning import yaml_builder
from provisioning.errors import Problems
from provisioning.yaml_source import LOADER, read_documents

LOADERS = [LOADER, yaml.SafeLoader]


def problems_of(*texts: bytes, loader: Any = LOADER) -> list[str]:
    """The errors of reading a.yaml, b.yaml, …, sorted by place."""
    problems = Problems()
    read_documents(((f"{chr(ord('a') + i)}.yaml", text) for i, text in enumerate(texts)), problems, loader)
    return [str(each) for each in sorted(problems.errors, key=lambda each: each.order)]


CASES: list[tuple[str, bytes, list[str]]] = [
    ("a tab", b"a:\n\t- 1\n", ["a.yaml:2:1: a tab character; allowed: spaces [config.tab]"]),
    (
        "tabs in two lines, even in a comment",
        b"a: 1 #\tx\ty\nb: '\t'\n",
        [
            "a.yaml:1:7: a tab character; allowed: spaces [config.tab]",
            "a.yaml:2:5: a tab character; allowed: spaces [config.tab]",
        ],
    ),
    (
        "a key twice",
        b"a: 1\nb: 2\na: 3\n",
        [
            "a.yaml:3:1: the key stands here a second time, first in line 1, column 1, found 'a'; "
            "allowed: each key once [config.duplicate-key]"
        ],
    ),
    (
        "a Python object",
        b"a: !!python/object/apply:os.system ['id']\n",
        [
            "a.yaml:1:4: a YAML tag, found '!!python/object/apply:os.system'; "
            "allowed: no tags but !!str [config.tag]"
        ],
    ),
    (
        "a tag on a scalar",
        b"a: !!binary aGk=\n",
        ["a.yaml:1:4: a YAML tag, found '!!binary'; allowed: no tags but !!str [config.tag]"],
    ),
    (
        "an alias without anchor",
        b"a: &base 1\nb: *basis\n",
        [
            "a.yaml:2:4: no anchor of this name stands before, found 'basis'; "
            "did you mean 'base'? [config.unknown-anchor]"
        ],
    ),
    (
        "an alias within its anchor",
        b"a: &a [*a]\n",
        ["a.yaml:1:8: an alias within its own anchor, found 'a' [config.alias-loop]"],
    ),
    (
        "a merge of a text",
        b"a:\n  <<: text\n",
        ["a.yaml:2:7: '<<' takes a mapping; allowed: an alias, or a list of aliases [config.merge-key]"],
    ),
    (
        "a list as key",
        b"? [1, 2]\n: 3\n",
        ["a.yaml:1:3: a key is a mapping, list or alias; allowed: text as key [config.key-not-text]"],
    ),
    (
        "a second document",
        b"a: 1\n---\nb: 2\n",
        [
            "a.yaml:2:1: a second document begins here; "
            "allowed: one document a file [config.several-documents]"
        ],
    ),
    (
        "a list at the top",
        b"- 1\n",
        ["a.yaml:1:1: the file is not a mapping; allowed: keys at the top [config.wrong-type]"],
    ),
    (
        "41 levels",
        b"a: " + b"[" * 40,
        ["a.yaml:1:43: too many levels within each other; allowed: 40 levels [config.too-deep]"],
    ),
    (
        "a long text",
        b"a: " + b"x" * 16_385,
        ["a.yaml:1:4: a text is too long; allowed: 16384 characters [config.text-too-long]"],
    ),
    (
        "a long number",
        b"a: 1" + b"0" * 5_000,
        [
            "a.yaml:1:4: a number is too long, found 5001 characters; "
            "allowed: 18 digits, or text in quotes [config.number-too-long]"
        ],
    ),
    (
        "Latin-1",
        "a: 1\nb: Köln".encode("latin-1"),
        [
            "a.yaml:2:5: the file is not UTF-8, found byte 0xf6; "
            "allowed: UTF-8 (save the file with this encoding) [config.encoding]"
        ],
    ),
    (
        "UTF-16",
        "a: 1".encode("utf-16"),
        ["a.yaml:1:1: the file is UTF-16 or UTF-32; allowed: UTF-8 [config.encoding]"],
    ),
    (
        "UTF-16 without mark",
        "a: 1".encode("utf-16-le"),
        ["a.yaml:1:1: the file is UTF-16 or UTF-32; allowed: UTF-8 [config.encoding]"],
    ),
    (
        "a control character",
        b"a: 1\nb: \x07 bell\n",
        [
            "a.yaml:2:4: a control character in the file, found U+0007; "
            "allowed: printable text [config.control-character]"
        ],
    ),
    (
        "an escaped line end",
        b'a: "x\\ny"\n',
        [
            "a.yaml:1:4: a control character, line end or invisible character in a value, found U+000A; "
            "allowed: printable text on one line [config.control-character]"
        ],
    ),
    (
        "a character that turns the text round",
        "a: x\u202ey\n".encode(),
        [
            "a.yaml:1:4: a control character, line end or invisible character in a value, found U+202E; "
            "allowed: printable text on one line [config.control-character]"
        ],
    ),
]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(("sentence", "text", "lines"), CASES, ids=[case[0] for case in CASES])
def test_the_reader_refuses(sentence: str, text: bytes, lines: list[str], loader: Any) -> None:
    assert problems_of(text, loader=loader) == lines


def test_broken_syntax_is_reported_where_it_breaks() -> None:
    assert problems_of(b"a: [1,}\n") == [
        "a.yaml:1:7: not YAML: while parsing a flow node, did not find expected node content; "
        "allowed: YAML 1.2 [config.syntax]"
    ]


@pytest.mark.parametrize("loader", LOADERS)
def test_an_escape_that_is_no_character_is_broken_syntax(loader: Any) -> None:
    (line,) = problems_of(b'a: "\\UFFFFFFFF"\n', loader=loader)
    assert line.endswith("[config.syntax]")


@pytest.mark.parametrize("loader", LOADERS)
def test_ten_lines_that_unfold_to_a_billion_values_are_refused(loader: Any) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for one, two in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{two}: &{two} [{', '.join(['*' + one] * 9)}]")
    (line,) = problems_of("\n".join(lines).encode(), loader=loader)
    assert line == (
        "a.yaml:7:8: too many values in all files together, aliases unfolded; "
        "allowed: 10000000 values, 2500000 mappings and lists, 1000000 by aliases [config.too-many-values]"
    )


def test_merge_keys_that_unfold_without_end_are_refused() -> None:
    keys = ", ".join(f"k{i}: {i}" for i in range(1_000))
    merges = "\n".join("- {<<: *base}" for _ in range(600))
    (line,) = problems_of(f"base: &base {{{keys}}}\nlist:\n{merges}\n".encode())
    assert "[config.too-many-values]" in line


def test_the_number_of_values_is_bounded_without_aliases_too(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = yaml_builder.Budget(nodes=1_000)
    monkeypatch.setattr("provisioning.yaml_source.Budget", lambda: budget)
    (line,) = problems_of(b"a: [" + b"x," * 1_000 + b"]")
    assert "[config.too-many-values]" in line


def test_a_mapping_of_a_million_keys_is_refused() -> None:
    keys = b"".join(b"k%d:\n" % number for number in range(10_001))
    assert problems_of(keys) == [
        "a.yaml:10001:1: a mapping is too long; allowed: 10000 keys [config.too-many-keys]"
    ]


def test_a_file_of_mistakes_is_not_read_to_its_end() -> None:
    problems = Problems()
    source = read_documents([("a.yaml", b"k:\n" * 5_000)], problems)
    assert not source.complete
    assert len(problems.errors) + problems.more == yaml_builder.MAX_FAULTS + 1


def test_problems_of_several_files_come_together_sorted_by_place() -> None:
    assert [line.split(" ")[0] for line in problems_of(b"a:\n\t1", b"a: 1\na: 2\na: 3", b"\xff")] == [
        "a.yaml:2:1:",
        "b.yaml:2:1:",
        "b.yaml:3:1:",
        "c.yaml:1:1:",
    ]


def test_a_scalar_may_stand_in_one_file_only() -> None:
    assert problems_of(b"carrier:\n  name: x\n", b"carrier:\n  name: y\n") == [
        "b.yaml:2:3: carrier.name: the key stands here a second time, first in a.yaml:2:3, found 'name'; "
        "allowed: each key once; only lists and mappings may be spread over files [config.duplicate-key]"
    ]
