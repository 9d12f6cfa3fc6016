"""The owner of a tenant's contact centre: events in, journalled, stepped, their effects carried out.

One controller owns a tenant by a lease. It keeps the state in memory, takes all events that are waiting at
once, writes them into the journal in one round trip, and only then acts: a successor that replays the
journal knows everything that was acted upon. What figures are made of is written in the same round trip. What
a dead owner had journalled but not done any more is found by comparing notes with the switch (`Compared`,
controller/unfinished.py), which every owner asks for first.

When the journal does not answer (Redis is away), nothing new is decided: calls that talk go on, waiting
callers stay, events wait in the bounded queue. When it is back, they are taken in order.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog
from gevent import Greenlet, sleep, spawn
from gevent.event import Event as Flag
from gevent.queue import Empty, Full, Queue

from acd.effects import Effect, Logged
from acd.errors import RecordRefused, SpecRefused
from acd.events import Configured, Event, TimePassed
from acd.journal import checkpoint, logged, read, restored, written
from acd.spec import TenantSpec
from acd.state import State
from acd.step import step
from controller.errors import StoreAway
from controller.unfinished import Sent, Unfinished, left_undone, sent_away

_log = structlog.get_logger(__name__)

#: Events that wait; more are refused to the one who brings them (a call then takes the static overflow).
_QUEUE_LIMIT: Final = 10_000
_BATCH: Final = 200
_CHECKPOINT_EVERY: Final = 2_000
#: How often an owner renews, and how often others try. The lease lives three times as long.
RENEW_S: Final = 0.7
#: Without word of the lease for longer, nobody can be said to own the tenant.
_HEARD_MS: Final = 2_500
#: Between two tries while the journal is away.
_RETRY_S: Final = 0.2
#: While anybody waits or talks, at least so often there is a record, so that a successor knows the time.
_TICK_MS: Final = 20_000
#: Between two owners a tenant's time goes on with the clock; a greater gap than this is no gap but two clocks
#: that differ, or a clock that was set. Then it goes on from the last record.
_GAP_MS: Final = 60_000
#: The time of day that has moved by more against our clock was set.
_SET_MS: Final = 100
#: A new owner knows of the callers who came while there was none when the nodes have listed them (seen:
#: 0.4 s); who comes meanwhile must not be offered before them.
_SETTLES_MS: Final = 500
#: Whoever dies is succeeded within 3 s; and without a store to own by, new calls take the overflow.
_UNLED_MS: Final = 5_000
#: An owner whose journal is lost (a Redis without its data) goes on from memory, if it owned so lately.
_REMEMBERED_MS: Final = 60_000


class Journal(Protocol):
    """The tenant's lease and journal. Every method raises StoreAway; None and False: the lease is lost.

    `append` keeps the records and the log that they led to, together, and each once."""

    def acquire(self) -> tuple[str | None, Sequence[str]] | None: ...
    def renew(self) -> bool: ...
    def append(self, records: Sequence[str], log: Sequence[str]) -> int | None: ...
    def checkpoint(self, state: str) -> bool: ...
    def release(self) -> None: ...


class Switch(Protocol):
    """Carries effects out, in order; must not wait. `compare` asks all nodes what they have and tells it back
    as a `Compared` event."""

    def carry_out(self, effects: Sequence[Effect]) -> None: ...
    def compare(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Timed:
    """An event and when it came."""

    event: Event
    at_ms: int


class ContactCentre:
    """Tries to own the tenant; while it does, steps. `clock_ms` does not jump. Those of two controllers need
    not agree: the tenant's time, `now_ms`, goes on at each take-over where the last owner was. What is logged
    has the time of day beside it (`wall_ms`; without one `clock_ms` is taken for it), for it is compared with
    calls' records."""

    def __init__(
        self,
        spec: TenantSpec,
        journal: Journal,
        switch: Switch,
        clock_ms: Callable[[], int],
        seed: int,
        wall_ms: Callable[[], int] | None = None,
    ) -> None:
        self._spec = spec
        self._journal = journal
        self._switch = switch
        self._clock_ms = clock_ms
        self._wall_ms = wall_ms or clock_ms
        #: What the time of day is ahead of our clock.
        self._ahead_ms = 0
        self._seed = seed
        self._events: Queue[Timed | None] = Queue(maxsize=_QUEUE_LIMIT)
        self._runner: Greenlet[[], None] | None = None
        self._keeper: Greenlet[[], None] | None = None
        self._stopping = False
        #: Set when the store was first asked who does, whatever it said.
        self.asked = Flag()
        #: Whether this controller decides for the tenant now.
        self.is_owner = False
        self.state = State(spec, seed=seed)
        #: What happened while this controller was the owner, by the log's names.
        self.happened: Counter[str] = Counter()
        #: When the store last said who holds the lease.
        self._heard_ms: int | None = None
        #: When the kept state was last found to be unreadable.
        self._refused_ms: int | None = None
        self._offset_ms = 0
        self._owned_ms: int | None = None
        self._settled_ms = 0
        #: What the owner before may not have done any more.
        self.unfinished = Unfinished()
        #: Between what the owner before noted last and our beginning nobody decided: by the tenant's time.
        self._unled_ms = 0, 0

    @property
    def settles_s(self) -> float:
        """How long new callers are to be kept back, because earlier ones may not be known yet."""
        return max(0, self._settled_ms - self._clock_ms()) / 1000

    @property
    def now_ms(self) -> int:
        """The tenant's time."""
        return self._clock_ms() + self._offset_ms

    def had_no_owner(self, at_ms: int) -> bool:
        """Whether nobody decided for the tenant at that time, just before this owner began."""
        began_ms, ended_ms = self._unled_ms
        return began_ms < at_ms <= ended_ms

    def sends_away(self, call_id: str, queue_id: str, since_ms: int | None) -> bool:
        """Whether the caller, who is listed in that queue since then, was to leave it as the owner before had
        noted; that is done now."""
        if not self.is_owner or (order := self.unfinished.still_here(call_id, queue_id, since_ms)) is None:
            return False
        self._switch.carry_out((order,))
        return True

    @property
    def serves(self) -> bool:
        """Whether somebody decides for the tenant, as far as the store lately said, here or elsewhere.
        Without that new calls take the static overflow; those that wait stay."""
        heard = self._heard_ms is not None and self._clock_ms() - self._heard_ms < _HEARD_MS
        return heard and not self.unreadable

    @property
    def unreadable(self) -> bool:
        """Whether the kept state could not be read a moment ago: unless another controller can, nobody leads
        the tenant until somebody does something about it."""
        return self._refused_ms is not None and self._clock_ms() - self._refused_ms < _HEARD_MS

    @property
    def backlog(self) -> int:
        """Events that wait."""
        return self._events.qsize()

    def start(self) -> None:
        """Begin to try."""
        self._runner = spawn(self._run)

    def stop(self, timeout_s: float) -> None:
        """Finish what is queued, give the lease up."""
        self._stopping = True
        with contextlib.suppress(Full):  # the runner looks at `_stopping` after every batch
            self._events.put_nowait(None)
        if self._runner is not None:
            self._runner.join(timeout=timeout_s)
            self._runner.kill()

    def configure(self, spec: TenantSpec) -> None:
        """A new configuration: in force at once in the owner, in the others when they become it."""
        self._spec = spec
        self.tell(Configured(spec))

    def tell(self, event: Event) -> bool:
        """An event for the tenant; False when this controller does not own it or is too far behind."""
        if not self.is_owner:
            return False
        try:
            self._events.put_nowait(Timed(event, self.now_ms))
        except Full:
            _log.error("contact centre is too far behind", tenant=self._spec.id, waiting=_QUEUE_LIMIT)
            return False
        return True

    def _run(self) -> None:
        while not self._stopping:
            try:
                if self._take_over():
                    self._own()
                else:
                    sleep(RENEW_S)
            except StoreAway as error:
                self.asked.set()
                _log.warning("contact centre: journal away", tenant=self._spec.id, error=str(error))
                sleep(_RETRY_S)

    def _take_over(self) -> bool:
        """Acquire the lease and go on from the journal. False while somebody else holds it."""
        kept = self._journal.acquire()
        self._heard_ms = self._clock_ms()
        self.asked.set()
        if kept is None:
            return False
        saved, records = kept
        try:
            state = self._without_journal(records) if saved is None else restored(saved)
        except (RecordRefused, SpecRefused) as error:
            # Written by another version of the program, perhaps: a controller that can read it may go on.
            self._refused_ms = self._clock_ms()
            _log.error("contact centre: the kept state is unreadable", tenant=self._spec.id, error=str(error))
            self._journal.release()
            return False
        sent: dict[str, Sent] = {}
        for place, record in enumerate(records):
            try:
                event, at_ms = read(record)
            except (RecordRefused, SpecRefused) as error:
                _log.error("journal ends early", tenant=self._spec.id, record=place, error=str(error))
                break
            state, effects = self._stepped(state, Timed(event, at_ms)) or (state, ())
            sent.update(sent_away(effects, state.now_ms))
        # The switch may have legs of offers that a Redis without its last data knows nothing of.
        state = replace(state, next_offer=max(state.next_offer, self._wall_ms()))
        self._offset_ms = _offset_ms(state, self._clock_ms())
        began_ms = max(state.now_ms, self.now_ms - _UNLED_MS)
        self._unled_ms = (began_ms, self.now_ms) if state.now_ms else (0, 0)
        # Kept at once: the next successor must not meet a record that could not be read again.
        if not self._journal.checkpoint(checkpoint(state)):
            return False
        while not self._events.empty():
            self._events.get_nowait()
        self._settled_ms = self._clock_ms() + _SETTLES_MS
        self.unfinished = left_undone(state, sent)
        self.state, self.is_owner, self._refused_ms = state, True, None
        if state.spec != self._spec or not state.agents:
            self.tell(Configured(self._spec))
        _log.info("contact centre taken over", tenant=self._spec.id, records=len(records))
        return True

    def _without_journal(self, records: Sequence[str]) -> State:
        """A new contact centre; or one whose Redis lost everything, and nobody else can have owned it since:
        whoever owns keeps the state at once."""
        lately = self._owned_ms is not None and self._clock_ms() - self._owned_ms < _REMEMBERED_MS
        if lately and not records:
            _log.warning("contact centre: its journal is lost, it goes on from memory", tenant=self._spec.id)
            return self.state
        return State(self._spec, seed=self._seed)

    def _own(self) -> None:
        self._keeper = spawn(self._keep)
        try:
            self._switch.compare()
            while self.is_owner and not (self._stopping and self._events.empty()):
                self._round()
        finally:
            self._keeper.kill()
            was_owner, self.is_owner = self.is_owner, False
            self._owned_ms = self._clock_ms()
            if was_owner and self._stopping:
                self._journal.release()

    def _keep(self) -> None:
        """Renew the lease; without it stop being the owner. Without an answer nothing is decided either: what
        comes waits until the journal takes it, which refuses whoever has lost the lease."""
        while True:
            sleep(RENEW_S)
            try:
                if not self._journal.renew():
                    self._lose("another controller took over")
                    return
                self._heard_ms = self._clock_ms()
            except StoreAway:
                continue

    def _lose(self, why: str) -> None:
        _log.warning("contact centre lost", tenant=self._spec.id, why=why)
        self.is_owner = False
        with contextlib.suppress(Full):
            self._events.put_nowait(None)

    def _round(self) -> None:
        """Everything that waits, as one batch; or what is due when nothing comes."""
        batch = self._gather()
        if not batch:
            return
        state, effects, log, failed = self._outcome(batch)
        count = self._written([written(each.event, each.at_ms) for each in batch], log)
        if count is None:
            self._lose("the lease was lost")
            return
        self.state = state
        self.happened.update(type(each).__name__ for each in effects if isinstance(each, Logged))
        self._switch.carry_out(effects)
        if failed:
            sleep(_RETRY_S)  # what is due stays due: not again at once
        if count >= _CHECKPOINT_EVERY and not self._journal.checkpoint(checkpoint(self.state)):
            self._lose("the lease was lost")

    def _outcome(self, batch: Sequence[Timed]) -> tuple[State, list[Effect], list[str], bool]:
        """What the batch leads to: state, effects, log, and whether an event of it was passed over."""
        state, effects, log, failed = self.state, list[Effect](), list[str](), False
        to_wall_ms = self._to_wall_ms()
        for each in batch:
            done = self._stepped(state, each)
            if done is None:
                failed = True
                continue
            state = done[0]
            effects += done[1]
            log += logged(done[1], state.now_ms + to_wall_ms)
        return state, effects, log, failed

    def _to_wall_ms(self) -> int:
        """What is added to the tenant's time for the time of day. It follows a clock that was set, not each
        millisecond between two readings, so that durations stay what they are."""
        ahead_ms = self._wall_ms() - self._clock_ms()
        if abs(ahead_ms - self._ahead_ms) > _SET_MS:
            self._ahead_ms = ahead_ms
        return self._ahead_ms - self._offset_ms

    def _stepped(self, state: State, each: Timed) -> tuple[State, Sequence[Effect]] | None:
        """The next state, or None: a defect costs the event that met it, here and in every successor that
        replays it; it must not cost the tenant."""
        try:
            return step(state, each.event, each.at_ms)
        except Exception:  # noqa: BLE001 - see above
            kind = type(each.event).__name__
            _log.exception("an event of a contact centre is passed over", tenant=self._spec.id, kind=kind)
            return None

    def _written(self, records: Sequence[str], log: Sequence[str]) -> int | None:
        """Write until it is written: nothing may be done that is not in the journal."""
        while True:
            try:
                return self._journal.append(records, log)
            except StoreAway as error:
                _log.warning("contact centre waits for its journal", tenant=self._spec.id, error=str(error))
                if not self.is_owner or self._stopping:
                    return None
                sleep(_RETRY_S)

    def _gather(self) -> list[Timed]:
        batch: list[Timed] = []
        due_ms = self.state.due_ms
        if self.state.members:
            tick_ms = self.state.now_ms + _TICK_MS
            due_ms = tick_ms if due_ms is None else min(due_ms, tick_ms)
        wait_s = 1.0 if due_ms is None else min(1.0, max(0.0, (due_ms - self.now_ms) / 1000))
        try:
            first = self._events.get(timeout=wait_s) if wait_s else self._events.get_nowait()
            if first is not None:
                batch.append(first)
            while len(batch) < _BATCH:
                following = self._events.get_nowait()
                if following is not None:
                    batch.append(following)
        except Empty:
            pass
        now_ms = self.now_ms
        if due_ms is not None and due_ms <= now_ms:
            batch.append(Timed(TimePassed(), now_ms))
        return batch


def _offset_ms(state: State, clock_ms: int) -> int:
    """What is added to our clock so that the tenant's time goes on."""
    gap_ms = clock_ms - state.now_ms
    if not state.now_ms or 0 <= gap_ms <= _GAP_MS or (gap_ms > 0 and not state.members):
        return 0
    return -gap_ms
