"""Calls over Teams trunks and what Microsoft was told of them: how long each lasted, and each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from numbering.tenancy_seen import CallSeen

#: Records of one call come within moments of each other.
_SETTLE: Final = timedelta(minutes=10)
#: Older calls are not looked for: records that no bill needs are deleted after seven days (TDDDG § 9(1)).
_OLDEST: Final = timedelta(days=6)
#: Calls of one look.
_MOST: Final = 50_000

_UNREPORTED: Final = """
WITH trunk AS (
    SELECT each ->> 'id' AS trunk_id, lower(each ->> 'tenant_id') AS tenant_id
    FROM config_item CROSS JOIN LATERAL
        jsonb_array_elements(coalesce(content::jsonb -> 'teams_trunks', '[]')) AS each
    WHERE kind = 'customer' AND until_version IS NULL
)
SELECT leg.customer_id, trunk.tenant_id, leg.leg_id FROM cdr AS leg JOIN trunk USING (trunk_id)
WHERE leg.started_at > :oldest AND leg.ended_at < :settled AND leg.billed_ms > 0
    AND leg.customer_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM teams_call AS told WHERE told.leg_id = leg.leg_id)
ORDER BY leg.started_at, leg.leg_id LIMIT :most
"""
_MARK: Final = "INSERT INTO teams_call (leg_id, order_id) SELECT unnest(CAST(:legs AS text[])), :order"
_REPORTED: Final = """
SELECT coalesce(sip_call_id, leg_id) AS id, side = 'b' AS incoming, answered_at, billed_ms
FROM teams_call JOIN cdr USING (leg_id) WHERE order_id = :order ORDER BY started_at, leg_id
"""


def unreported(connection: Connection, at: datetime) -> Mapping[tuple[str, str], Sequence[str]]:
    """Answered legs over Teams trunks of the applied configuration that Microsoft was not told of, oldest
    first, 50,000 at most: (customer, tenant) -> ids of legs."""
    values = {"oldest": at - _OLDEST, "settled": at - _SETTLE, "most": _MOST}
    found: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(text(_UNREPORTED), values):
        found.setdefault((row.customer_id, row.tenant_id), []).append(row.leg_id)
    return found


def mark_reported(connection: Connection, order_id: str, legs: Sequence[str]) -> None:
    """These legs are told of by this order, and by no other one."""
    connection.execute(text(_MARK), {"legs": list(legs), "order": order_id})


def reported(connection: Connection, order_id: str) -> Sequence[CallSeen]:
    """What a report tells, to the second begun."""
    return [
        CallSeen(row.id, row.incoming, row.answered_at.astimezone(UTC), -(-row.billed_ms // 1000))
        for row in connection.execute(text(_REPORTED), {"order": order_id})
    ]
