"""Synchronising with Microsoft: once, until nothing is left that waiting helps, or for as long as told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from controller.teams_sync import RoundDone, TeamsSync
from numbering.tenancy_orders import Away
from provisioning.errors import ProvisioningError
from store.errors import StoreError

_log = structlog.get_logger(__name__)
#: Between two rounds; every so often Microsoft is asked for consents and all numbers.
PAUSE_S: Final = 30.0
FULL_EVERY: Final = timedelta(hours=1)
_SHORTEST_FOLLOWING_S: Final = 1.0
#: Shortest wait between two rounds of `sync`.
_SHORTEST_S: Final = 0.05


class Sums:
    """What several rounds did together; `held` and `away` are those of the last that said something."""

    def __init__(self) -> None:
        self.done = RoundDone()
        self.rounds = 0

    def add(self, each: RoundDone, full: bool) -> None:
        """Another round."""
        self.rounds += 1
        for name in _COUNTS:
            setattr(self.done, name, getattr(self.done, name) + getattr(each, name))
        if full or each.held:
            self.done.held = each.held
        self.done.away = each.away
        self.done.busy = each.busy


_COUNTS: Final = (
    "consents_changed", "planned", "uploaded", "released", "reported", "refused", "corrected", "deactivated",
)  # fmt: skip


def once(
    sync: TeamsSync,
    next_due: Callable[[], datetime | None],
    now: Callable[[], datetime],
    wait_s: float,
    pause: Callable[[float], None],
    tenant_id: str | None = None,
) -> Sums:
    """A full round, and others until no order is open or `wait_s` are over. What is left is done by the next
    call. Raises what the store raises."""
    sums = Sums()
    ends = now() + timedelta(seconds=wait_s)
    full = True
    while True:
        done = sync.round(full=full, tenant_id=tenant_id)
        sums.add(done, full)
        full = False
        due = next_due()
        if done.busy or (done.away is not None and done.away.next_step):
            return sums
        if due is None and not done.planned and not done.released:
            return sums
        wait = max((due - now()).total_seconds() if due is not None else 0.0, _asked(done.away), _SHORTEST_S)
        if now() + timedelta(seconds=wait) > ends:
            return sums
        pause(wait)


def follow(
    sync: TeamsSync,
    next_due: Callable[[], datetime | None],
    now: Callable[[], datetime],
    stopped: Callable[[float], bool],
) -> None:
    """Until `stopped(seconds)`, which waits that long and says so: a round every PAUSE_S, and when an open
    order is due. A store that is away, or a secret that cannot be read, is waited for."""
    full_at = now()
    told = ""
    pause = 0.0
    while not stopped(pause):
        pause = PAUSE_S
        full = now() >= full_at
        try:
            done = sync.round(full=full)
            due = next_due()
        except (StoreError, ProvisioningError) as error:
            told = _tell_once(told, str(error))
            continue
        if full and not done.busy and not done.cut:
            full_at = now() + FULL_EVERY
        told = _tell_once(told, " ".join((done.away.why, done.away.next_step)).strip()) if done.away else ""
        if done.away is not None and done.away.everything:
            pause = max(pause, _asked(done.away))
            continue
        if due is not None:
            pause = min(PAUSE_S, max((due - now()).total_seconds(), _SHORTEST_FOLLOWING_S))
        if _did_something(done):
            _log.info("synchronised with Microsoft", **{name: getattr(done, name) for name in _COUNTS})


def _asked(away: Away | None) -> float:
    return min(away.retry_after_s or 0.0, 3_600.0) if away is not None and away.everything else 0.0


def _did_something(done: RoundDone) -> bool:
    return any(getattr(done, name) for name in _COUNTS)


def _tell_once(told: str, why: str) -> str:
    if why != told:
        _log.warning("synchronising with Microsoft waits", why=why)
    return why
