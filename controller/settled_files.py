"""Files of the switch that nobody could read end when somebody has settled them (F4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol

import structlog

from controller.errors import StoreAway
from controller.rounds import Rounds

_log = structlog.get_logger(__name__)

POLL_S: Final = 60.0
#: Names asked for at once.
_BATCH: Final = 1_000


class Aside(Protocol):
    """Where files were set aside. Both raise OSError."""

    def names_aside(self) -> Sequence[str]: ...
    def forget_aside(self, name: str) -> None: ...


class SettledFiles(Rounds):
    """`settled` says which of these names were dealt with, and raises StoreAway. What nobody has dealt with
    stays, and so does a file that the store does not know (it was restored from a backup)."""

    def __init__(self, spool: Aside, settled: Callable[[Collection[str]], Collection[str]]) -> None:
        super().__init__(self.look, POLL_S, "looking after settled files failed")
        self._spool = spool
        self._settled = settled
        self._away = False

    def look(self) -> None:
        """One round; what cannot be done now waits."""
        try:
            names = self._spool.names_aside()
            for first in range(0, len(names), _BATCH):
                for name in sorted(self._settled(names[first : first + _BATCH])):
                    self._spool.forget_aside(name)
                    _log.info("a settled file is deleted", file=name)
        except (StoreAway, OSError) as error:
            if not self._away:
                _log.warning("settled files wait", error=str(error))
            self._away = True
        else:
            self._away = False
