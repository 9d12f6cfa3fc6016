"""The list of counselling lines that no itemised bill may show (TDDDG § 11(5), (6)), as a CSV file.

The BNetzA's list is to be fetched every quarter and applied at once; this is the form in which we read it.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from rating.errors import FieldRefused, Problem, TariffRefused
from rating.evn import Counselling
from rating.fields import day, number, optional_day
from rating.strict_csv import Columns, read

COLUMNS: Final = Columns(("number", "valid_from"), ("valid_until", "name"))


def counselling_of(content: bytes, name: str) -> Counselling:
    """The list of a file; raise TariffRefused with every problem of it. A list without numbers is a list."""
    found = read(content, name, COLUMNS, may_be_empty=True)
    problems = list(found.problems)
    numbers: dict[str, tuple[date, date | None]] = {}
    for line in found.lines:
        try:
            key = number(line.values["number"])
            times = day(line.values["valid_from"]), optional_day(line.values["valid_until"])
        except FieldRefused as error:
            problems.append(Problem(name, line.number, "", error.rule, str(error)))
            continue
        if key in numbers:
            message = f"{key} is there twice. Write one line with its whole time"
            problems.append(Problem(name, line.number, "number", "csv.twice", message))
        numbers[key] = times
    if problems:
        raise TariffRefused(tuple(problems))
    return Counselling(numbers)
