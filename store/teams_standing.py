"""How numbers stand at Microsoft, for people: consents, counts, open orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine, func, select, text

from numbering.e164 import E164
from numbering.tenancy import AT_TENANT, Consent
from numbering.tenancy_orders import Order, OrderState
from store.foreign_errors import database_errors
from store.teams_book import order_of
from store.teams_consents import TENANTS_OF
from store.teams_tables import teams_order

#: Most orders told at once.
MAX_ORDERS: Final = 1_000
_OPEN: Final = (OrderState.PLANNED, OrderState.ACCEPTED)


@dataclass(frozen=True, slots=True)
class TenantStanding:
    """A tenant of the configuration, of the inventory, or of Microsoft's list. `customer_id` None: nobody's.
    `seen_at`: when Microsoft was asked last, None for never. Counts of numbers: to be there, there, under
    way, in use by somebody there, with a problem noted. `trouble`: why Microsoft does not list its numbers,
    "" where it does; since when, and when it is asked again."""

    tenant_id: str
    customer_id: str | None
    consent: Consent
    changed_at: datetime | None
    seen_at: datetime | None
    wanted: int
    uploaded: int
    under_way: int
    in_use: int
    problems: int
    trouble: str = ""
    trouble_since: datetime | None = None
    trouble_next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NumberStanding:
    """A number in our book of Microsoft's. `life`: its state in the inventory, None for a free one."""

    number: E164
    tenant_id: str
    customer_id: str
    place: str
    since: datetime
    life: str | None
    assigned_to: str
    problem: str | None
    what: str
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that did not end, and how many numbers or calls it has."""

    order: Order
    count: int


class TeamsStanding:
    """All methods raise DatabaseError's children; moments are UTC."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tenants(self, customer_id: str | None = None) -> Sequence[TenantStanding]:
        """All of them, or a customer's, by customer and tenant."""
        with database_errors("reading how tenants stand"), self._engine.connect() as connection:
            rows = connection.execute(text(_TENANTS), {"customer": customer_id}).mappings().all()
        return [
            TenantStanding(
                **{
                    **row,
                    "consent": Consent(row["consent"]),
                    "changed_at": _utc(row["changed_at"]),
                    "trouble_since": _utc(row["trouble_since"]),
                    "trouble_next_at": _utc(row["trouble_next_at"]),
                    "seen_at": _utc(row["seen_at"]),
                }
            )
            for row in rows
        ]

    def numbers(self, tenant_id: str, after: str = "", limit: int = 1_000) -> Sequence[NumberStanding]:
        """A tenant's numbers in our book, in order, those behind `after`."""
        values = {"tenant": tenant_id, "after": after, "limit": limit}
        with database_errors("reading numbers at Microsoft"), self._engine.connect() as connection:
            rows = connection.execute(text(_NUMBERS), values).mappings().all()
        return [
            NumberStanding(
                **{
                    **row,
                    "number": E164(row["number"]),
                    "since": _utc(row["since"]),
                    "retry_at": _utc(row["retry_at"]),
                }
            )
            for row in rows
        ]

    def open_orders(self, customer_id: str | None = None) -> Sequence[OpenOrder]:
        """Orders that did not end, the oldest first, at most MAX_ORDERS."""
        query = select(teams_order).where(teams_order.c.state.in_(_OPEN))
        if customer_id is not None:
            query = query.where(teams_order.c.customer_id == customer_id)
        query = query.order_by(teams_order.c.made_at, teams_order.c.id).limit(MAX_ORDERS)
        with database_errors("reading open orders"), self._engine.connect() as connection:
            return [OpenOrder(order_of(row), row["count"]) for row in connection.execute(query).mappings()]

    def next_due(self) -> datetime | None:
        """When the next open order is due; None when none is open."""
        query = select(func.min(teams_order.c.next_at)).where(teams_order.c.state.in_(_OPEN))
        with database_errors("looking for the next order"), self._engine.connect() as connection:
            return _utc(connection.scalar(query))


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None


_HERE: Final = "', '".join(each.value for each in AT_TENANT)
_TENANTS: Final = f"""
WITH owner AS ({TENANTS_OF}), every AS (
    SELECT tenant_id FROM owner UNION SELECT tenant_id FROM teams_consent
    UNION SELECT tenant_id FROM teams_number
), wanted AS (
    SELECT tenant_id, count(*) AS wanted FROM number_state
    WHERE tenant_id IS NOT NULL AND state IN ('{_HERE}') GROUP BY 1
), there AS (
    SELECT tenant_id, count(*) FILTER (WHERE place = 'uploaded') AS uploaded,
        count(*) FILTER (WHERE order_id IS NOT NULL) AS under_way,
        count(*) FILTER (WHERE assigned_to <> '') AS in_use,
        count(*) FILTER (WHERE problem IS NOT NULL) AS problems
    FROM teams_number GROUP BY 1
)
SELECT every.tenant_id, coalesce(owner.customer_id, said.customer_id) AS customer_id,
    coalesce(said.consent, 'absent') AS consent, said.changed_at, said.seen_at, coalesce(wanted, 0) AS wanted,
    coalesce(uploaded, 0) AS uploaded, coalesce(under_way, 0) AS under_way, coalesce(in_use, 0) AS in_use,
    coalesce(problems, 0) AS problems, coalesce(said.trouble_why, '') AS trouble, said.trouble_since,
    said.trouble_next_at
FROM every LEFT JOIN owner USING (tenant_id) LEFT JOIN teams_consent AS said USING (tenant_id)
    LEFT JOIN wanted USING (tenant_id) LEFT JOIN there USING (tenant_id)
WHERE CAST(:customer AS text) IS NULL OR coalesce(owner.customer_id, said.customer_id) = :customer
ORDER BY 2, 1
"""  # noqa: S608 - constants
_NUMBERS: Final = """
SELECT number, known.tenant_id, known.customer_id, place, known.since, life.state AS life, assigned_to,
    problem, what, retry_at
FROM teams_number AS known LEFT JOIN number_state AS life USING (number)
WHERE known.tenant_id = :tenant AND number > :after ORDER BY number LIMIT :limit
"""
