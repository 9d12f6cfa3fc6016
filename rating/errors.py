"""What can be wrong with money, tariffs and charges.

RatingError
├── CurrencyMismatch   two currencies in one sum
├── AmountRefused      an amount that is no exact decimal within the limits
├── FieldRefused       one value of a CSV line; becomes a `Problem` with its place
├── TariffRefused      a set of files is refused as a whole; holds every problem found
├── BookMismatch       a leg was rated with the book of another customer or month
├── RateMissing        no exchange rate for the last day of the month
├── InvoiceRefused     parts of an invoice that do not add up, or a correction that may not be
└── EvnRefused         an itemised bill that may not be given, or does not add up to its invoice

A CDR that cannot be rated is no error: it is an `Unrated` value (rating/charge.py) and goes to quarantine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

#: Problems told of one run; the rest is counted.
MAX_TOLD: Final = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place. `line` counts from 1, the header is line 1; 0: the file as a whole.

    `id` is stable (`csv.decimal-comma`); the message says what is wrong and what to write instead.
    """

    file: str
    line: int
    column: str
    id: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.column + ': ' if self.column else ''}{self.message}  [{self.id}]"


class RatingError(Exception):
    """Base: the message says the place and the next step; `id` is stable."""

    id: ClassVar[str] = "rating"


class CurrencyMismatch(RatingError):
    """Amounts of two currencies cannot be added or compared: convert them first."""

    id = "rating.currency-mismatch"


class AmountRefused(RatingError):
    """No exact decimal amount in a known currency."""

    id = "rating.amount"


class FieldRefused(RatingError):
    """A value of a CSV line; `rule` is the problem's stable id."""

    id = "rating.field"

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class TariffRefused(RatingError):
    """Files with at least one problem: nothing of them was taken."""

    id = "rating.tariff"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        told = [f"  {problem}" for problem in problems[:MAX_TOLD]]
        if len(problems) > MAX_TOLD:
            told.append(f"  and {len(problems) - MAX_TOLD} more")
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__("\n".join([f"{count}, nothing was taken. Mend the lines and try again:", *told]))
        self.problems = problems


class BookMismatch(RatingError):
    """The caller chose the wrong book: a defect of the program, not of the CDR."""

    id = "rating.book"


class RateMissing(RatingError):
    """Import the exchange rates of the month's last day (E8)."""

    id = "rating.rate-missing"


class InvoiceRefused(RatingError):
    """An invoice whose parts do not add up, or that lacks what the law asks for."""

    id = "rating.invoice"


class EvnRefused(RatingError):
    """An itemised bill that the order does not allow (TDDDG § 11), or whose sum is not the invoice's."""

    id = "rating.evn"
