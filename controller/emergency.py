"""Emergency calls: room on full trunks, the alarm, and a record of each attempt that nothing can lose.

A record is written to a local file first and from there to the store, both in one greenlet off the call path.
When the store is away the files wait; what neither a full disk nor the store takes waits in memory. What the
queue cannot take is in the log, which has every attempt.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, Protocol

import structlog
from gevent import Greenlet, joinall, spawn
from gevent.queue import Empty, Full, Queue

from controller.errors import NodeAway, StoreAway
from dialplan.call import CallOffered
from dialplan.decision import Announce, Decision, Direction, Route
from dialplan.emergency.attempt import EmergencyAttempt, SentLeg
from dialplan.emergency.room import Occupant, pre_empted
from dialplan.legs import Leg
from dialplan.snapshot import Snapshot

_log = structlog.get_logger(__name__)

_QUEUE_LIMIT: Final = 1_000
#: Between two attempts at a store that is away.
RETRY_S: Final = 2.0
#: Calls remembered as being ended; their ids never come back.
_MOST_LEAVING: Final = 1_000
#: How long an emergency call waits for the end of the call that makes room: it should be on its way first.
_RELEASE_S: Final = 0.2


class AttemptSpool(Protocol):
    """Local files. Raises OSError."""

    def write(self, attempt: EmergencyAttempt) -> None: ...
    def pending(self) -> Sequence[EmergencyAttempt]: ...
    def remove(self, call_id: str) -> None: ...


class AttemptStore(Protocol):
    """Where operators look. The same attempt twice is one. Raises StoreAway."""

    def insert(self, attempts: Sequence[EmergencyAttempt]) -> None: ...


class Trunks(Protocol):
    """What is on the trunks now: calls of all controllers by count, those decided here one by one."""

    def calls_on(self, trunk_id: str) -> int: ...
    def occupants(self, trunk_id: str) -> Iterable[Occupant]: ...


class Emergency:
    """For one controller. `release` ends a call on the node and raises NodeAway; `sent` says what a leg's
    INVITE carries. `start` begins writing records; `stop` writes what is queued."""

    def __init__(
        self,
        trunks: Trunks,
        release: Callable[[str], None],
        sent: Callable[[Leg], SentLeg],
        spool: AttemptSpool,
        store: AttemptStore,
    ) -> None:
        self._trunks = trunks
        self._release = release
        self._sent = sent
        self._spool = spool
        self._store = store
        self._queue: Queue[EmergencyAttempt | None] = Queue(maxsize=_QUEUE_LIMIT)
        self._writer: Greenlet[[], None] | None = None
        #: Calls that are being ended: they stay on their trunks until the switch says that they are gone.
        self._leaving: OrderedDict[str, None] = OrderedDict()
        #: Neither on disk nor in the store yet.
        self._homeless: deque[EmergencyAttempt] = deque()
        self._waiting = True
        self._away = self._full = False
        self.dropped = 0

    @property
    def in_memory(self) -> int:
        """Attempts that neither a file nor the store has."""
        return len(self._homeless)

    def start(self) -> None:
        """Begin writing; what an earlier controller left in files goes first."""
        self._writer = spawn(self._write)

    def stop(self, timeout_s: float) -> None:
        """Write what is queued, at most for `timeout_s`."""
        if self._writer is not None:
            with suppress(Full):
                self._queue.put(None, timeout=timeout_s)
            self._writer.join(timeout=timeout_s)

    # -- on the call path -------------------------------------------------------------------------

    def decided(self, offered: CallOffered, decision: Decision, snapshot: Snapshot, now: datetime) -> None:
        """Make room, raise the alarm, have it recorded; nothing for a call that is no emergency call."""
        if decision.facts.direction is not Direction.EMERGENCY:
            return
        try:
            victims = self._make_room(decision, snapshot)
            attempt = attempt_of(offered, decision, now, victims, self._sent)
            _alarm(attempt)
            self._queue.put_nowait(attempt)
        except Full:
            self.dropped += 1
        except Exception:  # noqa: BLE001 - no defect in what is told of the call may cost the call
            _log.exception("emergency call", call=offered.call_id, dialled=decision.facts.b_number)

    def _make_room(self, decision: Decision, snapshot: Snapshot) -> tuple[str, ...]:
        """On every trunk that may be tried and is full: the next one must have room when the first one
        fails."""
        if not isinstance(decision.outcome, Route):
            return ()
        victims: list[str] = []
        for trunk_id in dict.fromkeys(leg.to.id for leg in decision.outcome.legs):
            trunk = snapshot.trunks.get(trunk_id)
            if trunk is None or trunk.capacity is None or self._trunks.calls_on(trunk.id) < trunk.capacity:
                continue
            found = pre_empted(
                each for each in self._trunks.occupants(trunk.id) if each.call_id not in self._leaving
            )
            if found is None:
                _log.error("no call can make room for an emergency call", trunk=trunk.id)
                continue
            _log.warning("a call was ended for an emergency call", call=found.call_id, trunk=trunk.id)
            victims.append(found.call_id)
            self._leaves(found.call_id)
        joinall([spawn(self._end, call_id) for call_id in victims], timeout=_RELEASE_S)
        return tuple(victims)

    def _leaves(self, call_id: str) -> None:
        """Nobody else is to count on its place: each emergency call has a call of its own ended."""
        self._leaving[call_id] = None
        if len(self._leaving) > _MOST_LEAVING:
            self._leaving.popitem(last=False)

    def _end(self, call_id: str) -> None:
        try:
            self._release(call_id)
        except NodeAway as error:
            self._leaving.pop(call_id, None)
            _log.error("a call could not be ended for an emergency call", call=call_id, error=str(error))

    # -- off the call path ------------------------------------------------------------------------

    def _write(self) -> None:
        while True:
            try:
                attempt = self._queue.get(timeout=RETRY_S if self._waiting else None)
                if attempt is None:
                    return
            except Empty:
                attempt = None  # only another look at the files
            try:
                if attempt is not None:
                    self._keep(attempt)
                self._deliver()
            except Exception:  # noqa: BLE001 - a defect in one record must not end those of all others
                _log.exception("keeping emergency attempts failed")

    def _keep(self, attempt: EmergencyAttempt) -> None:
        self._waiting = True
        if self._written(attempt) or self._insert([attempt]):
            return
        if len(self._homeless) >= _QUEUE_LIMIT:
            self.dropped += 1
            return
        self._homeless.append(attempt)

    def _written(self, attempt: EmergencyAttempt) -> bool:
        try:
            self._spool.write(attempt)
        except OSError as error:
            if not self._full:
                _log.error("emergency attempts have no file", call=attempt.call_id, error=str(error))
            self._full = True
            return False
        self._full = False
        return True

    def _deliver(self) -> None:
        """Everything to the store, or at least into files; the files stay until it has them."""
        while self._homeless:
            attempt = self._homeless[0]
            if not self._insert([attempt]) and not self._written(attempt):
                return
            self._homeless.popleft()
        try:
            pending = self._spool.pending()
            if pending and not self._insert(pending):
                return
            for each in pending:
                self._spool.remove(each.call_id)
        except OSError as error:
            _log.error("the files of emergency attempts cannot be read", error=str(error))
            return
        self._waiting = False

    def _insert(self, attempts: Sequence[EmergencyAttempt]) -> bool:
        try:
            self._store.insert(attempts)
        except StoreAway as error:
            if not self._away:
                _log.warning("emergency attempts wait in files: the database is away", error=str(error))
            self._away = True
            return False
        self._away = False
        return True


def attempt_of(
    offered: CallOffered,
    decision: Decision,
    now: datetime,
    victims: tuple[str, ...],
    sent: Callable[[Leg], SentLeg],
) -> EmergencyAttempt:
    """The record of an attempt."""
    outcome, facts = decision.outcome, decision.facts
    legs = outcome.legs if isinstance(outcome, Route) else ()
    call = legs[0].emergency if legs else None
    area = call.route.area if call else None
    return EmergencyAttempt(
        call_id=offered.call_id,
        at=now,
        node=offered.node,
        customer_id=facts.customer_id,
        number=facts.a_network,
        dialled=facts.b_number or "",
        written=offered.dialled,
        outcome="route" if legs else "announce" if isinstance(outcome, Announce) else "refuse",
        reason_id=decision.reason.id,
        config_version=decision.config_version,
        address=str(call.address) if call and call.address else None,
        area_code=call.route.code if call else None,
        centre=area.centre or None if area else None,
        # A trunk gets the same in each round.
        sent=tuple(sent(leg) for leg in {leg.to.id: leg for leg in legs}.values()),
        pre_empted=victims,
        claimed_location=offered.claimed_location,
    )


def _alarm(attempt: EmergencyAttempt) -> None:
    _log.error(
        "emergency call",
        call=attempt.call_id,
        customer=attempt.customer_id,
        number=attempt.number,
        dialled=attempt.dialled,
        written=attempt.written,
        outcome=attempt.outcome,
        reason=attempt.reason_id,
        address=attempt.address,
        code=attempt.area_code,
        centre=attempt.centre,
        pre_empted=list(attempt.pre_empted),
        version=attempt.config_version,
        sent=[
            {"trunk": each.trunk_id, "uri": each.request_uri, "headers": each.headers, "bodies": each.bodies}
            for each in attempt.sent
        ],
    )
