"""Work that is done once a German day, whenever a program is there to do it: asked for every minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

import structlog

from controller.errors import StoreAway
from controller.rounds import Rounds

_log = structlog.get_logger(__name__)

POLL_S: Final = 60.0


class Daily(Rounds):
    """Calls `work` with the day until it says that the day's work is done, by whomever; then waits for
    another day, an earlier one too: a clock that was ahead is set back. `work` raises StoreAway; it is tried
    again."""

    def __init__(self, work: Callable[[date], bool], today: Callable[[], date]) -> None:
        super().__init__(self.look, POLL_S, "the day's work failed")
        self._work = work
        self._today = today
        self._done: date | None = None
        #: Why the work failed when it was last tried; "" when it did not. What another program does meanwhile
        #: and a clock that is doubted leave it as it is.
        self.failing = ""

    def look(self) -> None:
        """Work when there is a day whose work is not known to be done."""
        today = self._today()
        if self._done == today:
            return
        try:
            done = self._work(today)
        except StoreAway as error:
            if str(error) != self.failing:
                _log.error("the day's work failed and is tried again", error=str(error))
            self.failing = str(error)
            return
        except Exception as error:
            self.failing = repr(error)
            raise
        if done:
            self._done, self.failing = today, ""
            _log.info("the day's work is done", day=today.isoformat())
