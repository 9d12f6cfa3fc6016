"""What a controller did with each call and heard of it, kept for a short while (`fernamt call trace`).

The call path puts one small value into a bounded queue; a greenlet writes. When the store is away or the
queue is full, steps are lost and counted: a trace is a convenience, a call is not held up for it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from controller.errors import StoreAway
from controller.rounds import Rounds
from dialplan.call import CallOffered
from dialplan.decision import Decision, Route
from dialplan.live import LiveCall

_log = structlog.get_logger(__name__)

#: Between two writes.
_GATHER_S: Final = 0.5
#: Steps that may wait: two minutes of 50 calls a second.
_MOST_WAITING: Final = 20_000
#: Longest text of a step; what is longer is cut.
_MOST_TEXT: Final = 240
#: Calls and legs that one command may name.
_MOST_NAMED: Final = 8
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
#: What is asked often and tells nothing.
_LOOKS: Final = frozenset({"show", "status", "sofia", "sofia_contact", "uuid_getvar", "uuid_exists"})


@dataclass(frozen=True, slots=True)
class TraceStep:
    """Of the call or leg `id`: `what` happened at `at` (UTC), in words of at most 240 characters. `by` names
    the controller."""

    id: str
    at: datetime
    by: str
    what: str
    words: str


class TraceStore(Protocol):
    """Where steps are kept for a while. Raises StoreAway."""

    def write(self, steps: Sequence[TraceStep]) -> None: ...


class Tracing(Rounds):
    """`start` it to write. A listener of the node's events too (controller.audience)."""

    def __init__(self, store: TraceStore, by: str, clock: Callable[[], datetime]) -> None:
        super().__init__(self.write, _GATHER_S, "steps of calls are not written")
        self._store = store
        self._by = by
        self._clock = clock
        self._waiting: deque[Callable[[], Iterator[TraceStep]]] = deque()
        self._away = False
        self.lost = 0

    def decided(self, offered: CallOffered, decision: Decision, seconds: float) -> None:
        """A call was decided; it took so long from its data to its variables."""
        at = self._clock()
        self._put(lambda: self._of_decision(at, offered, decision, seconds))

    def commanded(self, name: str, argument: str, answer: str, seconds: float) -> None:
        """A command was carried out by the switch, or refused: `answer` is the beginning of what it said."""
        if name not in _LOOKS:
            at = self._clock()
            self._put(lambda: self._of_command(at, name, argument, answer, seconds))

    def answered(self, call_id: str, at: datetime) -> None:
        heard = self._clock()
        self._put(lambda: self._of_event(call_id, at, heard, "heard answered"))

    def ended(self, call_id: str) -> None:
        heard = self._clock()
        self._put(lambda: self._of_event(call_id, heard, heard, "heard ended"))

    def heartbeat(self, node: str) -> None:
        """Nothing: it is no call."""

    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        """Nothing: it is no event."""

    def stop(self, timeout_s: float) -> None:
        """Write what is left, at most for `timeout_s`."""
        super().stop(timeout_s)
        self.write()

    def write(self) -> None:
        """Hand over what has gathered."""
        steps: list[TraceStep] = []
        while self._waiting:
            steps += self._waiting.popleft()()
        if not steps:
            return
        try:
            self._store.write(steps)
        except StoreAway as error:
            self.lost += len(steps)
            if not self._away:
                _log.warning("steps of calls are lost; calls go on", error=str(error))
            self._away = True
        else:
            self._away = False

    def _put(self, steps: Callable[[], Iterator[TraceStep]]) -> None:
        """Words are made by the writer, not on the call path."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(steps)
        else:
            self.lost += 1

    def _step(self, id_: str, at: datetime, what: str, words: str) -> TraceStep:
        return TraceStep(id_, at, self._by, what, words[:_MOST_TEXT])

    def _of_decision(
        self, at: datetime, offered: CallOffered, decision: Decision, seconds: float
    ) -> Iterator[TraceStep]:
        came = at - timedelta(seconds=seconds)
        again = f", round {offered.round}" if offered.round else ""
        asked = f"{offered.dialled} on {offered.entry.value}, {offered.via.value}{again}"
        yield self._step(offered.call_id, came, "offered", asked)
        outcome = decision.outcome
        legs = ", ".join(leg.to.id for leg in outcome.legs) if isinstance(outcome, Route) else ""
        kind = type(outcome).__name__.lower()
        way = f"{kind} to {legs}" if legs else kind
        words = f"{way} [{decision.reason.id}] {decision.reason.sentence} ({seconds * 1000:.1f} ms)"
        yield self._step(offered.call_id, at, "decided", words)

    def _of_command(
        self, at: datetime, name: str, argument: str, answer: str, seconds: float
    ) -> Iterator[TraceStep]:
        named = dict.fromkeys(_UUID.findall(argument))
        said = answer.strip().partition("\n")[0]
        words = f"{name} {_spared(argument)} -> {said[:80]} ({seconds * 1000:.0f} ms)"
        for id_ in list(named)[:_MOST_NAMED]:
            yield self._step(id_, at - timedelta(seconds=seconds), "commanded", words)

    def _of_event(self, call_id: str, at: datetime, heard: datetime, what: str) -> Iterator[TraceStep]:
        late_ms = (heard - at) / timedelta(milliseconds=1)
        yield self._step(call_id, heard, what, f"{late_ms:.0f} ms after it happened" if heard != at else "")


def _spared(argument: str) -> str:
    """A dial string is long; its variables stand in the leg's record."""
    return re.sub(r"\[[^\]]*\]|\{[^}]*\}", "", argument)[:120]
