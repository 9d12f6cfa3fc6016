"""Several programs rate at once: a customer is rated by one at a time, and each has its part of them.

Customers fall into 64 shares (`rating_share` in the database). Whoever rates holds the shares of the
customers concerned until the transaction's end, and whoever must not be disturbed holds them all: that makes
it right. A place in the row of workers makes it quick: each takes the calls of its shares only. A worker that
dies loses its connection and with it the place; the others take over its shares with their next look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from store.errors import DatabaseTimeout
from store.foreign_errors import database_errors

#: pg_advisory_xact_lock keys, each a word in ASCII as a number. Alone, shared by those who rate:
_ALL: Final = int.from_bytes(b"rating")
#: With a share's number, and with the number of a place in the row (two numbers of 32 bits).
_SHARE: Final = int.from_bytes(b"shar")
_PLACE: Final = int.from_bytes(b"plac")
#: pg_advisory_lock key of whoever counts what was booked: "spend" in ASCII, as a number.
_COUNTING: Final = int.from_bytes(b"spend")
_JOINING: Final = "becoming a rating worker"
#: Most workers at once; more would have too few shares each.
MAX_WORKERS: Final = 16

_LOCK_SHARES: Final = (
    "SELECT pg_advisory_xact_lock(%s, share) FROM"
    " (SELECT DISTINCT rating_share(customer)::integer AS share FROM unnest(%s::text[]) AS customer"
    " ORDER BY share) AS wanted"
)
_PLACES: Final = text("""
    SELECT objid::integer FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
        AND classid = :place AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY objid
""")


def lock(connection: Connection) -> None:
    """Wait until no program rates, and let none begin, until the transaction's end."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ALL})


def rate_beside_others(connection: Connection) -> None:
    """Wait for who has locked all; until the transaction's end nobody else does."""
    connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _ALL})


def lock_customers(cursor: Any, customers: Iterable[str]) -> None:
    """Wait until nobody else rates these customers, after `rate_beside_others`; until the transaction's end.

    Once in a transaction, and before anything that another one waits for: shares are locked in their order,
    so no two programs wait for each other.
    """
    cursor.execute(_LOCK_SHARES, (_SHARE, list(customers)))


class Part(NamedTuple):
    """A worker's part of the customers: shares that give `rank` when divided by `workers`."""

    rank: int = 0
    workers: int = 1


ALONE: Final = Part()


@dataclass(slots=True)
class Row:
    """A place in the row of workers, held by a connection of its own; it is free when that is closed.

    Everything raises DatabaseError's children: DatabaseTimeout when the row is full.
    """

    connection: Connection
    _number: int = -1

    def join(self) -> None:
        """Take the first place that is free."""
        taken = text("SELECT pg_try_advisory_lock(:place, :number)")
        with database_errors(_JOINING):
            for number in range(MAX_WORKERS):
                if self.connection.scalar(taken, {"place": _PLACE, "number": number}):
                    self._number = number
                    break
            self.connection.commit()
        if self._number < 0:
            raise DatabaseTimeout(_JOINING, f"{MAX_WORKERS} work already", "End some of them first")

    def part(self) -> Part:
        """Ours among those who work now. Two who ask at different moments may share customers for a while:
        they then wait for each other, and rate nothing twice."""
        with database_errors("looking who rates"):
            found = [int(number) for number in self.connection.scalars(_PLACES, {"place": _PLACE})]
            self.connection.commit()
        if self._number not in found:
            return ALONE
        return Part(found.index(self._number), len(found))

    def leave(self) -> None:
        """Close the connection: given back to a pool it would keep the place."""
        self.connection.invalidate()
        self.connection.close()


@contextmanager
def counting(connection: Connection, *, alone: bool = False) -> Iterator[None]:
    """What is booked in here is counted in here too (Redis), before another program, `alone`, sets the
    counters to the sums of what is booked: else it would count twice. Raises DatabaseError's children."""
    kind = "" if alone else "_shared"
    with database_errors("waiting to count what is booked"):
        connection.execute(text(f"SELECT pg_advisory_lock{kind}(:key)"), {"key": _COUNTING})
        connection.commit()
    try:
        yield
    finally:
        if not connection.invalidated:
            with database_errors("counting what is booked"):
                connection.execute(text(f"SELECT pg_advisory_unlock{kind}(:key)"), {"key": _COUNTING})
                connection.commit()
