"""Which announced claims are debited on a day, and why others are not: pure rules (E9, E10)."""

from __future__ import annotations

import re
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
    """A debit that the bank has and the database does not know, as its file tells it."""

    end_to_end: str
    amount: Money
    mandate: str

    @property
    def invoice_number(self) -> str:
        """Empty where the id is none of ours."""
        found = _END_TO_END.fullmatch(self.end_to_end)
        return found["number"] if found else ""

    @property
    def attempt(self) -> int:
        """Which debit of the invoice it is, from 1 on."""
        found = _END_TO_END.fullmatch(self.end_to_end)
        return int(found["attempt"] or 1) if found else 0


def still_with_bank(file: str) -> str:
    """Why no further debit of an invoice can be booked, as a sentence: another one by `file` is not over."""
    return (
        f"its invoice is with the bank by the file {file}, as far as is known: import what the bank said "
        f"until this file was made, or withdraw {file} when it never went there"
    )


def misfit(debit: LostDebit, claim: Announced | None, in_force: str | None) -> str:
    """Why a debit that the bank has cannot be booked as handed in, as a sentence; "" when it can. `claim`: of
    its invoice, None where that announced no debit or nothing is open of it; `in_force`: the reference of the
    customer's mandate, None: there is none.

    Less than what is open may be debited: an objection was open then that is lost now.
    """
    if not debit.invoice_number:
        return "the id is none of an invoice's debits"
    if claim is None:
        return "there is no such unpaid invoice that announced a debit: it is lost too, or settled"
    if claim.unpaid < debit.amount:
        return f"it debits {debit.amount}, {claim.unpaid} is open"
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
