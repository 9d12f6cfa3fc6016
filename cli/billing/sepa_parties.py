"""From the applied configuration: who collects, by which mandates, and whose accounts customers pay from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Engine, text

from cli.errors import ProgramError
from documents.sepa import Creditor
from provisioning.canonical import entry_of
from provisioning.schema import CarrierEntry, CustomerEntry
from rating.debits import MandateInForce
from rating.invoice import Account
from rating.money import Money
from store.config_items import CARRIER_KEY, CUSTOMER, ItemKey
from store.config_versions import ConfigStore
from store.debits import MandateUse
from store.foreign_errors import database_errors

_WITH_MANDATE = text("""
    SELECT id FROM config_item WHERE kind = 'customer' AND until_version IS NULL
        AND content::jsonb -> 'mandate' IS NOT NULL ORDER BY id
""")
_IBANS = text("""
    SELECT content::jsonb -> 'bank' ->> 'iban', id FROM config_item
    WHERE kind = 'customer' AND until_version IS NULL AND content::jsonb -> 'bank' ->> 'iban' IS NOT NULL
""")


class CannotCollect(ProgramError):
    """The carrier's account or creditor id is not in the configuration."""

    id = "program.cannot-collect"


def carrier_of(database: Engine) -> CarrierEntry:
    """The carrier as applied. Raise CannotCollect."""
    store = ConfigStore(database)
    for item in store.some_items(store.current(), [CARRIER_KEY]):
        entry = entry_of(item)
        if isinstance(entry, CarrierEntry):
            return entry
    raise CannotCollect("no configuration is applied: fernamt config apply")


def creditor_of(carrier: CarrierEntry) -> Creditor:
    """Who collects. Raise CannotCollect."""
    if carrier.bank is None or carrier.creditor_id is None:
        raise CannotCollect("the carrier's `bank` and `creditor_id` are needed for direct debits (E9)")
    holder = carrier.bank.holder or (carrier.company.legal_name if carrier.company else carrier.name)
    return Creditor(Account(holder, carrier.bank.iban, carrier.bank.bic or ""), carrier.creditor_id)


def return_fee_of(carrier: CarrierEntry) -> Money:
    """The least that a returned debit costs (TC 11.5)."""
    return Money(carrier.return_debit_fee.value, carrier.return_debit_fee.currency)


def mandates_of(
    database: Engine, customer_ids: Iterable[str], uses: Mapping[str, MandateUse]
) -> dict[str, MandateInForce]:
    """The mandates that these customers have now, by customer."""
    store = ConfigStore(database)
    keys = {ItemKey(CUSTOMER, each) for each in customer_ids}
    found: dict[str, MandateInForce] = {}
    for item in store.some_items(store.current(), keys):
        entry = entry_of(item)
        if not isinstance(entry, CustomerEntry) or entry.mandate is None or entry.bank is None:
            continue
        company = entry.company.legal_name if entry.company else entry.name
        debtor = Account(entry.bank.holder or company, entry.bank.iban, entry.bank.bic or "")
        mandate, use = entry.mandate, uses.get(entry.mandate.reference)
        found[entry.id] = MandateInForce(
            mandate.reference,
            mandate.signed,
            mandate.scheme.upper(),
            debtor,
            use.last if use else None,
            use.iban if use else "",
        )
    return found


def customers_with_mandate(database: Engine) -> list[str]:
    """Everybody who may be debited, by id."""
    with database_errors("reading the mandates"), database.connect() as connection:
        return list(connection.scalars(_WITH_MANDATE))


def payers_of(database: Engine) -> dict[str, str]:
    """Customers by the IBAN that they gave us; an account that two of them have says nothing."""
    with database_errors("reading customers' accounts"), database.connect() as connection:
        rows = [(iban, customer_id) for iban, customer_id in connection.execute(_IBANS)]
    times = Counter(iban for iban, _ in rows)
    return {iban: customer_id for iban, customer_id in rows if times[iban] == 1}
