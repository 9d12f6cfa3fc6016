"""Write the tables of docs/caller-id.md: the matrix and the header presets, from the program itself.

    python tools/generate_caller_matrix.py [--check]

`--check` writes nothing and fails when the file differs from what would be written; a test does the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from dialplan.caller.header_map import PRESETS, HeaderMap, Which
from dialplan.caller.rules import MATRIX, CallerRule

OUTPUT: Final = Path(__file__).parents[1] / "docs/caller-id.md"
_MARK: Final = "<!-- {} {}: written by tools/generate_caller_matrix.py -->"


def written(text: str) -> str:
    """The document with its tables as they should be. Raises ValueError when a mark is missing."""
    for name, table in (("matrix", _matrix()), ("presets", _presets())):
        begin, end = _MARK.format("begin", name), _MARK.format("end", name)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"no marks for the table {name!r}")
        text = "\n".join((before + begin, "", *table, "", end + after))
    return text


def _matrix() -> Iterator[str]:
    for concern in MATRIX:
        yield f"### {concern.direction.capitalize()}: {concern.question[0].lower()}{concern.question[1:]}"
        yield ""
        yield "| row | when | then | source |"
        yield "|---|---|---|---|"
        yield from (_row(rule) for rule in concern.rules)
        if concern is not MATRIX[-1]:
            yield ""


def _row(rule: CallerRule[Any]) -> str:
    return f"| `{rule.id}` | {rule.condition} | {rule.act.value} | {rule.source} |"


def _presets() -> Iterator[str]:
    headers = "From | P-Asserted-Identity | P-Preferred-Identity | Diversion, History-Info"
    yield f"| preset | {headers} | withheld number |"
    yield "|---|---|---|---|---|---|"
    yield from (_preset(name, each) for name, each in PRESETS.items())


def _preset(name: str, each: HeaderMap) -> str:
    diverted = "yes" if each.diversion and each.history_info else "no"
    withheld = "goes along, Privacy: id" if each.trusted else "stays here"
    cells = (each.from_header.value, _which(each.asserted), _which(each.preferred), diverted, withheld)
    return f"| `{name}` | {' | '.join(cells)} |"


def _which(which: Which | None) -> str:
    return which.value if which is not None else "not written"


def main() -> str | None:
    """Write the file, or with --check say that it is not up to date."""
    text = OUTPUT.read_text(encoding="utf-8")
    fresh = written(text)
    if "--check" in sys.argv[1:]:
        if fresh != text:
            return "docs/caller-id.md is out of date: run python tools/generate_caller_matrix.py"
        return None
    OUTPUT.write_text(fresh, encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main())
