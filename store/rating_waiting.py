"""What waits to be rated, and one charge with all that explains it, for operators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, func, insert, select, text, update

from rating.charge import Charge
from store import audit
from store.errors import ChargeUnknown
from store.foreign_errors import database_errors
from store.rating_book import prices
from store.rating_months import STATEMENT_LIMIT_S
from store.rating_rows import FACTS, charge_of
from store.rating_tables import charge, charge_correction, rating_due, rating_quarantine

#: Most lines of one reading.
MAX_LINES = 10_000


@dataclass(frozen=True, slots=True)
class WaitingLeg:
    """A leg in quarantine. Times are UTC. `aside_by`, `aside_why`: who said why that no invoice waits."""

    leg_id: str
    call_id: str
    customer_id: str
    month: date
    why: str
    sentence: str
    since: datetime
    tried_at: datetime
    aside_by: str | None = None
    aside_why: str | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Calls that are due and since when the oldest is; legs in quarantine for which invoices wait."""

    due: int
    oldest: datetime | None
    quarantined: int


@dataclass(frozen=True, slots=True)
class ExplainedCharge:
    """A charge or a correction, as it was made. `number` counts corrections; `reason` is that of one."""

    number: int
    charge: Charge
    reason: str | None
    rated_at: datetime
    tariff_revision: int


class WaitingLegs:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def backlog(self) -> Backlog:
        """How much waits."""
        with database_errors("counting what is not rated"), self._engine.connect() as connection:
            due = select(func.count(), func.min(rating_due.c.noted_at)).select_from(rating_due)
            count, oldest = connection.execute(due).one()
            waiting = select(func.count()).where(rating_quarantine.c.aside_why.is_(None))
            quarantined = connection.scalar(waiting)
            return Backlog(int(count), oldest, int(quarantined or 0))

    def clock(self) -> datetime:
        """The database's, which notes when calls became due."""
        with database_errors("asking the database for the time"), self._engine.connect() as connection:
            found: datetime = connection.execute(select(func.now())).scalar_one()
            return found

    def due(self, noted_by: datetime, until: datetime | None = None) -> int:
        """Calls with their A leg that were noted by that moment and are due; they began before `until`."""
        query = select(func.count()).where(rating_due.c.share >= 0, rating_due.c.noted_at <= noted_by)
        if until is not None:
            query = query.where(rating_due.c.started_at < until)
        with database_errors("counting what is not rated"), self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def tidy(self) -> None:
        """Make room where many calls were taken off the list: else each look at it goes over all of them."""
        with database_errors("tidying up the list of due calls"), self._engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.execute(text(f"SET statement_timeout = '{STATEMENT_LIMIT_S}s'"))
            # Another worker may do the same, and could not yet remove what this one took.
            alone.execute(text(f"SET lock_timeout = '{STATEMENT_LIMIT_S}s'"))
            try:
                alone.execute(text("VACUUM (ANALYZE) rating_due"))
            finally:
                alone.execute(text("RESET statement_timeout"))
                alone.execute(text("RESET lock_timeout"))

    def quarantined(self, customer_id: str | None = None, limit: int = 100) -> tuple[WaitingLeg, ...]:
        """Legs in quarantine, oldest first, at most `limit` (1 to MAX_LINES)."""
        columns = [rating_quarantine.c[name] for name in WaitingLeg.__dataclass_fields__]
        query = select(*columns).order_by(rating_quarantine.c.since, rating_quarantine.c.leg_id)
        if customer_id is not None:
            query = query.where(rating_quarantine.c.customer_id == customer_id)
        with database_errors("reading the quarantine"), self._engine.connect() as connection:
            rows = connection.execute(query.limit(max(1, min(limit, MAX_LINES)))).mappings()
            return tuple(WaitingLeg(**row) for row in rows)

    def retry(self, actor: str, customer_id: str | None = None) -> int:
        """Make the calls of all legs in quarantine due again; how many calls. They leave it when rated."""
        with database_errors("rating quarantined legs again"), self._engine.begin() as connection:
            again = select(rating_quarantine.c.call_id, func.now()).distinct()
            if customer_id is not None:
                again = again.where(rating_quarantine.c.customer_id == customer_id)
            names = ["call_id", "started_at"]
            known = select(rating_due.c.call_id)
            fresh = again.where(rating_quarantine.c.call_id.not_in(known))
            done = connection.execute(insert(rating_due).from_select(names, fresh))
            audit.record(
                connection,
                actor=actor,
                action="rate.retry",
                object_kind="quarantine",
                object_id=customer_id or "all",
                details={"calls": done.rowcount},
            )
            return int(done.rowcount)

    def set_aside(self, leg_id: str, *, actor: str, reason: str) -> None:
        """Let invoices go without a leg that cannot be rated; it stays in the quarantine, and when it is
        rated after all, it is on the next invoice. With its entry in the audit. Raises ChargeUnknown."""
        place = f"leg {leg_id[:128]}"
        here = (rating_quarantine.c.leg_id == leg_id) & rating_quarantine.c.aside_why.is_(None)
        with database_errors(place), self._engine.begin() as connection:
            values = {"aside_by": actor, "aside_why": reason}
            if not connection.execute(update(rating_quarantine).where(here).values(values)).rowcount:
                raise ChargeUnknown(
                    place, "no invoice waits for it", "Those that wait are in `fernamt rate quarantine list`"
                )
            audit.record(
                connection, actor=actor, action="rate.set-aside", object_kind="quarantine", object_id=leg_id,
                details={"reason": reason},
            )  # fmt: skip

    def explained(self, leg_id: str) -> tuple[ExplainedCharge, ...]:
        """The charge of a leg with its corrections, the first one first. Raises ChargeUnknown."""
        facts = [charge.c[name] for name in FACTS]
        first = select(text("0"), text("NULL"), charge.c.rated_at, charge.c.tariff_revision, *facts)
        corrected = select(
            charge_correction.c.number,
            charge_correction.c.reason,
            charge_correction.c.rated_at,
            charge_correction.c.tariff_revision,
            *(charge_correction.c[name] for name in FACTS),
        )
        with database_errors(f"reading the charge of {leg_id[:128]}"), self._engine.connect() as connection:
            rows: list[Any] = list(connection.execute(first.where(charge.c.leg_id == leg_id)))
            later = corrected.where(charge_correction.c.leg_id == leg_id)
            rows += connection.execute(later.order_by(charge_correction.c.number))
            found = [tuple(row) for row in rows]
            known = prices(connection.connection.cursor(), sorted(_price_numbers(found)))
        if not found:
            raise ChargeUnknown(
                f"leg {leg_id[:128]}",
                self._why(leg_id),
                "Legs are in `fernamt cdr export`; those that wait in `fernamt rate quarantine list`",
            )
        return tuple(
            ExplainedCharge(row[0], charge_of(row[4:], known), row[1], row[2], row[3]) for row in found
        )

    def _why(self, leg_id: str) -> str:
        query = select(rating_quarantine.c.sentence).where(rating_quarantine.c.leg_id == leg_id)
        with self._engine.connect() as connection:
            sentence = connection.scalar(query)
        return f"it is in quarantine: {sentence}" if sentence else "it has no charge"


def _price_numbers(rows: list[tuple[Any, ...]]) -> set[int]:
    places = FACTS.index("price_id"), FACTS.index("cost_price_id"), FACTS.index("pieces")
    found: set[int] = set()
    for row in rows:
        facts = row[4:]
        found |= {facts[place] for place in places[:2] if facts[place]}
        found |= {number for number, _ in facts[places[2]] or ()}
    return found
