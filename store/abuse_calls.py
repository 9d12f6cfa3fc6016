"""What the abuse rules look at: a customer's ended outgoing calls, read from the records of all nodes (B10),
and what the applied configuration says about the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, text

from dialplan.abuse.cases import EndedCall
from store.foreign_errors import database_errors

#: Newest calls of a customer that are looked at: more in a window changes no rule's verdict.
MAX_CALLS: Final = 5_000
#: Longest statement of the watch; it is tried again with the customer's next calls.
_TIMEOUT: Final = text("SET LOCAL statement_timeout = '3s'")

_CALLS: Final = text(
    "SELECT leg_id, b_number, started_at, ringing_at, answered_at, ended_at, hung_up_by FROM cdr"
    " WHERE customer_id = :customer_id AND started_at > :since"
    " AND direction IN ('out', 'onnet') AND b_number IS NOT NULL"
    # Or the second leg of a call that a program asked for, which has no caller's leg.
    " AND (side = 'a' OR leg_id <> call_id"
    " AND EXISTS (SELECT FROM cdr AS one WHERE one.leg_id = cdr.call_id AND one.side = 'b'))"
    " AND coalesce(reason_id, '') <> ALL(:ours)"
    " ORDER BY started_at DESC, leg_id DESC LIMIT :most"
)
#: Foreign numbers and the classes that cost more than a call: a first choice, the rules look again.
_COSTLY: Final = text(
    "SELECT started_at, b_number FROM cdr"
    " WHERE customer_id = :customer_id AND started_at > :since AND started_at <= :until"
    " AND side = 'a' AND direction = 'out'"
    " AND (b_number NOT LIKE '+49%' OR b_number LIKE '+49900%' OR b_number LIKE '+4913%')"
    " ORDER BY started_at LIMIT :most"
)
_CARRIER: Final = text(
    "SELECT content::jsonb -> 'abuse' FROM config_item WHERE kind = 'carrier' AND until_version IS NULL"
)
_CUSTOMER: Final = text(
    "SELECT content::jsonb -> 'abuse_rules' FROM config_item"
    " WHERE kind = 'customer' AND id = :customer_id AND until_version IS NULL"
)
#: Calls that we refused for the customer's own limits and blocks are no traffic.
_OURS: Final = ["out.customer-blocked", "out.user-blocked", "limit.throttled"]


class AbuseCalls:
    """All methods raise DatabaseError's children. Moments have a zone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def calls(self, customer_id: str, since: datetime) -> tuple[EndedCall, ...]:
        """Outgoing calls that began after `since`, in order of time, the newest MAX_CALLS."""
        values = {"customer_id": customer_id, "since": since, "most": MAX_CALLS, "ours": _OURS}
        with database_errors(f"reading calls of {customer_id}"), self._engine.begin() as connection:
            connection.execute(_TIMEOUT)
            rows = connection.execute(_CALLS, values).all()
        return tuple(
            EndedCall(
                row.leg_id,
                row.b_number,
                row.started_at,
                row.ringing_at,
                row.answered_at,
                row.ended_at,
                row.hung_up_by == "peer",
            )
            for row in reversed(rows)
        )

    def costly(self, customer_id: str, since: datetime, until: datetime) -> Sequence[tuple[datetime, str]]:
        """Start and number of calls that may be costly, in order of time, at most MAX_CALLS."""
        values = {"customer_id": customer_id, "since": since, "until": until, "most": MAX_CALLS}
        with database_errors(f"reading calls of {customer_id}"), self._engine.begin() as connection:
            connection.execute(_TIMEOUT)
            return [(row.started_at, row.b_number or "") for row in connection.execute(_COSTLY, values)]

    def configured(self, customer_id: str) -> tuple[Any, Any]:
        """`carrier.abuse` and the customer's `abuse_rules` of the version in force; None where not given."""
        with database_errors(f"reading abuse rules of {customer_id}"), self._engine.connect() as connection:
            carrier = connection.execute(_CARRIER).scalar_one_or_none()
            customer = connection.execute(_CUSTOMER, {"customer_id": customer_id}).scalar_one_or_none()
        return carrier, customer
