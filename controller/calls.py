"""Deciding calls: the snapshot in force, one decision for each offered call, what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from controller.call_backs import CallBacks
from controller.emergency import Emergency
from controller.errors import NoSnapshot
from controller.following import Following
from controller.health import TrunkHealth
from controller.limiting import Limiting
from dialplan.barring.blocks import NOTHING_BLOCKED, Blocks
from dialplan.call import CallOffered, Via
from dialplan.carrier import Trunk
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Decision, Reject, Route
from dialplan.limits.claims import refused
from dialplan.live import LiveCall, LiveState
from dialplan.shedding import may_be_shed, shed
from dialplan.snapshot import Snapshot

_log = structlog.get_logger(__name__)

#: Whoever is sent on so has somebody on the line already.
_ANSWERED_BEFORE: Final = frozenset({Via.TRANSFER, Via.API})


class CallDecider:
    """Holds the snapshot and decides with it. Nothing here waits for PostgreSQL (architecture.md); a call
    that takes something of a limit asks Redis once, for 0.2 s at most, and goes on without an answer.

    `clock` gives the time in UTC. A new snapshot is swapped in whole; calls keep the version they began with
    because their decision was made before. `told` hears of each decision and how many seconds it took.
    `overloaded` is asked about each call that may be refused to keep the node alive (dialplan/shedding.py).
    """

    def __init__(
        self,
        following: Following,
        limiting: Limiting,
        health: TrunkHealth,
        clock: Callable[[], datetime],
        emergency: Emergency | None = None,
        served: Callable[[], frozenset[str]] = frozenset,
        told: Callable[[CallOffered, Decision, float], None] = lambda _offered, _decision, _seconds: None,
        overloaded: Callable[[], bool] = lambda: False,
    ) -> None:
        self._told = told
        self._overloaded = overloaded
        self._served = served
        self._following = following
        self._limiting = limiting
        self._health = health
        self._clock = clock
        self._emergency = emergency
        self._call_backs = CallBacks()
        self._snapshot: Snapshot | None = None
        self._blocks = NOTHING_BLOCKED
        self.decided = 0

    def swap(self, snapshot: Snapshot) -> None:
        """Use this configuration version from the next call on."""
        self._snapshot = snapshot
        self._health.watch(snapshot)
        _log.info("configuration in force", version=snapshot.version, numbers=len(snapshot.numbers))

    def block(self, blocks: Blocks) -> None:
        """Heed these blocks from the next call on."""
        self._blocks = blocks
        _log.info("blocks in force", customers=len(blocks.customers), numbers=len(blocks.numbers))

    @property
    def snapshot(self) -> Snapshot | None:
        """The configuration in force, None before the first."""
        return self._snapshot

    @property
    def version(self) -> int | None:
        """The configuration version in force, None before the first."""
        return self._snapshot.version if self._snapshot else None

    def decide(self, offered: CallOffered) -> Decision:
        """Decide, log the reason, note the call as live. Raises NoSnapshot before the first `swap`."""
        began = time.perf_counter()
        decision = self.think(offered)
        if may_be_shed(offered, decision) and self._overloaded():
            decision = shed(decision)
        # A place on its trunk is taken before Redis is asked: another call may be decided meanwhile.
        undo = self._takes_place(offered, decision) if decision.claims else None
        decision = self._within_limits(offered, decision)
        self._told(offered, decision, time.perf_counter() - began)
        now = self._clock()
        self.decided += 1
        _log.info(
            "call decided",
            call=offered.call_id,
            reason=decision.reason.id,
            sentence=decision.reason.sentence,
            customer=decision.facts.customer_id,
            version=decision.config_version,
            caller_rules=decision.facts.caller_rules,
        )
        self._call_backs.decided(decision, now)
        if self._emergency is not None and self._snapshot is not None:
            self._emergency.decided(offered, decision, self._snapshot, now)
        if not isinstance(decision.outcome, Reject):
            self._following.begun(_live(offered, decision, now))
            if undo is None:
                self._takes_place(offered, decision)
            self._health.tries(decision, now)
        elif undo is not None:
            undo()
        return decision

    def _takes_place(self, offered: CallOffered, decision: Decision) -> Callable[[], None]:
        return self._health.takes_place(decision, offered.call_id, offered.node, self._clock(), offered.via)

    def _within_limits(self, offered: CallOffered, decision: Decision) -> Decision:
        """The decision, or the refusal that a limit makes of it (B11)."""
        if not decision.claims:
            return decision
        stopped_by = self._limiting.take(offered.call_id, offered.node, decision.claims)
        return refused(decision, stopped_by) if stopped_by else decision

    def think(self, offered: CallOffered) -> Decision:
        """What would be decided now; nothing is noted. Raises NoSnapshot before the first `swap`."""
        if self._snapshot is None:
            raise NoSnapshot("no configuration loaded; the static dialplan takes the call")
        now = self._clock()
        circumstances = Circumstances(
            now,
            self._blocks,
            self._health.down(now),
            self._health.calls(offered.call_id),
            self._call_backs.expected(now),
            self._served(),
            self._health.in_clear(),
        )
        return decide(offered, self._snapshot, circumstances)


def _live(offered: CallOffered, decision: Decision, now: datetime) -> LiveCall:
    facts = decision.facts
    answered = offered.round > 0 and offered.via in _ANSWERED_BEFORE
    return LiveCall(
        call_id=offered.call_id,
        node=offered.node,
        customer_id=facts.customer_id,
        direction=facts.direction.value,
        a_number=facts.a_presented,
        b_number=facts.b_number,
        state=LiveState.ANSWERED if answered else LiveState.RINGING,
        reason_id=decision.reason.id,
        started_at=now,
        answered_at=now if answered else None,
        config_version=decision.config_version,
        trunk_ids=_trunks(decision),
    )


def _trunks(decision: Decision) -> tuple[str, ...]:
    """The trunk the call came in on, and the first that it is sent to."""
    came_in = (decision.facts.trunk_in,) if decision.facts.trunk_in else ()
    legs = decision.outcome.legs if isinstance(decision.outcome, Route) else ()
    goes_out = tuple(leg.to.id for leg in legs[:1] if isinstance(leg.to, Trunk))
    return came_in + goes_out
