"""The log of the contact centres in Redis and PostgreSQL as the service layer wants it: its ports, its
errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from cli.wiring.adapters import store_errors
from controller.centre_log import EntryId
from store.acd_history import AcdHistory
from store.acd_log import AcdLog


class LeftInRedis:
    """controller.centre_log.LeftLog."""

    def __init__(self, log: AcdLog) -> None:
        self._log = log

    def customers(self) -> Sequence[str]:
        with store_errors():
            return self._log.customers()

    def oldest(self, customer_id: str) -> Sequence[tuple[EntryId, str]]:
        with store_errors():
            return self._log.oldest(customer_id)

    def remove(self, customer_id: str, ids: Sequence[EntryId]) -> None:
        with store_errors():
            self._log.remove(customer_id, ids)


class KeptInDatabase:
    """controller.centre_log.KeptLog; entries are kept for `keep_days`. `trusts`: whether a moment may be
    deleted by; raises StoreAway."""

    def __init__(self, history: AcdHistory, keep_days: int, trusts: Callable[[datetime], bool]) -> None:
        self._history = history
        self._keep_days = keep_days
        self._trusts = trusts

    def insert(
        self, customer_id: str, entries: Sequence[tuple[EntryId, str]]
    ) -> Sequence[tuple[EntryId, str]]:
        with store_errors():
            return self._history.insert(customer_id, entries)

    def tend(self, now: datetime) -> None:
        if not self._trusts(now):
            return
        with store_errors():
            self._history.tend(now, self._keep_days)
