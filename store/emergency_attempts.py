"""Emergency attempts in PostgreSQL: inserted once, reported with what became of the call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.dialects.postgresql import insert

from dialplan.emergency.attempt import EmergencyAttempt
from numbering.e164 import E164
from store.emergency_records import sent_from
from store.emergency_tables import emergency_attempt
from store.foreign_errors import database_errors
from store.standby import wait_for_known

#: Most attempts read at once.
MAX_REPORT: Final = 10_000


@dataclass(frozen=True, slots=True)
class EmergencyReport:
    """An attempt and its call's record. `attempt` is None when no controller decided it (reason
    static.emergency); `answered_ms` is ring time until the answer, None when nobody answered or the record is
    not there yet; `trunk_id` the trunk that answered."""

    call_id: str
    at: datetime
    customer_id: str | None
    number: str | None
    dialled: str
    outcome: str
    reason_id: str
    attempt: EmergencyAttempt | None
    trunk_id: str | None
    answered_ms: int | None
    talked_ms: int | None


class EmergencyAttempts:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def insert(self, attempts: Sequence[EmergencyAttempt]) -> None:
        """Those that are known already stay as they are. All are committed on return."""
        if not attempts:
            return
        wanted = insert(emergency_attempt).on_conflict_do_nothing(index_elements=["call_id"])
        with database_errors("keeping emergency attempts"), self._engine.begin() as connection:
            new = connection.execute(
                wanted.returning(emergency_attempt.c.call_id), [_row(each) for each in attempts]
            )
            if not new.all():
                wait_for_known(connection)

    def report(
        self, begin: datetime, end: datetime, customer_id: str | None = None, limit: int = MAX_REPORT
    ) -> tuple[EmergencyReport, ...]:
        """Attempts in [begin, end) in their order, also those without a controller; at most `limit`."""
        facts = {"begin": begin, "end": end, "customer": customer_id, "limit": min(limit, MAX_REPORT)}
        with database_errors("reading emergency attempts"), self._engine.connect() as connection:
            return tuple(_report(row) for row in connection.execute(_REPORT, facts))


_REPORT: Final = text("""
WITH attempts AS (
    SELECT call_id, at, customer_id, number, dialled, outcome, reason_id, true AS decided
      FROM emergency_attempt WHERE at >= :begin AND at < :end
    UNION ALL
    SELECT call_id, started_at, customer_id, a_network, coalesce(b_number, ''), 'route', reason_id, false
      FROM cdr WHERE side = 'a' AND reason_id = 'static.emergency' AND started_at >= :begin AND
      started_at < :end
)
SELECT a.*, to_jsonb(e) AS kept, b.trunk_id,
       (extract(epoch FROM b.answered_at - b.started_at) * 1000)::bigint AS answered_ms,
       b.billed_ms AS talked_ms
  FROM attempts a
  LEFT JOIN emergency_attempt e ON a.decided AND e.call_id = a.call_id
  LEFT JOIN LATERAL (
      SELECT trunk_id, answered_at, started_at, billed_ms FROM cdr
       WHERE cdr.call_id = a.call_id AND side = 'b' AND answered_at IS NOT NULL
       ORDER BY answered_at LIMIT 1
  ) b ON true
 WHERE CAST(:customer AS text) IS NULL OR a.customer_id = :customer
 ORDER BY a.at, a.call_id LIMIT :limit
""")


def _row(attempt: EmergencyAttempt) -> dict[str, Any]:
    known = asdict(attempt)
    known["written"] = attempt.written.replace("\0", "")
    known["sent"] = list(known["sent"])
    known["pre_empted"] = list(attempt.pre_empted)
    if attempt.claimed_location is not None:
        known["claimed_location"] = attempt.claimed_location.replace("\0", "")
    return known


def _report(row: Any) -> EmergencyReport:
    return EmergencyReport(
        call_id=row.call_id,
        at=row.at,
        customer_id=row.customer_id,
        number=row.number,
        dialled=row.dialled,
        outcome=row.outcome,
        reason_id=row.reason_id,
        attempt=_attempt(row.kept, row.at) if row.kept else None,
        trunk_id=row.trunk_id,
        answered_ms=row.answered_ms,
        talked_ms=row.talked_ms,
    )


def _attempt(kept: dict[str, Any], at: datetime) -> EmergencyAttempt:
    known = {name: value for name, value in kept.items() if name != "received_at"}
    known |= {
        "at": at,
        "number": E164(kept["number"]) if kept["number"] else None,
        "sent": tuple(sent_from(each) for each in kept["sent"]),
        "pre_empted": tuple(kept["pre_empted"]),
    }
    return EmergencyAttempt(**known)
