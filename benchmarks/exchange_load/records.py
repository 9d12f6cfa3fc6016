"""Whether every leg that SIPp saw has exactly one record."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from benchmarks.exchange_load.sides import Sides
from cli.bootstrap import engine
from store.errors import StoreError
from store.foreign_errors import database_errors
from tests.e2e.exchange import Exchange, eventually

_LEGS: Final = text("SELECT side, sip_call_id FROM cdr")
_QUARANTINE: Final = text("SELECT count(*) FROM cdr_quarantine")
#: Whoever is down comes back within the supervisor's longest pause of 15 s, and has the spool to empty then.
_PATIENCE_S: Final = 240.0

#: Side (a: towards the caller) and SIP Call-ID.
Legs = Counter[tuple[str, str | None]]
_NAMELESS: Final = ("b", None)


@dataclass(frozen=True, slots=True)
class Records:
    """Legs that there were, records that were lost, doubled, belong to nothing, or could not be read.

    `nameless`: records of legs without a Call-ID, which FreeSWITCH learns from the first answer alone: the
    other side was silent until the next trunk was tried. Each stands for one that came and has no other.
    """

    legs: int
    nameless: int
    lost: int
    doubled: int
    unknown: int
    quarantined: int

    @property
    def right(self) -> bool:
        return not (self.lost or self.doubled or self.unknown or self.quarantined)


def compared(running: Exchange, sides: Sides) -> Records:
    """Once all calls are over. Waits until nothing is missing, at most four minutes."""
    wanted: Legs = Counter(("a", each.call_id) for each in sides.dialled())
    wanted.update(("b", call_id) for call_id in sides.offered())

    def all_there() -> bool:
        try:
            return _missing(wanted, legs_found(running)) <= 0
        except StoreError:
            return False

    with contextlib.suppress(AssertionError):  # the figures tell
        eventually(all_there, _PATIENCE_S, "all records")
    found = legs_found(running)
    nameless = found.pop(_NAMELESS, 0)
    extra = found - wanted
    return Records(
        wanted.total(),
        nameless,
        max(0, (wanted - found).total() - nameless),
        sum(count for leg, count in extra.items() if leg in wanted),
        sum(count for leg, count in extra.items() if leg not in wanted),
        unreadable(running),
    )


def _missing(wanted: Legs, found: Legs) -> int:
    return (wanted - found).total() - found[_NAMELESS]


def legs_found(running: Exchange) -> Legs:
    """The legs that have a record, and how many. Raises StoreError."""
    return Counter((row.side, row.sip_call_id) for row in _rows(running, _LEGS))


def unreadable(running: Exchange) -> int:
    """Records in quarantine. Raises StoreError."""
    count: int = _rows(running, _QUARANTINE)[0][0]
    return count


def _rows(running: Exchange, statement: TextClause) -> Sequence[Row[Any]]:
    database = engine(running.settings, "fernamt benchmark")
    try:
        with database_errors("the benchmark's records"), database.connect() as connection:
            return connection.execute(statement).all()
    finally:
        database.dispose()
