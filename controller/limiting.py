"""Limits around the call path (B11): one question before a call goes on, everything else off the path.

A claim is a lease that Redis ends by itself. It is given back at the call's end, renewed with the node's
heartbeats by every controller that follows the node, and compared with the switch's own list of calls.
While Redis is away each controller counts for itself and no call waits; when Redis is back it is told what
is up and what has ended meanwhile before it is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog
from gevent import Greenlet, Timeout, sleep, spawn
from gevent.queue import Empty, Full, Queue

from controller.errors import StoreAway
from controller.local_limits import LocalLimits
from dialplan.limits.agreed import Claim
from dialplan.live import LiveCall

_log = structlog.get_logger(__name__)

_QUEUE_LIMIT: Final = 20_000
#: How long ends of calls are gathered, how many go in one message.
_GATHER_S: Final = 0.05
_BATCH: Final = 500
#: A call waits no longer, whatever stands: a name server that is away has no limit in the stores' clients.
_ASK_S: Final = 0.2
#: Between two looks whether Redis is back.
_RETRY_S: Final = 1.0


class LimitStore(Protocol):
    """The counters that all controllers share. All methods raise StoreAway."""

    def take(self, call_id: str, node: str, claims: Sequence[Claim]) -> Claim | None:
        """All claims or none: the refused one, None when all were taken. Must answer at once or raise."""
        ...

    def restore(self, node: str, calls: Sequence[tuple[str, tuple[Claim, ...]]]) -> None:
        """These calls are up: they hold their claims, whatever the limits."""
        ...

    def release(self, call_ids: Sequence[str]) -> object:
        """These calls have ended."""
        ...

    def renew(self, node: str) -> int:
        """The node's calls live on: how many leases were due."""
        ...

    def replace_node(self, node: str, call_ids: Collection[str], as_of: datetime) -> object:
        """All others that the node had before `as_of` have ended."""
        ...

    def missing(self, call_ids: Sequence[str]) -> Collection[str]:
        """Those that hold nothing."""
        ...

    def ping(self) -> None:
        """Nothing, when it answers."""
        ...


@dataclass(frozen=True, slots=True)
class _Ended:
    call_id: str


@dataclass(frozen=True, slots=True)
class _Seen:
    node: str


@dataclass(frozen=True, slots=True)
class _Listed:
    node: str
    call_ids: frozenset[str]
    as_of: datetime


_Change = _Ended | _Seen | _Listed


class Limiting:
    """`take` is asked by calls; the rest is a sink of what nodes do. `start` it; `stop` gives back and ends.

    `clock_ms` never runs backwards. `on_return`: Redis answers again, ask the switch for its list.
    """

    def __init__(
        self, store: LimitStore, clock_ms: Callable[[], float], on_return: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._local = LocalLimits(clock_ms)
        self._on_return = on_return
        self._changes: Queue[_Change | None] = Queue(maxsize=_QUEUE_LIMIT)
        self._keeper: Greenlet[[], None] | None = None
        self._away = False
        #: Whether any call ever claimed anything: without limits Redis is left alone.
        self._in_use = False
        #: Calls whose question is under way, and those of them that ended meanwhile.
        self._asking: set[str] = set()
        self._gone: set[str] = set()
        #: Calls whose end Redis could not be told: the switch's list, which lags behind, may have them still.
        self._untold: dict[str, None] = {}
        self.dropped = 0

    @property
    def away(self) -> bool:
        """Whether this controller counts for itself because Redis does not answer."""
        return self._away

    def start(self) -> None:
        """Begin to keep the leases."""
        self._keeper = spawn(self._keep)

    def stop(self, timeout_s: float) -> None:
        """Give back what has ended, at most for `timeout_s`. Calls that are up keep their leases."""
        if self._keeper is not None:
            with suppress(Full):
                self._changes.put(None, timeout=timeout_s)
            self._keeper.join(timeout=timeout_s)

    def take(self, call_id: str, node: str, claims: tuple[Claim, ...]) -> Claim | None:
        """The claim that stops the call, or None: go on. One round trip, none while Redis is away."""
        self._in_use = True
        if self._away:
            return self._local.take(call_id, node, claims)
        self._asking.add(call_id)
        try:
            with Timeout(_ASK_S, StoreAway(f"no answer about limits within {_ASK_S:g} s")):
                stopped_by = self._store.take(call_id, node, claims)
        except StoreAway as error:
            self._lost(error)
            stopped_by = self._local.take(call_id, node, claims)
        else:
            if stopped_by is None:
                self._local.hold(call_id, node, claims)
            else:
                self._local.spent(stopped_by)
        finally:
            self._asking.discard(call_id)
            did_not_wait = call_id in self._gone
            self._gone.discard(call_id)
        if did_not_wait:
            self.ended(call_id)
        return stopped_by

    def answered(self, call_id: str, at: datetime) -> None:
        """Ringing calls count as answered ones do."""

    def ended(self, call_id: str) -> None:
        """The caller's leg is gone. Whoever let it through: the controller that did may be dead."""
        if call_id in self._asking:
            self._gone.add(call_id)
            return
        self._local.release(call_id)
        if self._in_use:
            self._put(_Ended(call_id))

    def heartbeat(self, node: str) -> None:
        """The node lives, and so do its calls, also those that other controllers let through."""
        self._put(_Seen(node))

    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        """Callers' legs only: a call that was transferred lives on in another one, see `channels`."""

    def channels(self, node: str, call_ids: frozenset[str], as_of: datetime) -> None:
        """These are all the legs of the node."""
        self._local.listed(node, call_ids)
        self._put(_Listed(node, call_ids, as_of))

    def _put(self, change: _Change) -> None:
        try:
            self._changes.put_nowait(change)
        except Full:
            self.dropped += 1  # the lease ends by itself

    def _keep(self) -> None:
        ending = False
        while not ending:
            batch = self._next_batch()
            ending = bool(batch) and batch[-1] is None
            try:
                if self._away:
                    self._leave([change for change in batch if change is not None])
                    self._look()
                else:
                    self._carry_out([change for change in batch if change is not None])
            except Exception:  # noqa: BLE001 - a defect in one change must not end the keeper for all others
                self.dropped += len(batch)
                _log.exception("keeping leases failed")
            if self._away and not ending:
                sleep(_RETRY_S)  # what comes meanwhile is left in one go

    def _next_batch(self) -> list[_Change | None]:
        """What has come; nothing after a while, because a call may have found Redis away."""
        try:
            batch = [self._changes.get(timeout=_RETRY_S)]
        except Empty:
            return []
        sleep(0 if batch[0] is None else _GATHER_S)
        while len(batch) < _BATCH and not self._changes.empty() and batch[-1] is not None:
            batch.append(self._changes.get_nowait())
        return batch

    def _carry_out(self, changes: list[_Change]) -> None:
        try:
            ended = [change.call_id for change in changes if isinstance(change, _Ended)]
            if ended:
                self._store.release(ended)
            for node in {change.node for change in changes if isinstance(change, _Seen)}:
                # Leases of a controller that is gone are ours to give back.
                self._in_use |= self._store.renew(node) > 0
            for change in changes:
                if isinstance(change, _Listed):
                    self._compare(change)
        except StoreAway as error:
            self._leave(changes)
            self._lost(error)

    def _leave(self, changes: list[_Change]) -> None:
        """What Redis cannot be told now. Ends are told later, up to a limit; of the rest it needs nothing."""
        for change in changes:
            if isinstance(change, _Ended) and len(self._untold) < _QUEUE_LIMIT:
                self._untold[change.call_id] = None
            else:
                self.dropped += 1

    def _compare(self, listed: _Listed) -> None:
        """The switch knows what is up: leases of what is not end, calls without theirs get them again."""
        self._store.replace_node(listed.node, listed.call_ids, listed.as_of)
        held = self._local.held(listed.node)
        up = {call_id: claims for call_id, claims in held if call_id in listed.call_ids}
        missing = self._store.missing(list(up)) if up else ()
        if missing:
            self._store.restore(listed.node, [(call_id, up[call_id]) for call_id in missing])

    def _lost(self, error: StoreAway) -> None:
        if not self._away:
            _log.warning("Redis is away: limits are counted by each controller for itself", error=str(error))
        self._away = True

    def _look(self) -> None:
        """Whether Redis is back. It is told what is up first, so that it does not let too many through."""
        try:
            self._store.ping()
            for node in self._local.nodes:
                self._store.restore(node, self._local.held(node))
            if self._untold:
                self._store.release(list(self._untold))
        except StoreAway:
            return
        self._untold.clear()
        self._away = False
        _log.info("limits are counted over all controllers again")
        self._on_return()
