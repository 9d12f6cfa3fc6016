"""Which announced claims are debited on a day, and why others are not: pure rules (E9, E10)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from rating.invoice import Account
from rating.invoice_notes import german_day
from rating.money import Money

#: A mandate lapses when it was not used for 36 months (SEPA rule book).
LAPSES_DAYS: Final = 3 * 365
#: As DebitOrder.end_to_end makes it.
_END_TO_END: Final = re.compile(r"(?P<number>R[0-9]{4}-[0-9]{6,9})(-(?P<attempt>[0-9]{1,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Announced:
    """An unpaid invoice that announced a debit for `due_on` by `mandate`.

    `attempts`: debits that were handed to the bank for it before; `came_back`: the reason for which the last
    of them did, empty: it did not.
    """

    invoice_number: str
    customer_id: str
    issued_on: date
    due_on: date
    mandate: str
    unpaid: Money
    disputed: Money
    attempts: int = 0
    came_back: str = ""


@dataclass(frozen=True, slots=True)
class MandateInForce:
    """A customer's mandate as it is now. `last_used`: the last debit by it that did not come back;
    `last_iban`: the account which that one debited, empty where there was none or nobody knows."""

    reference: str
    signed_on: date
    scheme: str
    debtor: Account
    last_used: date | None = None
    last_iban: str = ""

    @property
    def account_changed(self) -> bool:
        """The next debit is of another account than the last one: the bank is told so (SEPA rule book)."""
        return bool(self.last_iban) and self.last_iban != self.debtor.iban

    @property
    def lapses_on(self) -> date:
        """The last day of use."""
        return (self.last_used or self.signed_on) + timedelta(days=LAPSES_DAYS)


@dataclass(frozen=True, slots=True)
class DebitOrder:
    """A claim that is debited with so much."""

    claim: Announced
    mandate: MandateInForce
    amount: Money

    @property
    def end_to_end(self) -> str:
        """Its id for ever: it comes back with a return. A further attempt has its own."""
        claim = self.claim
        return f"{claim.invoice_number}-{claim.attempts + 1}" if claim.attempts else claim.invoice_number


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A claim that is not debited, and why."""

    invoice_number: str
    customer_id: str
    sentence: str


def debit_of(
    claim: Announced, mandate: MandateInForce | None, due_on: date, *, again: bool = False
) -> DebitOrder | LeftOut:
    """Whether a claim is debited on `due_on`; `again`: although a debit of it came back."""
    why = _why_not(claim, mandate, due_on, again=again)
    if why is None and mandate is not None:
        return DebitOrder(claim, mandate, claim.unpaid - claim.disputed)
    return LeftOut(claim.invoice_number, claim.customer_id, why or "there is no mandate")


def _why_not(claim: Announced, mandate: MandateInForce | None, due_on: date, *, again: bool) -> str | None:
    if claim.due_on > due_on:
        return f"announced for {claim.due_on}"
    if claim.came_back and not again:
        return (
            f"a debit came back ({claim.came_back}). Tell the customer the new day, then: "
            f"--again {claim.invoice_number}"
        )
    if claim.unpaid <= claim.disputed:
        return f"{claim.disputed} of {claim.unpaid} is disputed"
    if mandate is None:
        return "the customer has no mandate any more: ask for a transfer, or for a mandate"
    if mandate.reference != claim.mandate:
        return (
            f"announced by the mandate {claim.mandate}, in force is {mandate.reference}. Tell the customer, "
            f"then: --again {claim.invoice_number}"
            if not again
            else None
        )
    if mandate.signed_on > due_on or mandate.lapses_on < due_on:
        return f"the mandate {mandate.reference}, valid until {mandate.lapses_on}, is not valid on {due_on}"
    return None


@dataclass(frozen=True, slots=True)
class LostDebit:
    """A debit that the bank has and the database does not know, as its file tells it. `reissued`: the invoice
    that was issued anew for that of the file; empty: it is the one that the id names."""

    end_to_end: str
    amount: Money
    mandate: str
    reissued: str = ""

    @property
    def named(self) -> str:
        """The invoice that the id names, empty where that is none of ours."""
        found = _END_TO_END.fullmatch(self.end_to_end)
        return found["number"] if found else ""

    @property
    def invoice_number(self) -> str:
        """The invoice that it is of now, empty for an id that is none of ours."""
        return self.reissued or self.named

    @property
    def attempt(self) -> int:
        """Which debit of the invoice it is, from 1 on."""
        found = _END_TO_END.fullmatch(self.end_to_end)
        return int(found["attempt"] or 1) if found else 0


@dataclass(frozen=True, slots=True)
class LastDebit:
    """The last debit of an invoice that is known. `file`: empty, there is none; `with_bank`: the bank neither
    credited nor returned it."""

    file: str = ""
    with_bank: bool = False


def reissued(
    lost: Iterable[LostDebit], known: Container[str], claims: Iterable[Announced]
) -> Mapping[str, str]:
    """By end-to-end id the invoice that was issued anew for a debit whose invoice is lost, where there is
    one: of the same mandate and amount, with a later number (those of before are passed over), never debited.
    Of several the oldest. `known`: invoices that are not lost."""
    debits = sorted(lost, key=lambda each: each.end_to_end)
    named = {each.named for each in debits}
    waiting: dict[tuple[str, int], list[str]] = {}
    for claim in sorted(claims, key=lambda each: _order(each.invoice_number)):
        if not claim.attempts and claim.invoice_number not in named:
            waiting.setdefault((claim.mandate, claim.unpaid.ticks), []).append(claim.invoice_number)
    found: dict[str, str] = {}
    for each in debits:
        if not each.named or each.named in known:
            continue
        numbers = waiting.get((each.mandate, each.amount.ticks), [])
        later = next((number for number in numbers if _order(number) > _order(each.named)), None)
        if later is not None:
            numbers.remove(later)
            found[each.end_to_end] = later
    return found


def _order(number: str) -> tuple[str, int]:
    """R2026-1000000 comes behind R2026-999999."""
    year, _, count = number.partition("-")
    return year, int(count)


def too_early(debit: LostDebit, claim: Announced | None, last: LastDebit | None) -> str:
    """Why a debit that fits can only be booked after what the bank said before, as a sentence; "" when
    nothing is missing. `claim` as for `misfit`; `last`: of its invoice, None where that is not known.

    An invoice that is settled as far as is known was debited again: the debit that settled it came back. The
    bank has both then, and leaving the second one out would have a third one made.
    """
    if last is None or (claim is not None and not last.with_bank):
        return ""
    if not last.file:
        return "its invoice is settled, or announces no debit, as far as is known"
    state = "with the bank" if last.with_bank else "settled"
    return f"its invoice is {state} by the file {last.file}, as far as is known"


def misfit(debit: LostDebit, claim: Announced | None, in_force: str | None) -> str:
    """Why a debit that the bank has cannot be booked as handed in, as a sentence; "" when it can. `claim`: of
    its invoice, None where that announced no debit or nothing is open of it; `in_force`: the reference of the
    customer's mandate, None: there is none. It is not `too_early`.

    Less than what is open may be debited: an objection was open then that is lost now.
    """
    if not debit.invoice_number:
        return "the id is none of an invoice's debits"
    if claim is None:
        return "its invoice is lost too"
    if claim.unpaid < debit.amount:
        return f"it debits {debit.amount}, {claim.unpaid} is open of {claim.invoice_number}"
    if debit.mandate not in (claim.mandate, in_force):
        return f"it is by the mandate {debit.mandate}, announced was {claim.mandate}"
    if debit.attempt <= claim.attempts:
        return (
            f"it is debit {debit.attempt} of the invoice, {claim.attempts} are known: adopt the oldest first"
        )
    return ""


def announcement(order: DebitOrder, due_on: date, creditor_id: str) -> str:
    """The pre-notification of a debit that no invoice announced, in German."""
    return (
        f"Wir ziehen {order.amount} zur Rechnung {order.claim.invoice_number} am {german_day(due_on)} per "
        f"SEPA-Lastschrift ein. Mandatsreferenz: {order.mandate.reference}, "
        f"Gläubiger-Identifikationsnummer: {creditor_id}."
    )
