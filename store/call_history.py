"""What the database knows of one call beside its records: queue, emergency, orders, charge (B12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine, text

from store.foreign_errors import database_errors
from store.tables import MAX_ID

#: Most entries of one call.
MAX_ENTRIES: Final = 1_000


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """`kind`: queue, order (of a person or program), emergency, rating, recording, message, abuse."""

    at: datetime
    kind: str
    what: str
    words: str


class CallHistory:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, call_id: str, leg_ids: Sequence[str]) -> tuple[HistoryEntry, ...]:
        """Everything about the call and its legs, oldest first, at most MAX_ENTRIES."""
        ids = sorted({each for each in (call_id, *leg_ids) if "\0" not in each and len(each) <= MAX_ID})
        known = {"ids": ids, "most": MAX_ENTRIES}
        with database_errors(f"history of call {call_id[:MAX_ID]}"), self._engine.connect() as connection:
            rows = connection.execute(_HISTORY, known)
            return tuple(HistoryEntry(row.at.astimezone(UTC), row.kind, row.what, row.words) for row in rows)


#: Names of callers stand in none of these, but for what an operator ordered.
_HISTORY: Final = text("""
SELECT at, kind, what, words FROM (
    SELECT l.at, 'queue' AS kind, l.kind AS what,
           concat_ws(' ', l.agent_id, CASE WHEN l.details <> '{}' THEN l.details::text END) AS words
      FROM acd_contact AS c JOIN acd_log AS l ON l.contact_id = c.id WHERE c.call_id = ANY(:ids)
    UNION ALL
    SELECT at, 'order', action, concat_ws(' ', 'by', actor, details ->> 'reason')
      FROM audit WHERE object_id = ANY(:ids) OR details ->> 'call' = ANY(:ids)
    UNION ALL
    SELECT at, 'emergency', outcome, concat_ws(' ', dialled, 'centre', centre, 'area', area_code, reason_id)
      FROM emergency_attempt WHERE call_id = ANY(:ids)
    UNION ALL
    SELECT rated_at, 'rating', 'charged',
           concat_ws(' ', 'leg', leg_id, coalesce('free: ' || free, ticks || ' ticks ' || currency),
                     CASE WHEN bundle IS NOT NULL THEN 'bundle ' || bundle END, billed_s || ' s')
      FROM charge WHERE call_id = ANY(:ids) OR leg_id = ANY(:ids)
    UNION ALL
    SELECT noted_at, 'rating', 'waits', 'to be rated' FROM rating_due WHERE call_id = ANY(:ids)
    UNION ALL
    SELECT received_at, 'record', 'taken in', 'leg ' || leg_id FROM cdr_raw WHERE leg_id = ANY(:ids)
) AS found ORDER BY at, kind, what LIMIT :most
""")
