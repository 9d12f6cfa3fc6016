"""Following calls: what is up now, told to the live store off the call path.

Decisions and switch events put small changes into a bounded queue; one greenlet writes them. When Redis is
away the changes are dropped, not waited for; when it is back, everything is rebuilt from the switch's own
list (`resync`), because the switch is what knows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final

import structlog
from gevent import Greenlet, sleep, spawn
from gevent.queue import Full, Queue

from controller.errors import StoreAway
from controller.ports import LiveCallStore
from dialplan.live import CallAnswered, CallBegun, CallEnded, LiveCall, LiveChange, LiveState, NodeSeen

_log = structlog.get_logger(__name__)

_QUEUE_LIMIT: Final = 20_000
#: Ended calls that are remembered: the switch's list lags behind its events and may still have them.
_ENDED_LIMIT: Final = 10_000
#: How long changes are gathered, and how many go in one message.
_GATHER_S: Final = 0.1
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class _Rebuild:
    """All calls of a node as the switch lists them, and what was decided here of those that it had then:
    the store may have been away when they began."""

    node: str
    calls: tuple[LiveCall, ...]
    as_of: datetime
    decided: Mapping[str, LiveCall]

    def carry_out(self, store: LiveCallStore) -> None:
        noted = {**{call.call_id: call for call in store.calls_of(self.node)}, **self.decided}
        calls = [_with_state(noted.get(call.call_id, call), call) for call in self.calls]
        store.replace_node(self.node, calls, self.as_of)


class Following:
    """The bridge from what happens to the live store. `start` it; `stop` writes what is queued and ends.

    `on_return` is called when the store answers again after it was away; ask the switch for a `resync`.
    """

    def __init__(self, store: LiveCallStore, on_return: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._on_return = on_return
        self._changes: Queue[LiveChange | _Rebuild | None] = Queue(maxsize=_QUEUE_LIMIT)
        self._writer: Greenlet[[], None] | None = None
        self._away = False
        #: The calls that were decided here, until they end.
        self._begun: dict[str, LiveCall] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self.dropped = 0

    @property
    def running(self) -> int:
        """Calls in progress that were decided here."""
        return len(self._begun)

    def start(self) -> None:
        """Begin writing."""
        self._writer = spawn(self._write)

    def stop(self, timeout_s: float) -> None:
        """Write what is queued, at most for `timeout_s`."""
        if self._writer is not None:
            with suppress(Full):  # a full queue has to move first
                self._changes.put(None, timeout=timeout_s)
            self._writer.join(timeout=timeout_s)

    def begun(self, call: LiveCall) -> None:
        """A call was decided and is being carried out."""
        if len(self._begun) < _QUEUE_LIMIT:
            self._begun[call.call_id] = call
        self._put(CallBegun(call))

    def answered(self, call_id: str, at: datetime) -> None:
        """The caller's leg was answered. Calls that another controller decided are its to note."""
        call = self._begun.get(call_id)
        if call is not None and call.state is LiveState.RINGING:
            self._begun[call_id] = answered = replace(call, state=LiveState.ANSWERED, answered_at=at)
            self._put(CallAnswered(answered))

    def ended(self, call_id: str) -> None:
        """The caller's leg is gone."""
        self._begun.pop(call_id, None)
        self._ended[call_id] = None
        if len(self._ended) > _ENDED_LIMIT:
            self._ended.popitem(last=False)
        self._put(CallEnded(call_id))

    def heartbeat(self, node: str) -> None:
        """The node lives, and so do its calls."""
        self._put(NodeSeen(node))

    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        """These are all the calls of the node; whatever else was noted for it is a ghost.

        The switch's list is short of words: what was noted of a call before is kept, but for its state.
        """
        calls = [call for call in calls if call.call_id not in self._ended]
        listed = {call.call_id for call in calls}
        for call in list(self._begun.values()):
            if call.call_id not in listed and call.node == node and call.started_at < as_of:
                del self._begun[call.call_id]  # its end was missed
        decided = {call_id: self._begun[call_id] for call_id in listed if call_id in self._begun}
        self._put(_Rebuild(node, tuple(calls), as_of, decided))

    def _put(self, change: LiveChange | _Rebuild) -> None:
        try:
            self._changes.put_nowait(change)
        except Full:
            self.dropped += 1

    def _write(self) -> None:
        ended = False
        while not ended:
            batch = [self._changes.get()]
            # One message to the store for what comes within a moment: a call's three changes cost the
            # controller more in single messages than its decision.
            sleep(0 if batch[0] is None else _GATHER_S)
            while len(batch) < _BATCH and not self._changes.empty():
                batch.append(self._changes.get_nowait())
            ended = batch[-1] is None
            changes = [change for change in batch if change is not None]
            for kind, group in groupby(changes, key=lambda change: isinstance(change, _Rebuild)):
                self._carry_out(list(group), rebuild=kind)

    def _carry_out(self, changes: list[LiveChange | _Rebuild], *, rebuild: bool) -> None:
        try:
            if rebuild:
                for change in changes:
                    if isinstance(change, _Rebuild):
                        change.carry_out(self._store)
            else:
                self._store.write([change for change in changes if not isinstance(change, _Rebuild)])
        except StoreAway as error:
            self.dropped += len(changes)
            if not self._away:
                _log.warning("live state is not written; calls go on", error=str(error))
            self._away = True
        except Exception:  # noqa: BLE001 - a defect in one change must not end the writer for all others
            self.dropped += len(changes)
            _log.exception("a change of the live state failed")
        else:
            if self._away:
                self._away = False
                _log.info("live state is written again")
                self._on_return()


def _with_state(noted: LiveCall, listed: LiveCall) -> LiveCall:
    """What was noted, brought up to date: the answer may have come while nobody listened."""
    return replace(noted, state=listed.state, answered_at=noted.answered_at or listed.answered_at)
