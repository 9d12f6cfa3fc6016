"""The limits of one customer as they are applied: read from its own part and the carrier's alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from cli.errors import NothingApplied
from dialplan.limits.agreed import Limits
from provisioning.canonical import entry_of
from provisioning.compile_limits import limits, limits_of
from provisioning.schema import CarrierEntry, CustomerEntry
from store.config_items import CARRIER_KEY, CUSTOMER, ItemKey, by_key
from store.config_versions import ConfigStore
from store.errors import CustomerUnknown


@dataclass(frozen=True, slots=True)
class AppliedLimits:
    """`profile` is the name of the customer's profile; `users`: phones with limits of their own."""

    customer_id: str
    profile: str | None
    limits: Limits | None
    users: dict[str, Limits]


def applied_limits(engine: Engine, customer_id: str) -> AppliedLimits:
    """Of the version in force. Raises NothingApplied, CustomerUnknown, DatabaseError's children."""
    store = ConfigStore(engine)
    version = store.current()
    if version == 0:
        raise NothingApplied("no configuration was ever applied: `fernamt config apply` applies one")
    items = by_key(store.items(version))
    if ItemKey(CUSTOMER, customer_id) not in items:
        raise CustomerUnknown(
            f"customer {customer_id}",
            "the applied configuration has no such customer",
            "See `fernamt customer list`",
        )
    customer, carrier = entry_of(items[ItemKey(CUSTOMER, customer_id)]), entry_of(items[CARRIER_KEY])
    assert isinstance(customer, CustomerEntry)  # noqa: S101 - the keys say so
    assert isinstance(carrier, CarrierEntry)  # noqa: S101
    shared = {each.id: limits(each) for each in carrier.limit_profiles}

    def resolved(name: str | None) -> Limits | None:
        found = limits_of(name, customer.limit_profiles)
        return shared.get(found) if isinstance(found, str) else found

    users = {each.id: own for each in customer.phones if (own := resolved(each.limits)) is not None}
    return AppliedLimits(customer_id, customer.limits, resolved(customer.limits), users)
