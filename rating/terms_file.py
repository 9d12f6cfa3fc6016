"""customers.csv: the terms of each customer, as the contract in the configuration has them (E2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rating.errors import FieldRefused
from rating.fields import choice, day, identifier, listed, optional_day, optional_whole
from rating.strict_csv import Columns
from rating.terms import FITTING, LEAST_USERS, QUOTA_ZONES, CountedPer, Model, Terms

CUSTOMERS: Final = Columns(
    ("customer", "model", "first_day"), ("last_day", "list", "counted_per", "users", *QUOTA_ZONES)
)
_MAX_USERS: Final = 1_000_000
_MAX_MINUTES: Final = 100_000_000


def terms_of(values: Mapping[str, str]) -> Terms:
    """Raise FieldRefused."""
    model = choice(values["model"], Model)
    minutes = tuple(
        (name, count)
        for name in QUOTA_ZONES
        if (count := optional_whole(values[name], _MAX_MINUTES, 1)) is not None
    )
    fitting = FITTING[model]
    if tuple(name for name, _ in minutes) not in fitting:
        wanted = " or ".join(listed(names) or "none" for names in fitting)
        raise FieldRefused("tariff.quota", f"the quotas of the price model {model.value} are: {wanted}")
    first_day, last_day = day(values["first_day"]), optional_day(values["last_day"])
    if last_day is not None and last_day < first_day:
        raise FieldRefused("tariff.terms-days", f"last_day {last_day} lies before first_day {first_day}")
    counted_per = choice(values["counted_per"], CountedPer, CountedPer.USER)
    users = optional_whole(values["users"], _MAX_USERS, 1)
    if users is None and minutes and counted_per is CountedPer.USER:
        raise FieldRefused("tariff.users", "quotas are counted per user: how many users are there?")
    return Terms(
        identifier(values["customer"]),
        first_day,
        last_day,
        model,
        identifier(values["list"]) if values["list"] else None,
        counted_per,
        users or LEAST_USERS,
        minutes,
    )
