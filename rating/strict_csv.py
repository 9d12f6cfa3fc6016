"""CSV as price files have it, read strictly: what is not certain is refused with its place, never guessed.

One form only: UTF-8 without byte order mark, `;` between the values, `"` around values that need it, a header
row. A price that was read wrongly costs more than a file that was saved again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rating.errors import Problem

SEPARATOR: Final = ";"
MAX_BYTES: Final = 128 << 20
MAX_LINES: Final = 1_000_000
MAX_VALUE: Final = 200
#: Problems collected of one file; then reading ends.
MAX_PROBLEMS: Final = 1_000
BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Line:
    """The values of one line by their column, stripped. `number` is that of its last row of text."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a header must and may name, in any order."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.required, *self.optional)


@dataclass(frozen=True, slots=True)
class Read:
    """The good lines and what was wrong with the others."""

    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]


def read(content: bytes, name: str, columns: Columns, *, may_be_empty: bool = False) -> Read:
    """All lines of a file; optional columns that are missing read as empty."""
    problem = _unreadable(content, name)
    if problem:
        return Read((), (problem,))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Read((), (Problem(name, line, "", "csv.encoding", "not UTF-8. Save the file as UTF-8"),))
    lines: list[Line] = []
    problems: list[Problem] = []
    for each in _rows(text, name, columns):
        if isinstance(each, Line):
            lines.append(each)
        else:
            problems.append(each)
        if len(problems) == MAX_PROBLEMS or len(lines) > MAX_LINES:
            last = problems[-1].line if problems else MAX_LINES
            message = f"reading ended here: limits are {MAX_LINES} lines and {MAX_PROBLEMS} problems"
            problems.append(Problem(name, last, "", "csv.too-much", message))
            break
    if not lines and not problems and not may_be_empty:
        problems.append(Problem(name, 0, "", "csv.empty", "no line behind the header"))
    return Read(tuple(lines), tuple(problems))


def _unreadable(content: bytes, name: str) -> Problem | None:
    if len(content) > MAX_BYTES:
        return Problem(name, 0, "", "csv.too-large", f"larger than {MAX_BYTES >> 20} MiB. Split the list")
    if content.startswith(BOMS):
        return Problem(name, 1, "", "csv.bom", "begins with a byte order mark. Save as UTF-8 without BOM")
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        return Problem(name, line, "", "csv.nul", "contains a NUL character. Save the file as CSV in UTF-8")
    return None


def _rows(text: str, name: str, columns: Columns) -> Iterator[Line | Problem]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=SEPARATOR, strict=True)
    try:
        header = [each.strip() for each in next(reader, [])]
        wrong = _wrong_header(header, columns)
        if wrong:
            yield Problem(name, 1, "", *wrong)
            return
        absent = dict.fromkeys((each for each in columns.every if each not in header), "")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            wrong = _wrong_cells(cells, header)
            if wrong:
                yield Problem(name, reader.line_num, "", *wrong)
            else:
                values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
                yield Line(reader.line_num, values | absent)
    except csv.Error as error:
        yield Problem(
            name, reader.line_num, "", "csv.quotes", f"{error}. Close the quotes, or leave them out"
        )


def _wrong_header(header: list[str], columns: Columns) -> tuple[str, str] | None:
    needed = SEPARATOR.join(columns.every)
    if len(header) == 1 and any(each in header[0] for each in ",\t|") and len(columns.every) > 1:
        return "csv.separator", f"the values are not separated by {SEPARATOR!r}. Write {needed}"
    for name in header:
        if name not in columns.every:
            return "csv.column-unknown", f"unknown column {name[:40]!r}. Columns are {needed}"
        if header.count(name) > 1:
            return "csv.column-twice", f"the column {name!r} is there twice"
    for name in columns.required:
        if name not in header:
            return "csv.column-missing", f"the column {name!r} is missing. Columns are {needed}"
    return None


def _wrong_cells(cells: list[str], header: list[str]) -> tuple[str, str] | None:
    if len(cells) != len(header):
        return (
            "csv.cells",
            f"{len(cells)} values, the header names {len(header)}. Separate them by {SEPARATOR!r}",
        )
    if any(len(cell) > MAX_VALUE for cell in cells):
        return "csv.long", f"a value has more than {MAX_VALUE} characters"
    return None
