"""Seller and buyer of an invoice, out of the configuration (UStG § 14(4), E9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from cli.errors import ProgramError
from provisioning.canonical import entry_of
from provisioning.schema import CarrierEntry, CustomerEntry
from provisioning.schema.contact import CompanyEntry, ContactEntry, PostalAddressEntry
from rating.invoice import Account, Party
from rating.invoice_facts import Mandate
from store.config_history import history
from store.config_items import CARRIER_KEY, CUSTOMER, ItemKey
from store.config_versions import ConfigStore


class InvoiceFactsMissing(ProgramError):
    """Something that an invoice must name is not in the configuration."""

    id = "program.invoice-facts"


@dataclass(frozen=True, slots=True)
class Parties:
    """The carrier as it is applied, and a customer as it was applied last."""

    carrier: CarrierEntry
    customer: CustomerEntry


def parties(database: Engine, customer_id: str) -> Parties:
    """Raise InvoiceFactsMissing for a customer that was never applied."""
    store = ConfigStore(database)
    items = store.some_items(store.current(), [CARRIER_KEY])
    carrier = entry_of(items[0]) if items else None
    if not isinstance(carrier, CarrierEntry):
        raise InvoiceFactsMissing("no carrier is applied: fernamt config apply")
    return Parties(carrier, last_known(database, customer_id))


def last_known(database: Engine, customer_id: str) -> CustomerEntry:
    """The customer as it was applied last: who has left gets invoices too. Raise InvoiceFactsMissing."""
    known = history(database, ItemKey(CUSTOMER, customer_id))
    customer = entry_of(known[-1].item) if known else None
    if not isinstance(customer, CustomerEntry):
        raise InvoiceFactsMissing(f"customer {customer_id} is not applied: fernamt config apply")
    return customer


def seller(carrier: CarrierEntry) -> Party:
    """Raise InvoiceFactsMissing."""
    return _party(carrier.company, carrier.address, carrier.contact, "carrier")


def our_account(carrier: CarrierEntry) -> Account:
    """Where invoices are paid to. Raise InvoiceFactsMissing."""
    if carrier.bank is None:
        raise InvoiceFactsMissing("the carrier's `bank` is missing: invoices name it")
    return Account(carrier.bank.holder or seller(carrier).name, carrier.bank.iban, carrier.bank.bic or "")


def buyer(customer: CustomerEntry) -> Party:
    """Raise InvoiceFactsMissing."""
    addresses = customer.addresses
    by_role = {each.role: each for each in reversed(customer.contacts)}
    contact = by_role.get("billing") or (customer.contacts[0] if customer.contacts else None)
    found = _party(
        customer.company, (addresses.billing or addresses.main) if addresses else None, contact,
        f"customer {customer.id}", customer_no=customer.id,
    )  # fmt: skip
    own = customer.billing.email if customer.billing else None
    if own is None:
        return found
    values: dict[str, Any] = {name: getattr(found, name) for name in Party.__dataclass_fields__}
    return Party(**{**values, "email": own})


def mandate(carrier: CarrierEntry, customer: CustomerEntry) -> Mandate | None:
    """Consent to debits; None: the customer transfers."""
    if customer.mandate is None or customer.bank is None or carrier.creditor_id is None:
        return None
    company = customer.company.legal_name if customer.company else customer.name
    debtor = Account(customer.bank.holder or company, customer.bank.iban, customer.bank.bic or "")
    return Mandate(customer.mandate.reference, carrier.creditor_id, debtor)


def _party(
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
