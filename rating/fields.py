"""Values of CSV lines: each parser gives a value or refuses with a stable rule and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from rating.errors import FieldRefused
from rating.increments import MAX_S, Increments
from rating.money import CURRENCIES

_AMOUNT: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?", re.ASCII)
_RATE: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[.,' \u00a0][0-9]{3})+(?:[.,][0-9]+)?")
_INCREMENTS: Final = re.compile(r"([0-9]{1,5})/([0-9]{1,5})", re.ASCII)
_PREFIX: Final = re.compile(r"\+[1-9][0-9]{0,14}", re.ASCII)
_SHORT: Final = re.compile(r"1(?:1[0-9]{1,4}|24124)", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_IDENTIFIER: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_WHOLE: Final = re.compile(r"[0-9]{1,9}", re.ASCII)

Choice = TypeVar("Choice", bound=StrEnum)


def micro(text: str) -> int:
    """A net amount, not negative, with a decimal point and at most six decimals, in millionths; "" is 0."""
    if not text:
        return 0
    match = _AMOUNT.fullmatch(text)
    if match:
        return int(match[1]) * 1_000_000 + int((match[2] or "").ljust(6, "0"))
    if text.startswith("-"):
        raise FieldRefused("csv.negative", f"{text[:40]!r} is negative. Prices are 0 or more")
    if _GROUPED.fullmatch(text) and not _AMOUNT.fullmatch(text):
        raise FieldRefused(
            "csv.thousands", f"{text[:40]!r} may have a thousands separator or a comma. Write 1234.56"
        )
    if "," in text:
        raise FieldRefused("csv.decimal-comma", f"{text[:40]!r} has a comma. Write a decimal point: 0.039")
    raise FieldRefused(
        "csv.amount", f"{text[:40]!r} is no amount. Write 0.039: at most six decimals, no sign"
    )


def exchange_rate(text: str) -> Decimal:
    """Units of a currency for one euro, above 0, at most nine decimals."""
    if "," in text:
        raise FieldRefused("csv.decimal-comma", f"{text[:40]!r} has a comma. Write a decimal point: 1.0823")
    if not _RATE.fullmatch(text) or Decimal(text) == 0:
        raise FieldRefused("csv.rate", f"{text[:40]!r} is no exchange rate. Write 1.0823: units for one euro")
    return Decimal(text)


def increments(text: str) -> Increments:
    """`60/1`."""
    match = _INCREMENTS.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= MAX_S or not 1 <= int(match[2]) <= MAX_S:
        raise FieldRefused(
            "csv.increment", f"{text[:40]!r} is no increment. Write 60/60 or 60/1: seconds, 1 to {MAX_S}"
        )
    return Increments(int(match[1]), int(match[2]))


def number(text: str) -> str:
    """A prefix or number as `+49221`, or a German short code (110 to 118xyz, 124124)."""
    if _PREFIX.fullmatch(text) or _SHORT.fullmatch(text):
        return text
    if text.startswith("0"):
        raise FieldRefused("csv.prefix", f"{text[:40]!r} is a dial string. Write +49221 for 0221")
    if text.isdigit():
        raise FieldRefused(
            "csv.prefix", f"{text[:40]!r} has lost its plus (a spreadsheet?). Write +{text[:20]}"
        )
    raise FieldRefused("csv.prefix", f"{text[:40]!r} is no prefix. Write +49221 or a short code such as 118")


def whole(text: str, largest: int, smallest: int = 0) -> int:
    """A whole number within limits; "" is the smallest."""
    if not text:
        return smallest
    if not _WHOLE.fullmatch(text) or not smallest <= int(text) <= largest:
        raise FieldRefused("csv.number", f"{text[:40]!r} is no whole number from {smallest} to {largest}")
    return int(text)


def optional_whole(text: str, largest: int, smallest: int = 0) -> int | None:
    """The same; "" is None."""
    return whole(text, largest, smallest) if text else None


def day(text: str) -> date:
    """`2026-01-31`: a day in Germany, from midnight to midnight."""
    if _DAY.fullmatch(text):
        try:
            found = date.fromisoformat(text)
        except ValueError:
            raise FieldRefused("csv.day", f"{text!r} is no day of the calendar") from None
        if 2000 <= found.year <= 2199:
            return found
    raise FieldRefused("csv.day", f"{text[:40]!r} is no day between 2000 and 2199. Write 2026-01-31")


def optional_day(text: str) -> date | None:
    """The same; "" is None."""
    return day(text) if text else None


def currency(text: str) -> str:
    """An ISO 4217 code that we know."""
    if text not in CURRENCIES:
        raise FieldRefused("csv.currency", f"{text[:40]!r} is no currency that we know. Write EUR")
    return text


def identifier(text: str) -> str:
    """A name of a list, customer, trunk: small letters, digits and . _ -"""
    if not _IDENTIFIER.fullmatch(text):
        raise FieldRefused(
            "csv.name", f"{text[:40]!r} is no name. Small letters, digits, dot and - , at most 63"
        )
    return text


def label(text: str) -> str:
    """Text for people, as on the invoice: not empty, no control characters, nothing a spreadsheet runs."""
    if not text or not text.isprintable():
        raise FieldRefused("csv.text", "empty, or with characters that cannot be printed")
    if text[0] in "=@+-":
        raise FieldRefused("csv.text", f"{text[:40]!r} begins like a formula")
    return text


def choice(text: str, kind: type[Choice], default: Choice | None = None) -> Choice:
    """One of the words of an enumeration; "" is the default, if there is one."""
    if not text and default is not None:
        return default
    try:
        return kind(text)
    except ValueError:
        raise FieldRefused(
            "csv.choice", f"{text[:40]!r}. Allowed: {listed(each.value for each in kind)}"
        ) from None


def listed(words: Iterable[str]) -> str:
    """Words for a message."""
    return ", ".join(words)
