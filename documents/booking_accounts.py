"""The chart of accounts for booking rows, from a CSV file: `kind;key;account`."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

from documents.booking import Accounts
from rating.errors import FieldRefused, Problem, TariffRefused
from rating.fields import choice, identifier, whole
from rating.strict_csv import Columns, read
from rating.vat import Category, VatRate

COLUMNS: Final = Columns(("kind", "key", "account"))
_MOST: Final = 999_999_999


class _Kind(StrEnum):
    #: `key`: category and per cent, as `S 19`, `AE 0` or `E 0` (damages).
    REVENUE = "revenue"
    #: `key`: the customer number.
    DEBTOR = "debtor"


def accounts_of(content: bytes, name: str) -> Accounts:
    """Raise TariffRefused with every problem of the file."""
    found = read(content, name, COLUMNS)
    problems = list(found.problems)
    revenue: dict[VatRate, str] = {}
    debtors: dict[str, str] = {}
    for line in found.lines:
        try:
            account = str(whole(line.values["account"], _MOST, 1))
            if choice(line.values["kind"], _Kind) is _Kind.REVENUE:
                revenue[_rate(line.values["key"])] = account
            else:
                debtors[identifier(line.values["key"])] = account
        except FieldRefused as error:
            problems.append(Problem(name, line.number, "", error.rule, str(error)))
    if problems:
        raise TariffRefused(tuple(problems))
    return Accounts(revenue, debtors)


def _rate(text: str) -> VatRate:
    category, _, percent = text.partition(" ")
    return VatRate(choice(category, Category), Decimal(whole(percent, 100)))
