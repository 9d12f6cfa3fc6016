"""What the readers of the bank's files share: limits, amounts, and names of lines that never change."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from documents.errors import DocumentUnreadable
from rating.bank import BankLine
from rating.money import Money, written

MAX_BYTES: Final = 50 << 20
MAX_LINES: Final = 100_000
#: Longest of each text that is kept.
MAX_PURPOSE: Final = 1_000
MAX_TEXT: Final = 140
_AMOUNT: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{0,2}))?", re.ASCII)
#: What banks write where they have no reference.
_NONE: Final = frozenset({"", "NONREF", "NOTPROVIDED"})


def euro(text: str, currency: str) -> Money:
    """`183.05`. Raise ValueError for another currency or no amount."""
    match = _AMOUNT.fullmatch(text)
    if currency != "EUR" or match is None:
        raise ValueError(f"{text[:20]!r} {currency[:3]} is no amount in euro")
    return Money(Decimal(f"{match[1]}.{(match[2] or '').ljust(2, '0')}"))


def reference(text: str | None) -> str:
    """A reference, or nothing where the bank has none."""
    found = (text or "").strip()
    return "" if found in _NONE else found[:MAX_TEXT]


def plain(text: str | None, most: int = MAX_TEXT) -> str:
    """A text in one line, without what cannot be printed, cut."""
    return "".join(each if each.isprintable() else " " for each in text or "").strip()[:most]


def named(account: str, lines: Iterable[BankLine], form: str) -> tuple[BankLine, ...]:
    """Each line of a form with a key: its own, or one made of all that it says, and how often the file said
    it before.

    Raise DocumentUnreadable for a file with more lines than any of ours has.
    """
    found: list[BankLine] = []
    said: Counter[str] = Counter()
    for each in lines:
        if len(found) == MAX_LINES:
            raise DocumentUnreadable(f"more than {MAX_LINES} lines")
        if each.key:
            found.append(replace(each, form=form))
            continue
        parts = (
            account, str(each.booked_on), written(each.amount.amount), each.party, each.iban, each.purpose,
            each.end_to_end, each.mandate, each.batch,
        )  # fmt: skip
        digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
        said[digest] += 1
        found.append(replace(each, key=f"{digest}-{said[digest]}", form=form))
    return tuple(found)
