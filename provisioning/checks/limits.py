"""Limits of phones: what is counted for whole customers only cannot stand in their profiles (B11)."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.errors import Finding
from provisioning.schema import LimitProfileEntry
from provisioning.validate import Parts

_OF_CUSTOMERS = ("countries", "abroad")


def check_limits(parts: Parts) -> Iterator[Finding]:
    """A phone's profile limits calls and money, wherever the calls go."""
    shared = {each.id: each for each in parts.carrier.limit_profiles} if parts.carrier is not None else {}
    for i, customer in parts.customers.items():
        known = {**shared, **{each.id: each for each in customer.limit_profiles}}
        for k, phone in enumerate(customer.phones):
            profile = known.get(phone.limits or "")
            if profile is not None and (keys := _of_customers(profile)):
                yield Finding(
                    "config.limit-of-customers",
                    ("customers", i, "phones", k, "limits"),
                    f"the profile limits {', '.join(keys)}, which is counted for whole customers only",
                    repr(profile.id),
                    "a profile without countries and abroad",
                )


def _of_customers(profile: LimitProfileEntry) -> list[str]:
    return [key for key in _OF_CUSTOMERS if getattr(profile, key) not in (None, ())]
