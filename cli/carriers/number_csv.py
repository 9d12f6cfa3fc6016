"""Orders for many numbers from a CSV file: separator and encoding are found out, no line is passed over."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import click

from cli.carriers.number_orders import MAX_VALUE, Said, number_of, order_of
from cli.errors import ProgramError
from cli.times import Moment
from numbering.e164 import E164
from store.number_inventory import MAX_ORDERS, NumberOrder

MAX_BYTES: Final = 32 << 20
_SEPARATORS: Final = ";,\t|"
REQUIRED: Final = ("number", "action")
#: Columns besides the required ones, in any order.
COLUMNS: Final = (
    *REQUIRED, "customer", "site", "tenant", "until", "from", "contract_end", "teams_deactivated", "reason",
)  # fmt: skip
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_YES: Final = {
    "yes": True,
    "ja": True,
    "1": True,
    "true": True,
    "no": False,
    "nein": False,
    "0": False,
    "": False,
}


class FileUnreadable(ProgramError):
    """The file as a whole cannot be used; nothing was done."""

    id = "program.csv"


@dataclass(frozen=True, slots=True)
class CsvLine:
    """One line: its number in the file (from 1), what it says, and its order or what is wrong with it."""

    line: int
    number: str
    action: str
    order: NumberOrder | None = None
    problem: str = ""


def read_orders(path: Path, at: datetime) -> tuple[CsvLine, ...]:
    """The lines behind the header that are not empty. Raises FileUnreadable, OSError."""
    if path.stat().st_size > MAX_BYTES:
        raise FileUnreadable(f"{path}: larger than {MAX_BYTES >> 20} MiB. Split it into several files")
    lines: list[CsvLine] = []
    for line in _lines(path, _text(path), at):
        if len(lines) == MAX_ORDERS:
            raise FileUnreadable(f"{path}: more than {MAX_ORDERS} lines. Split it into several files")
        lines.append(line)
    if not lines:
        raise FileUnreadable(f"{path}: no line behind the header. Write one line for each number")
    return tuple(lines)


def _text(path: Path) -> str:
    content = path.read_bytes()
    encoding, start = "utf-8", 0
    for bom, name in _BOMS:
        if content.startswith(bom):
            encoding, start = name, len(bom)
            break
    try:
        text = content[start:].decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: start + error.start].count(b"\n") + 1
        raise FileUnreadable(f"{path}:{line}: not {encoding} text. Save the file as UTF-8") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise FileUnreadable(f"{path}:{line}: contains a NUL character. Save the file as CSV in UTF-8")
    return text


def _lines(path: Path, text: str, at: datetime) -> Iterator[CsvLine]:
    header_line = text.split("\n", 1)[0].strip()
    separator = max(_SEPARATORS, key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    start = 1
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(path, header)
        start = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _line(start, header, cells, at)
            start = reader.line_num + 1
    except csv.Error as error:
        raise FileUnreadable(f"{path}:{start}: {error}. Close the quotes, or leave them out") from None


def _check_header(path: Path, header: list[str]) -> None:
    known = ", ".join(COLUMNS)
    for name in header:
        if name not in COLUMNS:
            raise FileUnreadable(f"{path}:1: unknown column {name[:40]!r}. Columns: {known}")
    if len(set(header)) < len(header):
        raise FileUnreadable(f"{path}:1: a column is there twice. Columns: {known}")
    for name in REQUIRED:
        if name not in header:
            raise FileUnreadable(f"{path}:1: the column {name!r} is missing. Columns: {known}")


def _line(line: int, header: list[str], cells: list[str], at: datetime) -> CsvLine:
    values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    number, action = values.get("number", ""), values.get("action", "")
    try:
        _check_values(header, cells)
        order = NumberOrder(_number(number), order_of(action, _said(values), at))
    except (ValueError, click.BadParameter) as error:
        problem = error.message if isinstance(error, click.BadParameter) else str(error)
        return CsvLine(line, number[:40], action[:40], problem=problem)
    return CsvLine(line, order.number, action, order)


def _check_values(header: list[str], cells: list[str]) -> None:
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} values, the header names {len(header)} columns")
    if any(len(value) > MAX_VALUE for value in cells):
        raise ValueError(f"a value is longer than {MAX_VALUE} characters")


def _number(text: str) -> E164:
    """Spreadsheets take the "+" away, or guard it with an apostrophe."""
    plain = text.removeprefix("'")
    return number_of(f"+{plain}" if plain.isdigit() and not plain.startswith("0") else plain)


def _said(values: Mapping[str, str]) -> Said:
    def moment(name: str) -> datetime | None:
        value = values.get(name, "")
        return Moment().convert(value, None, None) if value else None

    day = values.get("contract_end", "")
    checked = values.get("teams_deactivated", "").lower()
    if checked not in _YES:
        raise ValueError(f"teams_deactivated is {checked[:40]!r}, not yes or no")
    return Said(
        reason=values.get("reason", ""),
        customer=values.get("customer") or None,
        site=values.get("site") or None,
        tenant=values.get("tenant") or None,
        until=moment("until"),
        active_from=moment("from"),
        contract_end=_day(day) if day else None,
        teams_deactivated=_YES[checked],
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"contract_end is {text[:40]!r}, not a date such as 2026-11-30") from None
