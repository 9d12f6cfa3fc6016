"""Which of our claims an amount on the bank's statement settles, or why a person must look. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rating.bank import Back, BankLine, Fault
from rating.invoice import NOTHING, total
from rating.money import Money

_NUMBER: Final = re.compile(r"R(20[0-9]{2}|21[0-9]{2})-?([0-9]{6})", re.ASCII)
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Presented:
    """A debit that was handed to the bank; `credited`: the bank gave us the money; `back`: it came back;
    `unbooked`: it came back before anything was booked (rejected or withdrawn), and its claim is open."""

    end_to_end: str
    invoice_number: str
    customer_id: str
    amount: Money
    credited: bool = False
    back: bool = False
    unbooked: bool = False


@dataclass(frozen=True, slots=True)
class Owed:
    """What is not paid of an invoice; nothing or less for one that is paid."""

    invoice_number: str
    customer_id: str
    unpaid: Money


@dataclass(frozen=True, slots=True)
class Known:
    """What we have about a line: debits of the file that it names, the debit with its end-to-end id, the
    invoices that its texts name, and the unpaid invoices of the customer whose account it came from."""

    batch: tuple[Presented, ...] = ()
    presented: Presented | None = None
    named: tuple[Owed, ...] = ()
    of_payer: tuple[Owed, ...] = ()


@dataclass(frozen=True, slots=True)
class Credited:
    """The bank credited debits of ours."""

    debits: tuple[Presented, ...]


@dataclass(frozen=True, slots=True)
class CameBack:
    """A debit of ours came back; `charges` is what the banks took."""

    debit: Presented
    charges: Money
    reason: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Paid:
    """A customer paid invoices, each with so much."""

    parts: tuple[tuple[Owed, Money], ...]


@dataclass(frozen=True, slots=True)
class Unclear:
    """A person decides; the sentence says what does not fit."""

    sentence: str


Outcome = Credited | CameBack | Paid | Unclear


def numbers_in(line: BankLine) -> tuple[str, ...]:
    """Invoice numbers that a customer wrote, however spaced: `R2026-000007`, `r2026 000007`."""
    text = _SPACE.sub("", f"{line.purpose} {line.end_to_end}").upper()
    found = (f"R{match[1]}-{match[2]}" for match in _NUMBER.finditer(text))
    return tuple(dict.fromkeys(found))


def match(line: BankLine, known: Known) -> Outcome:
    """What a line is about. Nothing is guessed: amounts fit to the cent, or a person looks."""
    if line.back is not None:
        return _came_back(line, line.back, known.presented)
    if line.amount.ticks <= 0:
        return Unclear("it left our account, and is no debit that came back")
    if known.batch:
        return _credited(line, known.batch)
    presented = known.presented
    if presented is not None and not presented.credited and presented.amount == line.amount:
        return Credited((presented,))
    if known.named:
        return _named(line, known.named)
    return _of_payer(line, known.of_payer)


def _came_back(line: BankLine, back: Back, debit: Presented | None) -> Outcome:
    if debit is None:
        return Unclear(f"a debit came back, but none of ours has the id {line.end_to_end or '(none given)'}")
    if debit.back and not (debit.unbooked and debit.credited):
        return Unclear(f"{debit.end_to_end} came back before")
    charges = -line.amount - debit.amount
    collected = back.collected
    if charges.ticks < 0 or (collected is not None and collected != debit.amount):
        given = collected if collected is not None else -line.amount
        return Unclear(f"{debit.end_to_end} was collected with {debit.amount} and came back with {given}")
    return CameBack(debit, charges, back.reason, back.fault)


def _credited(line: BankLine, batch: Iterable[Presented]) -> Outcome:
    open_ones = tuple(each for each in batch if not each.credited)
    for debits in (open_ones, tuple(each for each in open_ones if not each.back)):
        if debits and total(each.amount for each in debits) == line.amount:
            return Credited(debits)
    wanted = total(each.amount for each in open_ones)
    return Unclear(f"the debits of the file {line.batch} that are not credited sum to {wanted}")


def _named(line: BankLine, named: Iterable[Owed]) -> Outcome:
    unpaid = tuple(each for each in named if each.unpaid.ticks > 0)
    names = ", ".join(each.invoice_number for each in named)
    if not unpaid:
        return Unclear(f"{names} is paid already")
    wanted = total(each.unpaid for each in unpaid)
    if line.amount == wanted:
        return Paid(tuple((each, each.unpaid) for each in unpaid))
    if line.amount < wanted and len(unpaid) == 1:
        return Paid(((unpaid[0], line.amount),))
    return Unclear(f"of {names} {wanted} is not paid: it is {_compared(line.amount, wanted)}")


def _of_payer(line: BankLine, unpaid: tuple[Owed, ...]) -> Outcome:
    exact = [each for each in unpaid if each.unpaid == line.amount]
    if len(exact) == 1:
        return Paid(((exact[0], line.amount),))
    if unpaid and total(each.unpaid for each in unpaid) == line.amount:
        return Paid(tuple((each, each.unpaid) for each in unpaid))
    return Unclear("it names no invoice of ours, and no single unpaid one fits")


def _compared(amount: Money, wanted: Money) -> str:
    difference = amount - wanted
    return f"{difference} more" if difference.ticks > 0 else f"{NOTHING - difference} less"
