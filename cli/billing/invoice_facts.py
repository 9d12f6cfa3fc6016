"""From the applied configuration and the database to the facts of an invoice (E5-E8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Engine

from cli.billing.agreements import agreements, contract_in, users_of
from cli.billing.invoice_parties import Parties, buyer, mandate, our_account, parties, seller
from documents.invoice_json import to_json
from provisioning.schema.contract import ContractEntry
from provisioning.schema.money import Amount
from rating.berlin import Month
from rating.fx import EURO, Rate, Rates
from rating.invoice_compose import compose
from rating.invoice_facts import Credit, Damages, Group, InvoiceFacts, OneOff, UserFee
from rating.invoice_notes import german_day
from rating.invoice_users import Event, highest_users
from rating.money import Money
from store.invoices import Due, Invoices, Made
from store.return_fees import ReturnFee

_USER_FEE: Final = "Nutzerentgelt"


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the invoice of one customer and month; `first`: none was issued before (E6).

    `contract`: that of the month, whatever holds today. `events`: the customer's dated users (E5).
    """

    parties: Parties
    month: Month
    issued_on: date
    contract: ContractEntry | None
    events: tuple[Event, ...]
    rates: Rates
    first: bool

    def __call__(self, number: str, due: Due) -> Made:
        """Raise InvoiceFactsMissing, RateMissing, InvoiceRefused."""
        made = compose(self.facts(number, due))
        return Made(made, to_json(made).decode())

    @property
    def has_fees(self) -> bool:
        """Whether the invoice has a line whatever was used."""
        return bool(self._fees()) or bool(self._one_offs())

    def worth_it(self, due: Due) -> bool:
        """Whether the invoice would have a line."""
        paid = any(each.group is not Group.FREE for each in due.usage)
        late = any(each.usage.total.ticks for each in due.late)
        return paid or late or bool(due.items) or bool(due.fees) or self.has_fees

    def facts(self, number: str, due: Due) -> InvoiceFacts:
        """What the invoice is composed from."""
        waiting = [each.fact() for each in due.items]
        carrier, customer = self.parties.carrier, self.parties.customer
        return InvoiceFacts(
            number=number,
            month=self.month,
            issued_on=self.issued_on,
            seller=seller(carrier),
            buyer=buyer(customer),
            account=our_account(carrier),
            mandate=mandate(carrier, customer),
            reverse_charge=self.contract is not None and self.contract.reverse_charge,
            fees=tuple(self._fees()),
            one_offs=(*self._one_offs(), *(each for each in waiting if isinstance(each, OneOff))),
            usage=due.usage,
            late=due.late,
            credits=tuple(each for each in waiting if isinstance(each, Credit)),
            damages=tuple(_damages(each) for each in due.fees),
            balance=due.balance,
            rates=self._rates(due),
            notice_days=carrier.direct_debit_days,
        )

    def _fees(self) -> Sequence[UserFee]:
        contract = self.contract
        if contract is None or contract.user_price is None:
            return ()
        active = highest_users(self.events, self.month)
        return (UserFee(_USER_FEE, euro(contract.user_price), active, contract.minimum_users),)

    @property
    def counts_users(self) -> bool:
        """Whether the month's quotas grow with its users."""
        fair_use = self.contract.fair_use if self.contract else None
        return fair_use is not None and fair_use.counted_per == "user"

    def _one_offs(self) -> Sequence[OneOff]:
        contract = self.contract
        if contract is None or not self.first:
            return ()
        done_on = min(max(contract.start, self.month.first_day), self.month.last_day)
        return [OneOff(each.name, euro(each.price), done_on) for each in contract.one_off_prices]

    def _rates(self, due: Due) -> dict[str, Rate]:
        late = (each.usage.total for each in due.late)
        used = {each.total.currency for each in due.usage} | {each.currency for each in late if each.ticks}
        foreign = used - {EURO}
        return {currency: self.rates.of_month(currency, self.month) for currency in sorted(foreign)}


def maker(
    database: Engine, invoices: Invoices, rates: Rates, customer_id: str, month: Month, issued_on: date
) -> Maker:
    """Gather what an invoice needs. Raise InvoiceFactsMissing."""
    first = not invoices.any_before(customer_id, month)
    known = agreements(database, [customer_id])
    contract = contract_in(known.get(customer_id, ()), month)
    events = users_of(database, known).get(customer_id, ())
    return Maker(parties(database, customer_id), month, issued_on, contract, events, rates, first)


def _damages(fee: ReturnFee) -> Damages:
    details = f"Lastschrift zur Rechnung {fee.number}, am {german_day(fee.raised_on)} zurückgegeben"
    return Damages("Rücklastschriftgebühr", details, fee.amount, fee.raised_on)


def euro(price: Amount) -> Money:
    """A price of the configuration."""
    return Money(price.value, price.currency)
