"""Probes of trunks and entered times in PostgreSQL (F1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql

from availability.report import Entered, Kind, Measured
from availability.spans import Span
from store import audit
from store.availability_tables import availability_entry, trunk_probe
from store.errors import RecordRefused
from store.foreign_errors import database_errors

#: Most entries read at once.
MAX_ENTRIES: Final = 10_000
#: A year of a minute's probes over several trunks is some million rows.
_LIMIT: Final = "120s"


@dataclass(frozen=True, slots=True)
class Probe:
    """A synthetic call of `node` over `trunk_id` in `minute` (UTC, whole). `reached`: the other side took it
    or gave a word of its own; `cause` by FreeSWITCH's name."""

    minute: datetime
    node: str
    trunk_id: str
    reached: bool
    cause: str
    took_ms: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch of time that somebody entered; times are UTC."""

    id: int
    begin_at: datetime
    end_at: datetime
    kind: str
    reason: str
    actor: str
    entered_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None

    def counts_as(self) -> Entered:
        """For the report."""
        return Entered(Span(self.begin_at, self.end_at), Kind(self.kind), self.reason)


class AvailabilityBook:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, probes: Sequence[Probe]) -> None:
        """Keep probes. Two of the same minute, node and trunk are one, reached if either was."""
        if not probes:
            return
        wanted = postgresql.insert(trunk_probe)
        better = wanted.excluded
        wanted = wanted.on_conflict_do_update(
            index_elements=["minute", "node", "trunk_id"],
            set_={"reached": better.reached, "cause": better.cause, "took_ms": better.took_ms},
            where=trunk_probe.c.reached.is_(False),
        )
        rows = [
            {name: getattr(each, name) for name in Probe.__dataclass_fields__}
            for each in {(each.minute, each.node, each.trunk_id): each for each in probes}.values()
        ]
        with database_errors("keeping probes of trunks"), self._engine.begin() as connection:
            connection.execute(wanted, rows)

    def forget(self, before: datetime) -> int:
        """Delete probes of long ago; how many."""
        with database_errors("deleting old probes"), self._engine.begin() as connection:
            _patient(connection)
            return connection.execute(delete(trunk_probe).where(trunk_probe.c.minute < before)).rowcount

    def newest(self) -> tuple[Probe, ...]:
        """The last probe of each node over each trunk within an hour of the last of all."""
        query = text("""
            SELECT DISTINCT ON (node, trunk_id) minute, node, trunk_id, reached, cause, took_ms
              FROM trunk_probe
             WHERE minute > (SELECT max(minute) FROM trunk_probe) - interval '1 hour'
             ORDER BY node, trunk_id, minute DESC""")
        with database_errors("reading probes of trunks"), self._engine.connect() as connection:
            return tuple(_probe(row) for row in connection.execute(query).mappings())

    def first(self) -> datetime | None:
        """The first minute that was ever probed."""
        with database_errors("reading probes of trunks"), self._engine.connect() as connection:
            found = connection.execute(select(func.min(trunk_probe.c.minute))).scalar_one()
            return found.astimezone(UTC) if found is not None else None

    def measured(self, period: Span) -> Measured:
        """What probes of all nodes over all trunks say of the period."""
        with database_errors("reading probes of trunks"), self._engine.connect() as connection:
            _patient(connection)
            return Measured(_runs(connection, period, "true"), _runs(connection, period, "reached"))

    def enter(self, begin: datetime, end: datetime, kind: Kind, reason: str, actor: str, at: datetime) -> int:
        """Enter a stretch of time; its number. RecordRefused for a maintenance that was not announced."""
        row = {
            "begin_at": begin,
            "end_at": end,
            "kind": kind.value,
            "reason": reason,
            "actor": actor,
            "entered_at": at,
        }
        with database_errors("entering a time"), self._engine.begin() as connection:
            made = insert(availability_entry).values(row).returning(availability_entry.c.id)
            number: int = connection.execute(made).scalar_one()
            _audit(connection, actor, "availability.enter", number, {"kind": kind.value, "reason": reason})
            return number

    def withdraw(self, number: int, reason: str, actor: str, at: datetime) -> None:
        """What was entered does not hold any more. RecordRefused when there is no such open entry."""
        change = update(availability_entry).values(withdrawn_at=at, withdrawn_by=actor)
        change = change.where(availability_entry.c.id == number, availability_entry.c.withdrawn_at.is_(None))
        with database_errors(f"withdrawing entry {number}"), self._engine.begin() as connection:
            if connection.execute(change).rowcount != 1:
                raise RecordRefused(
                    f"entry {number}",
                    "there is none, or it is withdrawn already",
                    "See `fernamt availability list`",
                )
            _audit(connection, actor, "availability.withdraw", number, {"reason": reason})

    def entries(self, period: Span | None = None, *, withdrawn: bool = False) -> tuple[Entry, ...]:
        """Entries that touch the period, oldest first, at most MAX_ENTRIES."""
        query = select(availability_entry).order_by(availability_entry.c.begin_at, availability_entry.c.id)
        if period is not None:
            query = query.where(
                availability_entry.c.begin_at < period.end, availability_entry.c.end_at > period.begin
            )
        if not withdrawn:
            query = query.where(availability_entry.c.withdrawn_at.is_(None))
        with database_errors("reading entered times"), self._engine.connect() as connection:
            rows = connection.execute(query.limit(MAX_ENTRIES)).mappings()
            return tuple(_entry(row) for row in rows)


def _runs(connection: Connection, period: Span, which: str) -> tuple[Span, ...]:
    """Minutes with such a probe, those on end in one span."""
    query = text(f"""
        SELECT min(minute) AS begin_at, max(minute) + interval '1 minute' AS end_at FROM (
            SELECT minute, minute - row_number() OVER (ORDER BY minute) * interval '1 minute' AS run FROM (
                SELECT DISTINCT minute FROM trunk_probe
                 WHERE minute >= :begin AND minute < :end AND {which}
            ) AS minutes
        ) AS runs GROUP BY run ORDER BY 1""")  # noqa: S608 - one of two words of ours
    rows = connection.execute(query, {"begin": period.begin, "end": period.end})
    return tuple(Span(row.begin_at.astimezone(UTC), row.end_at.astimezone(UTC)) for row in rows)


def _patient(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL statement_timeout = '{_LIMIT}'"))


def _audit(connection: Connection, actor: str, action: str, number: int, details: dict[str, str]) -> None:
    audit.record(
        connection, actor=actor, action=action, object_kind="availability", object_id=str(number),
        details=details,
    )  # fmt: skip


def _probe(row: Any) -> Probe:
    return Probe(**{**row, "minute": row["minute"].astimezone(UTC)})


def _entry(row: Any) -> Entry:
    moments = {name: value.astimezone(UTC) for name, value in row.items() if isinstance(value, datetime)}
    return Entry(**{**row, **moments})
