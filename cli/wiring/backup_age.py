"""How old the newest backup is: figures are read more often than it needs to be asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine

from store.audit import AuditLog

#: What `fernamt backup create` writes when a backup is whole and on disk: action, and of what.
DONE: Final = ("backup.create.done", "backup")
#: So long an answer of the database serves.
_KEPT_S: Final = 60.0


def backup_age(database: Engine) -> timedelta | None:
    """None: the audit knows of no backup. Raises DatabaseError's children."""
    return AuditLog(database).age(*DONE)


class BackupAge:
    """The same in seconds; `ask` is asked once a minute at most, `monotonic_s` never goes back."""

    def __init__(self, ask: Callable[[], timedelta | None], monotonic_s: Callable[[], float]) -> None:
        self._ask = ask
        self._monotonic_s = monotonic_s
        self._asked_s: float | None = None
        self._found: timedelta | None = None

    def seconds(self) -> float | None:
        """None: no backup is known. Raises what `ask` raises, and is asked again then."""
        now_s = self._monotonic_s()
        if self._asked_s is None or now_s - self._asked_s >= _KEPT_S:
            self._found = self._ask()
            self._asked_s = now_s
        if self._found is None:
            return None
        return self._found.total_seconds() + now_s - self._asked_s
