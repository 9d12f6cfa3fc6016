"""Rows to standard output for programs and spreadsheets, as they come: CSV or a JSON object in each line."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from cli.carriers.records import Value

FORMS: Final = ("csv", "jsonl")
_FLUSH_EVERY: Final = 5_000
_NUMBER: Final = re.compile(r"[+-][0-9]+([.][0-9]+)?")


def export_rows(form: str, columns: Sequence[str], rows: Iterable[Mapping[str, Value]]) -> None:
    """Each row has all columns. In constant memory when `rows` is."""
    write = _csv_writer(columns) if form == "csv" else _json_line
    for number, values in enumerate(rows, start=1):
        write(values)
        if number % _FLUSH_EVERY == 0:
            sys.stdout.flush()


def _csv_writer(columns: Sequence[str]) -> Callable[[Mapping[str, Value]], None]:
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    return lambda values: writer.writerow({name: no_formula(value) for name, value in values.items()})


def no_formula(value: Value) -> Value:
    """A spreadsheet must not run what a caller dialled: numbers keep their sign, anything else is quoted."""
    if not isinstance(value, str) or not value or value[0] not in "=+-@\t\r":
        return value
    return value if _NUMBER.fullmatch(value) else "'" + value


def _json_line(values: Mapping[str, Value]) -> None:
    sys.stdout.write(json.dumps(values, ensure_ascii=False) + "\n")
