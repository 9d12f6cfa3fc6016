"""What the reader makes of YAML: plain values with their places, many files as one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from provisioning import yaml_source
from provisioning.errors import Problems
from provisioning.yaml_source import LOADER, Source, read_documents, read_paths


def read(*texts: str) -> Source:
    """Read texts without any problem."""
    problems = Problems()
    source = read_documents(
        ((f"{chr(ord('a') + i)}.yaml", text.encode()) for i, text in enumerate(texts)), problems
    )
    assert problems.errors == []
    return source


def errors(paths: list[Path]) -> list[str]:
    """The errors of reading these paths."""
    problems = Problems()
    read_paths(paths, problems)
    return [str(each) for each in problems.errors]


def test_values_are_those_of_yaml_1_2_and_nothing_else() -> None:
    values = ["1", "-2", "1.50", "true", "", "no", "0x1F", "2026-02-30", "12:30", "'1'", ".inf", "!!str 5"]
    text = "\n".join(f"{key}: {value}" for key, value in zip("abcdefghijkl", values, strict=True))
    assert dict(read(text).tree) == {
        "a": 1,
        "b": -2,
        "c": Decimal("1.50"),
        "d": True,
        "e": None,
        "f": "no",
        "g": "0x1F",
        "h": "2026-02-30",
        "i": "12:30",
        "j": "1",
        "k": ".inf",
        "l": "5",
    }


def test_every_value_and_key_knows_its_place() -> None:
    source = read("a:\n  - b: 1\n    ö: [x, 'y']\n")
    assert source.places.at(("a", 0, "ö", 1)) == ("a.yaml", 3, 12)
    assert source.places.at(("a", 0, "ö"), key=True) == ("a.yaml", 3, 5)
    assert source.places.at(("a", 0, "missing")) == ("a.yaml", 2, 5)


def test_files_are_put_together_lists_behind_each_other() -> None:
    source = read("customers: [1, 2]\ncarrier: {name: x}\n", "customers: [3]\ncarrier: {blocks: [4]}\n")
    assert source.tree == {"customers": [1, 2, 3], "carrier": {"name": "x", "blocks": [4]}}
    assert source.places.at(("customers", 2)) == ("b.yaml", 1, 13)
    assert source.places.at(("carrier", "blocks")) == ("b.yaml", 2, 19)


def test_anchors_and_merge_keys_work_and_own_keys_win() -> None:
    source = read("base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nuse: {<<: [*b, *m], x: 5}\nsame: *b\n")
    assert source.tree["use"] == {"x": 5, "y": 2, "z": 4}
    assert source.tree["same"] == {"x": 1, "y": 2}
    assert source.places.at(("use", "z")) == ("a.yaml", 2, 20)


def test_both_parsers_give_the_same_tree_and_places() -> None:
    text = Path(__file__).parents[3] / "examples/carrier/carrier.yaml"
    documents = [("a.yaml", text.read_bytes())]
    fast = read_documents(documents, Problems(), LOADER)
    slow = read_documents(documents, Problems(), yaml.SafeLoader)
    path = ("carrier", "trunks", 1, "priority")
    assert fast.tree == slow.tree
    assert fast.places.at(path) == slow.places.at(path)


def test_a_byte_order_mark_does_not_count() -> None:
    source = read_documents([("a.yaml", b"\xef\xbb\xbfa: 1\n")], Problems())
    assert source.places.at(("a",), key=True) == ("a.yaml", 1, 1)


def test_an_empty_file_is_no_problem() -> None:
    assert read("", "# only a comment\n", "a: 1").tree == {"a": 1}


def test_a_directory_is_read_in_the_order_of_names_and_each_file_once(tmp_path: Path) -> None:
    for name, text in {
        "b.yaml": "l: [2]",
        "a.yaml": "l: [1]",
        ".hidden.yaml": "l: [0]",
        "notes.txt": "\t",
    }.items():
        (tmp_path / name).write_text(text)
    problems = Problems()
    assert read_paths([tmp_path, tmp_path / "b.yaml"], problems).tree == {"l": [1, 2]}
    assert (problems.errors, problems.warnings) == ([], [])


def test_a_file_with_the_short_ending_is_warned_about(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: 1")
    (tmp_path / "b.yaml").write_text("b: 1")
    problems = Problems()
    assert read_paths([tmp_path], problems).tree == {"b": 1}
    assert [str(each) for each in problems.warnings] == [
        f"{tmp_path}/a.yml: warning: the file is not read; "
        "allowed: names that end in .yaml [config.file-ignored]"
    ]


def test_no_file_at_all_is_refused(tmp_path: Path) -> None:
    line = (
        "there is nothing to read; allowed: one *.yaml file or a directory that holds one [config.no-files]"
    )
    assert errors([tmp_path]) == [line]
    assert errors([]) == [line]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert errors([tmp_path / "x.yaml"]) == [
        f"{tmp_path}/x.yaml: the file cannot be read: No such file or directory [config.file-unreadable]"
    ]


def test_a_device_is_not_read_for_ever() -> None:
    assert errors([Path("/dev/zero")]) == [
        "/dev/zero: the file cannot be read: not a regular file [config.file-unreadable]"
    ]


def test_a_file_of_100_mb_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    assert errors([huge]) == [f"{huge}: the file is too large; allowed: 16 MiB [config.file-too-large]"]


def test_files_that_are_too_large_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_source, "MAX_SET_BYTES", 20)
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(f"{name[0]}: 1 # 12345")
    assert errors([tmp_path]) == [
        f"{tmp_path}/b.yaml: the files are too large together; allowed: 256 MiB [config.set-too-large]"
    ]


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_source, "MAX_FILES", 1)
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(f"{name}: 1")
    assert errors([tmp_path]) == ["too many files; allowed: 1 [config.too-many-files]"]
