"""Work that is done again and again beside the calls, for as long as the program runs."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from gevent import Greenlet, spawn
from gevent.event import Event as Flag

_log = structlog.get_logger(__name__)


class Rounds:
    """Does `work` at once and then every `pause_s`, in a greenlet of its own. A defect in one round is logged
    as `failed` and does not end it: the next round may find what it needs."""

    def __init__(self, work: Callable[[], None], pause_s: float, failed: str) -> None:
        self._do = work
        self._pause_s = pause_s
        self._failed = failed
        self._stopping = Flag()
        self._doer: Greenlet[[], None] | None = None

    def start(self) -> None:
        """Begin."""
        self._doer = spawn(self._rounds)

    def stop(self, timeout_s: float) -> None:
        """End after the round under way; one that takes longer than `timeout_s` is cut off."""
        self._stopping.set()
        if self._doer is not None:
            self._doer.join(timeout=timeout_s)
            self._doer.kill(block=False)

    def _rounds(self) -> None:
        while True:
            try:
                self._do()
            except Exception:  # noqa: BLE001 - see above
                _log.exception(self._failed)
            if self._stopping.wait(self._pause_s):
                return
