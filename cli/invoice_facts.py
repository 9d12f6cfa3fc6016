"""From the applied configuration and the database to the facts of an invoice (E5-E8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Engine

from cli.errors import ProgramError
from documents.invoice_json import from_json, to_json
from provisioning.canonical import entry_of
from provisioning.schema import CarrierEntry, CustomerEntry
from provisioning.schema.contact import CompanyEntry, ContactEntry, PostalAddressEntry
from provisioning.schema.money import Amount
from rating.berlin import Month
from rating.fx import EURO, Rate, Rates
from rating.invoice import Account, Invoice, Party
from rating.invoice_compose import compose, credit_note
from rating.invoice_facts import Group, InvoiceFacts, Mandate, OneOff, Usage, UserFee
from rating.invoice_users import highest_users
from rating.money import Money
from store.config_items import CARRIER_KEY, CUSTOMER, ItemKey
from store.config_versions import ConfigStore
from store.invoices import Invoices, Issued, Made

_USER_FEE: Final = "Nutzerentgelt"


class InvoiceFactsMissing(ProgramError):
    """Something that an invoice must name is not in the configuration."""

    id = "program.invoice-facts"


@dataclass(frozen=True, slots=True)
class Parties:
    """The carrier and a customer, as the applied configuration has them."""

    carrier: CarrierEntry
    customer: CustomerEntry


def parties(database: Engine, customer_id: str) -> Parties:
    """Raise InvoiceFactsMissing for a customer that is not applied."""
    store = ConfigStore(database)
    key = ItemKey(CUSTOMER, customer_id)
    items = {each.key: each for each in store.some_items(store.current(), [CARRIER_KEY, key])}
    if CARRIER_KEY not in items or key not in items:
        raise InvoiceFactsMissing(f"customer {customer_id} is not applied: fernamt config apply")
    carrier, customer = entry_of(items[CARRIER_KEY]), entry_of(items[key])
    if not isinstance(carrier, CarrierEntry) or not isinstance(customer, CustomerEntry):
        raise InvoiceFactsMissing(f"customer {customer_id}: the configuration is of another kind")
    return Parties(carrier, customer)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the invoice of one customer and month; `first`: none was issued before (E6)."""

    parties: Parties
    month: Month
    issued_on: date
    events: tuple[tuple[int, int], ...]
    rates: Rates
    first: bool

    def __call__(self, number: str, usage: Sequence[Usage]) -> Made:
        """Raise InvoiceFactsMissing, RateMissing, InvoiceRefused."""
        made = compose(self.facts(number, usage))
        return Made(made, to_json(made).decode())

    def worth_it(self, usage: Sequence[Usage]) -> bool:
        """Whether the invoice would have a line. Raise InvoiceFactsMissing."""
        if self.parties.customer.contract is None and not usage:
            return False
        paid = any(each.group is not Group.FREE for each in usage)
        return paid or bool(self._fees()) or bool(self._one_offs())

    def facts(self, number: str, usage: Sequence[Usage]) -> InvoiceFacts:
        """What the invoice is composed from."""
        carrier, customer = self.parties.carrier, self.parties.customer
        if carrier.bank is None:
            raise InvoiceFactsMissing("the carrier's `bank` is missing: invoices name it")
        seller = party(carrier.company, carrier.address, carrier.contact, "carrier")
        holder = carrier.bank.holder or seller.name
        return InvoiceFacts(
            number=number,
            month=self.month,
            issued_on=self.issued_on,
            seller=seller,
            buyer=_buyer(customer),
            account=Account(holder, carrier.bank.iban, carrier.bank.bic or ""),
            mandate=_mandate(carrier, customer),
            reverse_charge=customer.contract is not None and customer.contract.reverse_charge,
            fees=tuple(self._fees()),
            one_offs=tuple(self._one_offs()),
            usage=tuple(usage),
            rates=self._rates(usage),
            notice_days=carrier.direct_debit_days,
        )

    def _fees(self) -> Sequence[UserFee]:
        contract = self.parties.customer.contract
        if contract is None or contract.user_price is None or not self._in_service():
            return ()
        active = highest_users(self.events, self.month)
        return (UserFee(_USER_FEE, euro(contract.user_price), active, contract.minimum_users),)

    def _in_service(self) -> bool:
        contract = self.parties.customer.contract
        if contract is None or contract.start > self.month.last_day:
            return False
        return contract.end is None or contract.end >= self.month.first_day

    def _one_offs(self) -> Sequence[OneOff]:
        contract = self.parties.customer.contract
        if contract is None or not self.first:
            return ()
        done_on = min(max(contract.start, self.month.first_day), self.month.last_day)
        return [OneOff(each.name, euro(each.price), done_on) for each in contract.one_off_prices]

    def _rates(self, usage: Sequence[Usage]) -> dict[str, Rate]:
        foreign = {each.total.currency for each in usage} - {EURO}
        return {currency: self.rates.of_month(currency, self.month) for currency in sorted(foreign)}


def maker(
    database: Engine, invoices: Invoices, rates: Rates, customer_id: str, month: Month, issued_on: date
) -> Maker:
    """Gather what an invoice needs. Raise InvoiceFactsMissing."""
    earlier = [each for each in invoices.of_customer(customer_id) if each.kind == "invoice"]
    first = not any(each.credited_by is None and each.month < month.first_day for each in earlier)
    events = invoices.user_events(customer_id, month)
    return Maker(parties(database, customer_id), month, issued_on, events, rates, first)


def credited(found: Issued, number: str, issued_on: date, reason: str) -> Made:
    """The credit note for the whole of an issued invoice."""
    made: Invoice = credit_note(from_json(found.document.encode()), number, issued_on, reason)
    return Made(made, to_json(made).decode())


def party(
    company: CompanyEntry | None, address: PostalAddressEntry | None, contact: ContactEntry | None, who: str,
    **others: str,
) -> Party:  # fmt: skip
    """A company as invoices name it (UStG § 14(4) Nr. 1). Raise InvoiceFactsMissing."""
    if company is None or address is None:
        raise InvoiceFactsMissing(f"{who}: `company` and address are missing: invoices name them")
    register = company.registered
    return Party(
        name=company.legal_name,
        street=f"{address.street} {address.house_number or ''}".strip(),
        postcode=address.postcode,
        city=address.town,
        country=address.country,
        vat_id=company.vat_id or "",
        contact=(contact.name or "") if contact else "",
        email=contact.email if contact else "",
        phone=str(contact.phone or "") if contact else "",
        register=f"Amtsgericht {register.court}, {register.number}" if register else "",
        **others,
    )


def _buyer(customer: CustomerEntry) -> Party:
    addresses = customer.addresses
    by_role = {each.role: each for each in reversed(customer.contacts)}
    contact = by_role.get("billing") or (customer.contacts[0] if customer.contacts else None)
    found = party(
        customer.company, (addresses.billing or addresses.main) if addresses else None, contact,
        f"customer {customer.id}", customer_no=customer.id,
    )  # fmt: skip
    own = customer.billing.email if customer.billing else None
    if own is None:
        return found
    values: dict[str, Any] = {name: getattr(found, name) for name in Party.__dataclass_fields__}
    return Party(**{**values, "email": own})


def _mandate(carrier: CarrierEntry, customer: CustomerEntry) -> Mandate | None:
    if customer.mandate is None or customer.bank is None or carrier.creditor_id is None:
        return None
    company = customer.company.legal_name if customer.company else customer.name
    debtor = Account(customer.bank.holder or company, customer.bank.iban, customer.bank.bic or "")
    return Mandate(customer.mandate.reference, carrier.creditor_id, debtor)


def euro(price: Amount) -> Money:
    """A price of the configuration."""
    return Money(price.value, price.currency)
