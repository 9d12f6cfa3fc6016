"""Rounds over what the switch leaves on disk: taken into the store, and what is old there deleted on time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from controller.errors import StoreAway
from controller.rounds import Rounds

_log = structlog.get_logger(__name__)

POLL_S: Final = 1.0
_BETWEEN_SWEEPS: Final = timedelta(minutes=1)
#: Shorter sounds hold nothing: the caller hung up at the tone.
SHORTEST_MS: Final = 500


class SpoolRounds(Rounds):
    """`expire` deletes what was kept long enough, then `take` takes what is new. Both raise StoreAway or
    OSError: then everything waits where it is, which is logged once; `what` is its name.

    Old ones go first: nothing that a new one meets may hold that up (F4).
    """

    def __init__(
        self,
        what: str,
        expire: Callable[[datetime], object],
        take: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(self.look, POLL_S, f"looking after {what} failed")
        self._what = what
        self._expire = expire
        self._take = take
        self._clock = clock
        self._swept: datetime | None = None
        self._away = False

    def look(self) -> None:
        """One round; what cannot be done now waits."""
        try:
            self.round()
        except (StoreAway, OSError) as error:
            if not self._away:
                _log.warning(f"{self._what} wait in the spool", error=str(error))
            self._away = True
        else:
            self._away = False

    def round(self) -> None:
        """One look. Raises StoreAway, OSError."""
        now = self._clock()
        if self._swept is None or not now - _BETWEEN_SWEEPS < self._swept <= now:
            self._expire(now)
            self._swept = now
        self._take()
