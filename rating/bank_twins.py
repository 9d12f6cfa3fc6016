"""Whether two forms of the bank (camt, MT940) tell the same amount: then it is booked once. Pure (E9).

Keys are of no use between forms: camt has references of the bank that MT940 lacks. Texts are compared by
their letters and digits, for MT940 cuts and joins them every 27 characters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rating.bank import BankLine
from rating.bank_matching import numbers_in


class Likeness(StrEnum):
    """What is known of two lines of one day and amount, told in two forms."""

    SAME = "same"
    OTHER = "other"
    #: Nothing tells them apart, and nothing says that they are one: a person looks.
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Twin:
    """A line that was told before in another form; `sure`: it is the same."""

    key: str
    sure: bool


def twin_of(line: BankLine, others: Iterable[BankLine]) -> Twin | None:
    """The line among those of another form that is this one: a sure one, else the first that may be."""
    doubtful: Twin | None = None
    for each in others:
        likeness = _likeness(line, each)
        if likeness is Likeness.SAME:
            return Twin(each.key, sure=True)
        if likeness is Likeness.DOUBTFUL and doubtful is None:
            doubtful = Twin(each.key, sure=False)
    return doubtful


def _likeness(one: BankLine, other: BankLine) -> Likeness:
    """References first, then accounts, then invoice numbers, then words."""
    if (one.booked_on, one.amount) != (other.booked_on, other.amount):
        return Likeness.OTHER
    for mine, theirs in ((one.end_to_end, other.end_to_end), (one.batch, other.batch)):
        if mine and theirs:
            alike = mine.startswith(theirs) or theirs.startswith(mine)
            return Likeness.SAME if alike else Likeness.OTHER
    if one.iban and other.iban and one.iban != other.iban:
        return Likeness.OTHER
    mine_numbers, their_numbers = set(numbers_in(one)), set(numbers_in(other))
    if mine_numbers and their_numbers and not mine_numbers & their_numbers:
        return Likeness.OTHER
    mine, theirs = _letters(one.purpose), _letters(other.purpose)
    if mine and theirs and (mine in theirs or theirs in mine):
        return Likeness.SAME
    if not mine and not theirs and one.iban and one.iban == other.iban:
        return Likeness.SAME
    return Likeness.DOUBTFUL


def _letters(text: str) -> str:
    return "".join(each for each in text.upper() if each.isalnum())
