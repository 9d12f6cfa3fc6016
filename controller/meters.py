"""What a controller and an intake count while they work; somebody else shows it (docs/metrics.md)."""

from __future__ import annotations

import gc
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from greenlet import greenlet

from controller.rounds import Rounds
from controller.spread import Spread
from dialplan.cdr import LegRecord, LegSide
from dialplan.decision import Decision
from dialplan.live import LiveCall

_DECISION_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)
_LAG_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_DIAL_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
#: How long calls are talked: for the average call duration (ACD).
_TALK_S: Final = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_BATCH_S: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)
_RECORD_S: Final = (1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0)
#: How answered calls end as a rule. Such are told of with the first call, even if nobody answered: of what is
#: not there nobody makes a share, and no alarm.
_USUAL: Final = "NORMAL_CLEARING"
#: Trunks that are told each by its name.
MOST_TRUNKS: Final = 500
OTHER_TRUNKS: Final = "(others)"
#: Between two looks at how late a greenlet is woken.
_LOOK_S: Final = 0.25


class CallMeters:
    """Of a controller. A CallSink too (freeswitch.follow): answers say how late events come."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        #: Decisions by outcome and reason id.
        self.decided: Counter[tuple[str, str]] = Counter()
        self.decision_s = Spread(_DECISION_S)
        self.event_lag_s = Spread(_LAG_S)

    def note(self, decision: Decision, seconds: float) -> None:
        """A call was decided; it took so long from its data to its variables."""
        self.decided[type(decision.outcome).__name__.lower(), decision.reason.id] += 1
        self.decision_s.add(seconds)

    def answered(self, call_id: str, at: datetime) -> None:
        self.event_lag_s.add((self._clock() - at).total_seconds())

    def ended(self, call_id: str) -> None:
        """Nothing: the call's record tells more."""

    def heartbeat(self, node: str) -> None:
        """Nothing: whether the node is connected is asked when it is shown."""

    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        """Nothing: it is no event."""


class TrunkMeters:
    """Of one trunk, or of all beyond the bound. Legs by side (A: it called us, B: we called it) and whether
    they were answered."""

    def __init__(self) -> None:
        self.legs: Counter[tuple[str, bool]] = Counter()
        #: Seconds talked by side.
        self.talked_s: defaultdict[str, float] = defaultdict(float)
        #: From our INVITE to its first ringing.
        self.post_dial_delay_s = Spread(_DIAL_S)

    def note(self, leg: LegRecord) -> None:
        """A leg to or from it has ended."""
        self.legs[leg.side.value, leg.answered_at is None] += 0
        self.legs[leg.side.value, leg.answered_at is not None] += 1
        self.talked_s[leg.side.value] += leg.billed_ms / 1000
        if leg.side is LegSide.B and leg.ringing_at is not None:
            self.post_dial_delay_s.add((leg.ringing_at - leg.started_at).total_seconds())


class LegMeters:
    """Of an intake: what the records say, and how late they come."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        #: Legs by side, direction, cause and whether they were answered.
        self.legs: Counter[tuple[str, str, str, bool]] = Counter()
        self.record_lag_s = Spread(_RECORD_S)
        #: From an A leg's begin to the first ringing.
        self.post_dial_delay_s = Spread(_DIAL_S)
        #: Of answered A legs.
        self.talked_s = Spread(_TALK_S)
        self.trunks: dict[str, TrunkMeters] = {}
        #: Rounds that could not store records, by the error's id, or take their files away (`spool`).
        self.errors: Counter[str] = Counter()

    def note(self, leg: LegRecord) -> None:
        """A record that was not known came in."""
        self.legs[leg.side.value, leg.direction, _USUAL, True] += 0
        self.legs[leg.side.value, leg.direction, leg.cause, leg.answered_at is not None] += 1
        self.record_lag_s.add((self._clock() - leg.ended_at).total_seconds())
        if leg.side is LegSide.A and leg.ringing_at is not None:
            self.post_dial_delay_s.add((leg.ringing_at - leg.started_at).total_seconds())
        if leg.side is LegSide.A and leg.answered_at is not None:
            self.talked_s.add(leg.billed_ms / 1000)
        if leg.trunk_id is not None:
            self._of(leg.trunk_id).note(leg)

    def _of(self, trunk_id: str) -> TrunkMeters:
        """A scraper keeps every name for weeks: beyond the bound they are told together."""
        name = trunk_id if trunk_id in self.trunks or len(self.trunks) < MOST_TRUNKS else OTHER_TRUNKS
        return self.trunks.setdefault(name, TrunkMeters())


class BatchMeters:
    """Of a rating worker: what became of legs, and how long batches with work took."""

    def __init__(self) -> None:
        #: Legs by what became of them: charged, free, waiting, corrected.
        self.legs: Counter[str] = Counter()
        self.batch_s = Spread(_BATCH_S)


def greenlets() -> int:
    """How many greenlets this process has. Looks at every object that is not kept for long: milliseconds."""
    return sum(isinstance(each, greenlet) and not each.dead for each in gc.get_objects())


class LoopLag(Rounds):
    """How late this process's greenlets are woken: whatever holds one up holds up all."""

    def __init__(self) -> None:
        super().__init__(self._look, _LOOK_S, "the loop's lag is not looked at")
        self.lag_s = Spread(_LAG_S)
        self._last: float | None = None

    def _look(self) -> None:
        now = time.monotonic()
        if self._last is not None:
            self.lag_s.add(now - self._last - _LOOK_S)
        self._last = now
