"""Watching for abuse, off the call path (B10): records that were taken in name the customers to look at.

The calls are read from the records of all nodes, so nothing is remembered here that a restart could lose and
every intake sees the whole of a customer. What is found twice is one case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from controller.errors import StoreAway
from controller.rounds import Rounds
from dialplan.abuse.cases import AbuseRule, Action, EndedCall, Sighting, Threshold, ThrottlePolicy
from dialplan.abuse.rules import needs_past, sightings
from dialplan.cdr import LegRecord, LegSide

_log = structlog.get_logger(__name__)

POLL_S: Final = 2.0
#: A customer is looked at again after this, and a second more for each so many calls that were read: a busy
#: one has new records all the time.
REST_S: Final = 2.0
CALLS_A_SECOND: Final = 100
#: Customers that wait for a look; those beyond wait for their next call.
MAX_WAITING: Final = 50_000
#: What "the weeks before" are, and how much of the present they leave out.
_PAST: Final = timedelta(days=28)
_PRESENT: Final = timedelta(days=1)
#: Rules may look a little further back than their window (dialplan.abuse.rules).
_SLACK: Final = timedelta(minutes=1)
_WATCHED: Final = frozenset({"out", "onnet"})


@dataclass(frozen=True, slots=True)
class AbuseRules:
    """What holds for a customer."""

    thresholds: Mapping[AbuseRule, Threshold]
    throttle: ThrottlePolicy


class AbuseStore(Protocol):
    """Records, rules and cases. All methods raise StoreAway."""

    def rules(self, customer_id: str) -> AbuseRules:
        """The rules that are configured for the customer."""
        ...

    def calls(self, customer_id: str, since: datetime) -> Sequence[EndedCall]:
        """Outgoing calls that began after `since`, in order of time."""
        ...

    def costly(self, customer_id: str, since: datetime, until: datetime) -> Sequence[datetime]:
        """When its foreign and premium calls began."""
        ...

    def releases(self, customer_id: str) -> Mapping[AbuseRule, datetime]:
        """When the last case of each rule was released."""
        ...

    def seen(
        self, customer_id: str, found: Sighting, action: Action, policy: ThrottlePolicy, at: datetime
    ) -> bool:
        """Open a case or count it in the open one, and act. Whether the case is new."""
        ...


class AbuseWatch(Rounds):
    """`note` what was taken in; `start` it to look. `clock` gives the time in UTC."""

    def __init__(self, store: AbuseStore, clock: Callable[[], datetime]) -> None:
        super().__init__(self.look, POLL_S, "looking for abuse failed")
        self._store = store
        self._clock = clock
        #: Customers to look at, in the order in which they came.
        self._waiting: dict[str, None] = {}
        #: Until when a customer is left alone.
        self._resting: dict[str, datetime] = {}

    def note(self, legs: Sequence[LegRecord]) -> None:
        """These legs were taken in. Does not wait."""
        for leg in legs:
            # A call that a program asked for has no caller's leg: the first that we made bears its id.
            first = leg.side is LegSide.A or leg.leg_id == leg.call_id
            if first and leg.customer_id and leg.direction in _WATCHED:
                if len(self._waiting) >= MAX_WAITING:
                    return
                self._waiting.setdefault(leg.customer_id)

    def look(self) -> None:
        """One look at the customers that are due. When the store is away they stay due."""
        now = self._clock()
        self._resting = {customer_id: until for customer_id, until in self._resting.items() if until > now}
        for customer_id in [each for each in self._waiting if each not in self._resting]:
            # Before the look: a record that comes meanwhile may not be in what is read, and asks for another.
            del self._waiting[customer_id]
            try:
                calls = self._look_at(customer_id, now)
            except StoreAway as error:
                self._waiting.setdefault(customer_id)
                _log.warning("abuse is not looked for: the database is away", error=str(error))
                return
            self._resting[customer_id] = now + timedelta(seconds=REST_S + calls / CALLS_A_SECOND)

    def _look_at(self, customer_id: str, now: datetime) -> int:
        """How many calls were read."""
        rules = self._store.rules(customer_id)
        active = [each.window_s for each in rules.thresholds.values() if each.action is not Action.OFF]
        if not active:
            return 0
        calls = self._store.calls(customer_id, now - timedelta(seconds=max(active)) - _SLACK)
        past = None
        if needs_past(calls, rules.thresholds, now):
            past = self._store.costly(customer_id, now - _PAST - _PRESENT, now - _PRESENT)
        released = self._store.releases(customer_id)
        for found in sightings(calls, past, rules.thresholds, now, released):
            action = rules.thresholds[found.rule].action
            if self._store.seen(customer_id, found, action, rules.throttle, now):
                _log.warning(
                    "abuse suspected",
                    customer=customer_id,
                    rule=found.rule.value,
                    action=action.value,
                    sentence=found.sentence,
                )
        return len(calls)
