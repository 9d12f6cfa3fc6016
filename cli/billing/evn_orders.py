"""Which itemised bill a customer ordered for a month, by the configuration now and at the month's end."""

from __future__ import annotations

from sqlalchemy import Engine, text

from cli.errors import ProgramError
from provisioning.canonical import entry_of
from provisioning.schema import CustomerEntry
from rating.berlin import Month
from rating.evn import Detail, Order
from store.config_items import CUSTOMER, ConfigItem, ItemKey
from store.config_versions import ConfigStore
from store.foreign_errors import database_errors

#: The version in force now, and that when a month ended; the first one for months before it.
_VERSIONS = text("""
    SELECT coalesce(max(version), 0), coalesce(
        max(version) FILTER (WHERE applied_at < to_timestamp(:end_ms / 1000.0)), min(version), 0
    ) FROM config_version
""")


class NoOrder(ProgramError):
    """The customer ordered no itemised bill."""

    id = "program.no-evn-order"


def order_of(database: Engine, customer_id: str, month: Month) -> Order:
    """The order in force for the month. Raise NoOrder."""
    store = ConfigStore(database)
    found = []
    for version in _versions(database, month):
        for item in store.some_items(version, [ItemKey(CUSTOMER, customer_id)]):
            found += [each for each in (_order(item),) if each is not None]
    if not found:
        raise NoOrder(
            f"customer {customer_id} ordered no itemised bill for {month}: its `billing.itemised_bill` "
            "says when, and when employees were told (TDDDG § 11)"
        )
    return next((each for each in found if _covers(each, month)), found[0])


def ordering_customers(database: Engine, month: Month) -> list[str]:
    """Everybody whose order is of before the month, by id."""
    store = ConfigStore(database)
    found = set()
    for version in _versions(database, month):
        for item in store.items(version):
            order = _order(item) if item.key.kind == CUSTOMER else None
            if order is not None and _covers(order, month):
                found.add(item.key.id)
    return sorted(found)


def _covers(order: Order, month: Month) -> bool:
    return order.ordered_on <= month.first_day


def _order(item: ConfigItem) -> Order | None:
    entry = entry_of(item)
    if not isinstance(entry, CustomerEntry) or entry.billing is None or entry.billing.itemised_bill is None:
        return None
    ordered = entry.billing.itemised_bill
    return Order(ordered.ordered, Detail(ordered.numbers), ordered.declared, ordered.flat_rate)


def _versions(database: Engine, month: Month) -> list[int]:
    """Today's version first: an order may be written down late. Then that of the month, for orders that a
    later one took the place of."""
    with database_errors("reading the configuration's history"), database.connect() as connection:
        current, then = connection.execute(_VERSIONS, {"end_ms": month.end_ms}).one()
    return [int(current)] if current == then else [int(current), int(then)]
