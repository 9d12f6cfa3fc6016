"""The carrier: its files read and checked, its applied version fetched, either compiled for this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import structlog
from sqlalchemy import Engine

from cli.carriers.inventory_step import catch_up, following
from cli.errors import CacheUnusable, NothingApplied, PlanRefused
from cli.settings import Settings
from cli.wiring.applied import AppliedCarrier
from cli.wiring.this_machine import address_book, cache_path, secrets, sounds, today
from cli.wiring.version_cache import read_cache
from dialplan.snapshot import Snapshot
from provisioning.compile import compile_snapshot
from provisioning.errors import Severity
from provisioning.load import CheckedConfig, load
from provisioning.plan import make_plan
from store.config_items import ItemChanges, by_key
from store.config_versions import ConfigStore
from store.errors import StoreError

_log = structlog.get_logger(__name__)
_AT_START: Final = "fernamt up"


def load_carrier(settings: Settings) -> CheckedConfig:
    """Read and check the carrier's files. Raises ConfigInvalid with every problem."""
    return load(settings.carrier)


def compile_carrier(settings: Settings, carrier: CheckedConfig, version: int) -> Snapshot:
    """The carrier's files as the call path reads them, with secrets and addresses of this machine."""
    return compile_snapshot(
        carrier.config,
        version=version,
        network=address_book(settings),
        secrets=secrets(settings),
        places=carrier.places,
        today=today(),
        sounds=sounds(settings),
    )


def applied_carrier(settings: Settings) -> AppliedCarrier:
    """An empty one; give it all parts of a version first."""
    return AppliedCarrier(address_book(settings), lambda: secrets(settings), today, lambda: sounds(settings))


def applied_version(settings: Settings, store: ConfigStore) -> ItemChanges:
    """All parts of this node's version; of the one this machine saw last when the database is away.

    Raises NothingApplied, or StoreError when the database is away and there is no file either.
    """
    try:
        version = store.current_at(settings.node.name)
        if version == 0:
            raise NothingApplied("no configuration was ever applied: `fernamt config apply` applies one")
        return ItemChanges(version, store.items(version), whole=True)
    except StoreError as away:
        try:
            version, items = read_cache(cache_path(settings))
        except CacheUnusable as error:
            _log.error("no configuration: neither database nor file", file=str(error))
            raise away from None
        _log.warning("the database is away; configuration as last seen", version=version, error=str(away))
        return ItemChanges(version, items, whole=True)


def version_at_start(settings: Settings, database: Engine) -> int:
    """The version to start with: the one in force, or a new one where the files say otherwise and are to
    be applied at start. The number inventory is brought in line. Raises ConfigInvalid, PlanRefused,
    NumbersRefused."""
    store = ConfigStore(database)
    current = store.current()
    at = datetime.now(UTC)
    if current:
        catch_up(database, store, current, at)
    if current and not settings.apply_on_start:
        return current
    carrier = load_carrier(settings)
    plan = make_plan(current, by_key(store.items(current)), carrier.config, allow_removal=True)
    refused = [each for each in plan.findings if each.severity is Severity.ERROR]
    if refused:
        problems = "\n".join(str(carrier.places.problem(each)) for each in refused)
        raise PlanRefused(f"{problems}\nThe files may not follow version {current}")
    if plan.is_empty:
        return current
    return store.apply(
        current,
        plan.changed,
        plan.removed,
        author=_AT_START,
        note="read from files at start",
        then=following(plan, carrier.config, at, _AT_START),
    )
