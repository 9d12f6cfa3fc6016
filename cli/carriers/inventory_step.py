"""The number inventory beside a step of the configuration: what it refuses, and that it follows (A4, A6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection, Engine

from numbering.e164 import E164
from provisioning.canonical import config_of
from provisioning.errors import Finding, KeyPath
from provisioning.number_assignments import number_changes
from provisioning.plan import Plan
from provisioning.schema import Config
from store.config_items import by_key
from store.config_versions import ConfigStore
from store.errors import NumbersRefused
from store.foreign_errors import database_errors
from store.number_following import NumberRange, follow_version, follows_nothing, refusals_of

_log = structlog.get_logger(__name__)
#: Who moved numbers that versions of before the inventory had assigned.
_CATCHING_UP: Final = "fernamt"


def refused_numbers(database: Engine, plan: Plan, wanted: Config, at: datetime) -> tuple[Finding, ...]:
    """What the inventory would refuse of a plan: numbers kept for another customer, or of another Microsoft
    tenant in an earlier version."""
    with database_errors("asking the number inventory"), database.connect() as connection:
        found = refusals_of(connection, _told(connection, plan, wanted), at)
    return tuple(
        Finding(error.rule, _path(number, wanted), f"{number}: {error.what}", allowed=error.next_step)
        for number, error in found
    )


def follows(database: Engine) -> bool:
    """Whether the inventory knows what the version in force says."""
    with database_errors("asking the number inventory"), database.connect() as connection:
        return not follows_nothing(connection)


def following(plan: Plan, wanted: Config, at: datetime, actor: str) -> Callable[[Connection], None]:
    """For `ConfigStore.apply`: lets the inventory follow; NumbersRefused undoes the apply."""

    def then(connection: Connection) -> None:
        follow_version(connection, _told(connection, plan, wanted), at, actor)

    return then


def catch_up(database: Engine, store: ConfigStore, version: int, at: datetime) -> None:
    """Tell the inventory of the version in force when it knows of none: it was applied by an older program.

    What is refused is logged, and stays to be settled by the operator.
    """
    if follows(database):
        return
    ranges = number_changes((), config_of(by_key(store.items(version))).customers)
    if not ranges:
        return
    try:
        with database_errors("moving numbers"), database.begin() as connection:
            follow_version(connection, ranges, at, _CATCHING_UP)
    except NumbersRefused as error:
        _log.error("the number inventory does not follow the version in force", why=str(error))


def _told(connection: Connection, plan: Plan, wanted: Config) -> Sequence[NumberRange]:
    """What changes; all there is, when the inventory knows of no version."""
    return number_changes((), wanted.customers) if follows_nothing(connection) else plan.numbers


def _path(number: E164, wanted: Config) -> KeyPath:
    """Where the new configuration has the number; nowhere for one that it lets go."""
    return next(_places(int(number.digits), wanted), ("customers",))


def _places(number: int, wanted: Config) -> Iterator[KeyPath]:
    for i, customer in enumerate(wanted.customers):
        for j, entry in enumerate(customer.numbers):
            if any(first <= number <= last for first, last in entry.spans()):
                yield ("customers", i, "numbers", j)
        for k, phone in enumerate(customer.phones):
            if int(phone.number[1:]) == number:
                yield ("customers", i, "phones", k, "number")
