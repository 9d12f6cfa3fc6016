"""Probes: each minute a synthetic call over every trunk that is to be probed, through the choke point (F1).

The call is made on behalf of a customer of the operator's own and obeys its bars, caller id and limits; of
its decision only the leg over the trunk in question is rung. 110 and 112 are refused, as for everything that
no human dials (NotrufV § 4(6)), before anything is noted of an emergency call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog
from gevent import spawn

from controller.errors import NodeAway, StoreAway
from controller.rounds import Rounds
from dialplan.call import Behalf, CallOffered, Via
from dialplan.causes import Cause
from dialplan.decision import Decision, Route
from dialplan.legs import Leg
from dialplan.place import asked_for

_log = structlog.get_logger(__name__)

#: Between two looks at the clock.
_LOOK_S: Final = 0.5
#: Results that wait for the database: three days of five trunks.
_MOST_WAITING: Final = 20_000
_AT_ONCE: Final = 1_000
_MINUTE_S: Final = 60
#: So many minutes, with the one that runs, a result is said to be how things are: controllers take turns, and
#: who had none since knows nothing newer. One minute may be missed.
_SAID_MINUTES: Final = 3
#: What a probe that got through ends with: answered, or what only the called line would say. All else may be
#: the carrier that takes no call of ours: 401, 402, 403, 407 and 603 come as CALL_REJECTED, 488 and 606 as
#: INCOMPATIBLE_DESTINATION (FreeSWITCH, sofia_glue_sip_cause_to_freeswitch).
_THROUGH: Final = frozenset(
    cause.switch_name
    for cause in (
        Cause.NORMAL_CLEARING,
        Cause.USER_BUSY,
        Cause.NO_ANSWER,
        Cause.UNALLOCATED_NUMBER,
        Cause.NUMBER_CHANGED,
    )
)


@dataclass(frozen=True, slots=True)
class Probed:
    """Of a minute (since 1970). `reached`: answered, or refused by a word of the called line's own."""

    minute: int
    trunk_id: str
    reached: bool
    cause: str
    took_ms: int


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """On whose behalf, and which number is called over which trunk; how long it may ring."""

    customer_id: str
    targets: Mapping[str, str]
    ring_s: int


class ProbeStore(Protocol):
    """Turns and results. All methods raise StoreAway."""

    def my_turn(self, trunk_id: str, minute: int) -> bool: ...
    def keep(self, results: Sequence[Probed]) -> None: ...


class ProbeNode(Protocol):
    """The switch. Raises NodeAway; the cause and milliseconds otherwise."""

    def call(self, offered: CallOffered, decision: Decision, leg: Leg, ring_s: int) -> tuple[str, int]: ...


class Decider(Protocol):
    """controller.calls.CallDecider."""

    def decide(self, offered: CallOffered) -> Decision: ...
    def think(self, offered: CallOffered) -> Decision: ...


class Probing(Rounds):
    """`start` it to probe. `ended` is told of each probe's end, so that what it took of limits is free."""

    def __init__(
        self,
        plan: ProbePlan,
        store: ProbeStore,
        node: ProbeNode,
        decider: Decider,
        ended: Callable[[str], None],
        new_id: Callable[[], str],
        node_name: str,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(self.look, _LOOK_S, "probing trunks failed")
        self._plan = plan
        self._store = store
        self._node = node
        self._decider = decider
        self._ended = ended
        self._new_id = new_id
        self._node_name = node_name
        self._clock = clock
        self._minute: int | None = None
        self._waiting: deque[Probed] = deque()
        self._told: set[tuple[str, str]] = set()
        self._away = False
        #: The last result of our own by trunk.
        self.last: dict[str, Probed] = {}

    def look(self) -> None:
        """Once in a minute probe every trunk, each in a greenlet of its own; then hand results over."""
        minute = int(self._clock().timestamp()) // _MINUTE_S
        if minute != self._minute:
            self._minute = minute
            for trunk_id, target in self._plan.targets.items():
                spawn(self.probe, trunk_id, target, minute)
        self._hand_over()

    def probe(self, trunk_id: str, target: str, minute: int) -> None:
        """Make one probe, if it is our turn."""
        try:
            if not self._store.my_turn(trunk_id, minute):
                return
        except StoreAway:
            pass  # nobody can take turns: two probes of a minute are better than none
        behalf = Behalf(self._plan.customer_id)
        offered = asked_for(target, Via.API, behalf, call_id=self._new_id(), node=self._node_name)
        if self._leg(self._decider.think(offered), trunk_id) is None:
            return
        decision = self._decider.decide(offered)
        try:
            leg = self._leg(decision, trunk_id)
            if leg is None:
                return
            cause, took_ms = self._node.call(offered, decision, leg, self._plan.ring_s)
        except NodeAway as error:
            cause, took_ms = "NODE_AWAY", 0
            _log.warning("a probe could not be made", trunk=trunk_id, error=str(error))
        finally:
            self._ended(offered.call_id)
        reached = cause in _THROUGH
        if not reached:
            _log.warning("a probe did not get through", trunk=trunk_id, cause=cause, took_ms=took_ms)
        self.last[trunk_id] = found = Probed(minute, trunk_id, reached, cause, took_ms)
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(found)

    def recent(self) -> dict[str, Probed | None]:
        """Every trunk that is to be probed, with our last result; None when there is none of late."""
        oldest = int(self._clock().timestamp()) // _MINUTE_S - _SAID_MINUTES + 1
        found = {trunk_id: self.last.get(trunk_id) for trunk_id in self._plan.targets}
        return {
            trunk_id: last if last is not None and last.minute >= oldest else None
            for trunk_id, last in found.items()
        }

    def _leg(self, decision: Decision, trunk_id: str) -> Leg | None:
        """The one over the trunk; a probe that its own configuration forbids is told once, and not made."""
        legs = decision.outcome.legs if isinstance(decision.outcome, Route) else ()
        found = next((leg for leg in legs if leg.to.id == trunk_id), None)
        if found is None and (trunk_id, decision.reason.id) not in self._told:
            self._told.add((trunk_id, decision.reason.id))
            why = decision.reason.sentence if not legs else f"calls to this number take {legs[0].to.id} first"
            _log.error("no probe over this trunk", trunk=trunk_id, reason=decision.reason.id, why=why)
        return found

    def _hand_over(self) -> None:
        while self._waiting:
            portion = [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]
            try:
                self._store.keep(portion)
            except StoreAway as error:
                self._waiting.extendleft(reversed(portion))
                if not self._away:
                    _log.warning("probes wait for the database", error=str(error))
                self._away = True
                return
            self._away = False
