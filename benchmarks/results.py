"""Results in benchmarks/README.md: between markers, exactly as they were printed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_README: Final = Path(__file__).parent / "README.md"


def write_section(name: str, text: str, readme: Path = _README) -> None:
    """Replace what stands between the markers of `name`. ValueError when they are not in the file."""
    readme.write_text(with_section(readme.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def with_section(document: str, name: str, text: str) -> str:
    """`document` with `text` as a code block between the markers of `name`."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no markers for {name!r}: write {begin} and {end} where its results belong")
    return f"{before}{begin}\n```\n{text.strip()}\n```\n{end}{after}"
