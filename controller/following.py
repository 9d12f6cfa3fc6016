"""Following calls: what is up now, told to the live store off the call path.

Decisions and switch events put small changes into a bounded queue; one greenlet writes them. When Redis is
away the changes are dropped, not waited for; when it is back, everything is rebuilt from the switch's own
list (`resync`), because the switch is what knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from gevent import Greenlet, spawn
from gevent.queue import Full, Queue

from controller.errors import StoreAway
from controller.ports import LiveCallStore
from dialplan.live import LiveCall

_log = structlog.get_logger(__name__)

_QUEUE_LIMIT: Final = 20_000
Change = Callable[[LiveCallStore], None]


class Following:
    """The bridge from what happens to the live store. `start` it; `stop` writes what is queued and ends.

    `on_return` is called when the store answers again after it was away; ask the switch for a `resync`.
    """

    def __init__(self, store: LiveCallStore, on_return: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._on_return = on_return
        self._changes: Queue[Change | None] = Queue(maxsize=_QUEUE_LIMIT)
        self._writer: Greenlet[[], None] | None = None
        self._away = False
        self.dropped = 0

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
        self._put(lambda store: store.put(call))

    def answered(self, call: LiveCall) -> None:
        """The caller's leg was answered."""
        self._put(lambda store: store.update(call))

    def ended(self, call_id: str) -> None:
        """The caller's leg is gone."""
        self._put(lambda store: store.remove(call_id))

    def heartbeat(self, node: str) -> None:
        """The node lives, and so do its calls."""
        self._put(lambda store: store.refresh(node))

    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        """These are all the calls of the node; whatever else was noted for it is a ghost.

        The switch's list is short of words: what was noted of a call before is kept, but for its state.
        """

        def rebuild(store: LiveCallStore) -> None:
            noted = {call.call_id: call for call in store.calls_of(node)}
            store.replace_node(
                node, [_with_state(noted.get(call.call_id, call), call) for call in calls], as_of
            )

        self._put(rebuild)

    def _put(self, change: Change) -> None:
        try:
            self._changes.put_nowait(change)
        except Full:
            self.dropped += 1

    def _write(self) -> None:
        while (change := self._changes.get()) is not None:
            try:
                change(self._store)
            except StoreAway as error:
                self.dropped += 1
                if not self._away:
                    _log.warning("live state is not written; calls go on", error=str(error))
                self._away = True
                continue
            except Exception:  # noqa: BLE001 - logged; foreign changes
                # A defect in one change must not end the writer for all that come after it.
                self.dropped += 1
                _log.exception("a change of the live state failed")
                continue
            if self._away:
                self._away = False
                _log.info("live state is written again")
                self._on_return()


def _with_state(noted: LiveCall, listed: LiveCall) -> LiveCall:
    """What was noted, brought up to date: the answer may have come while nobody listened."""
    return replace(noted, state=listed.state, answered_at=noted.answered_at or listed.answered_at)
