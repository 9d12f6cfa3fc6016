"""The logs of contact centres on their way to the database: streams in Redis that owners fill
(store.acd_journals) and one program after the other empties.

An entry is removed after it was kept elsewhere, by its number: who dies in between leaves it to the next one,
and two who read the same entries remove no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import redis

from store.acd_journals import LOGS, LOST, LogId, log_key
from store.foreign_errors import redis_errors

#: Entries read at once.
BATCH: Final = 500


class AcdLog:
    """All methods raise LiveStateError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def customers(self) -> Sequence[str]:
        """Who has or had a log, by name."""
        with redis_errors("logs of contact centres"):
            found = cast(set[bytes], self._client.smembers(LOGS))
        return sorted(each.decode("utf-8", "replace") for each in found)

    def oldest(self, customer_id: str) -> Sequence[tuple[LogId, str]]:
        """The first `BATCH` entries in their order."""
        with redis_errors(f"log of {customer_id}"):
            found = cast(
                list[tuple[bytes, dict[bytes, bytes]]],
                self._client.xrange(log_key(customer_id), count=BATCH),
            )
        return [(_log_id(name), fields.get(b"e", b"").decode("utf-8", "replace")) for name, fields in found]

    def remove(self, customer_id: str, ids: Sequence[LogId]) -> None:
        """They are kept elsewhere."""
        names = [f"{run}-{number}" for run, number in ids]
        if names:
            with redis_errors(f"log of {customer_id}"):
                self._client.xdel(log_key(customer_id), *names)

    def waiting(self, customer_id: str) -> int:
        """How many entries wait for the database."""
        with redis_errors(f"log of {customer_id}"):
            return self._client.xlen(log_key(customer_id))

    def lost(self) -> int:
        """How many entries of all customers found no room."""
        with redis_errors("logs of contact centres"):
            return sum(int(each) for each in cast(list[bytes], self._client.hvals(LOST)))


def _log_id(name: bytes) -> LogId:
    run, _, number = name.decode("ascii").partition("-")
    return int(run), int(number)
