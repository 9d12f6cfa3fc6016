"""Throttles of abuse cases (B10), as controllers read them with what is blocked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from dialplan.limits.agreed import Throttle
from store.abuse_tables import abuse_case


def throttles(connection: Connection, at: datetime) -> tuple[Mapping[str, Throttle], datetime | None]:
    """Throttles in force by customer, the strictest of each, and when the first of them ends."""
    wanted = select(
        abuse_case.c.customer_id,
        abuse_case.c.throttle_calls,
        abuse_case.c.throttle_window_ms,
        abuse_case.c.throttle_until,
    ).where(abuse_case.c.released_at.is_(None), abuse_case.c.throttle_until > at)
    found: dict[str, Throttle] = {}
    ends: list[datetime] = []
    for row in connection.execute(wanted):
        throttle = Throttle(row.throttle_calls, row.throttle_window_ms)
        ends.append(row.throttle_until)
        found[row.customer_id] = min(
            found.get(row.customer_id, throttle), throttle, key=lambda each: each.calls / each.window_ms
        )
    return found, min(ends, default=None)
