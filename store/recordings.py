"""Recorded conversations (C4): sealed when they come, opened when they are heard, deleted on time (F4).

As rows of at most 1 MiB: a conversation of any length is there whole or not at all, is in the backup and on
both sites, and is gone with its expiry (decision 11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, count
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from dialplan.recording import RecordingFacts
from privacy import kinds
from store import audit
from store.erasure_book import SWEEPER, write_down
from store.errors import RecordRefused
from store.foreign_errors import database_errors
from store.privacy_holds import not_under_order, refuse_under_order
from store.recording_tables import recording, recording_part
from store.sealed import unseal
from store.sealed_stream import VERSION, seal_stream, unseal_stream
from store.standby import wait_for_known

#: Most recordings read at once.
MAX_RECORDINGS: Final = 10_000
#: Most that are deleted in one transaction.
_PIECE: Final = 100
#: Why it is deleted.
_KEPT_LONG_ENOUGH: Final = "kept long enough"


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A recording without what was said. Times are UTC. `erased_…`: None while it is kept.

    `consent_kind`: dialplan.recording.ConsentKind. A spoken consent has no key; the agent who asked is the
    one who is recorded.
    """

    id: str
    call_id: str
    customer_id: str
    queue_id: str
    agent_id: str
    consent_kind: str
    consent_key: str | None
    consented_at: datetime
    started_at: datetime
    duration_ms: int
    parts: int
    expires_at: datetime
    erased_at: datetime | None
    erased_by: str | None
    erased_why: str | None


class RecordingArchive:
    """All methods raise DatabaseError's children. `key` gives the key in force when it is needed."""

    def __init__(self, engine: Engine, key: Callable[[], bytes]) -> None:
        self._engine = engine
        self._key = key

    def add(self, facts: RecordingFacts, duration_ms: int, parts: Iterable[bytes]) -> bool:
        """Keep a recording, once: whether it is new. Part by part, of at most 1 MiB each, so that a long one
        needs no memory."""
        place = f"keeping recording {facts.id}"
        with database_errors(place), self._engine.begin() as connection:
            known = select(recording.c.id).where(recording.c.id == facts.id)
            if connection.execute(known).first() is not None:
                wait_for_known(connection)
                return False
            # The number of parts is known behind them, and a part needs its recording: so it comes twice.
            connection.execute(insert(recording).values(_row(facts, duration_ms)))
            number = 0
            stream = seal_stream(self._key(), parts, _bound(facts.customer_id, facts.id))
            for number, sealed in enumerate(stream, start=1):
                row = {"recording_id": facts.id, "number": number, "sealed": sealed}
                connection.execute(insert(recording_part).values(row))
            mine = recording.c.id == facts.id
            connection.execute(update(recording).where(mine).values(parts=number))
        return True

    def recordings(
        self, customer_id: str | None = None, call_id: str | None = None, limit: int = 100
    ) -> tuple[StoredRecording, ...]:
        """The newest first, at most `limit`, erased ones among them."""
        wanted = select(recording).order_by(recording.c.started_at.desc(), recording.c.id)
        for column, value in ((recording.c.customer_id, customer_id), (recording.c.call_id, call_id)):
            if value is not None:
                wanted = wanted.where(column == value)
        wanted = wanted.limit(max(1, min(limit, MAX_RECORDINGS)))
        with database_errors("listing recordings"), self._engine.connect() as connection:
            return tuple(StoredRecording(**row) for row in connection.execute(wanted).mappings())

    def hear(self, recording_id: str, actor: str, reason: str) -> Iterator[bytes]:
        """What was said, as WAV, part by part; that somebody heard it stands in the audit before (TDDDG § 3).

        A part that is not as it was raises RecordRefused when its turn comes: throw away what came before.
        """
        place = f"reading recording {recording_id}"
        with database_errors(place), self._engine.begin() as connection:
            row = _kept(connection, recording_id)
            details = {"customer": row["customer_id"], "call": row["call_id"], "reason": reason}
            _record(connection, actor, "record.play", recording_id, details)
        return self._opened(row["customer_id"], recording_id, row["parts"])

    def _opened(self, customer_id: str, recording_id: str, parts: int) -> Iterator[bytes]:
        key, bound_to = self._key(), _bound(customer_id, recording_id)
        sealed = self._sealed(recording_id, parts)
        first = next(sealed)
        if first[:1] == VERSION:
            yield from unseal_stream(key, chain((first,), sealed), bound_to)
            return
        # Recordings of versions before: each part for itself.
        for number, each in enumerate(chain((first,), sealed), start=1):
            yield unseal(key, each, f"part {number} of {bound_to}")

    def _sealed(self, recording_id: str, parts: int) -> Iterator[bytes]:
        """As many parts as there were, and what may be behind them."""
        place = f"reading recording {recording_id}"
        part = recording_part.c
        for number in count(1):
            wanted = select(part.sealed).where(part.recording_id == recording_id, part.number == number)
            with database_errors(place), self._engine.connect() as connection:
                found = connection.execute(wanted).scalar()
            if found is not None:
                yield bytes(found)
            elif number <= parts:
                why = f"part {number} of {parts} is not there"
                raise RecordRefused(place, why, "See `fernamt record list`: it may be erased meanwhile")
            else:
                return

    def erase(self, recording_id: str, at: datetime, actor: str, reason: str) -> None:
        """Delete what was said before its time. Raises RecordRefused when it is not there any more,
        UnderOrder when an authority's order keeps it."""
        place = f"erasing recording {recording_id}"
        with database_errors(place), self._engine.begin() as connection:
            row = _kept(connection, recording_id)
            refuse_under_order(connection, row["customer_id"], place)
            _erase(connection, [recording_id], at, actor, reason)
            details = {"customer": row["customer_id"], "call": row["call_id"], "reason": reason}
            _record(connection, actor, "record.erase", recording_id, details)

    def expire(self, now: datetime) -> int:
        """Delete what has been kept long enough; how many."""
        old = select(recording.c.id, recording.c.customer_id)
        old = old.where(recording.c.expires_at <= now, recording.c.erased_at.is_(None))
        old = old.where(not_under_order(recording.c.customer_id))
        old = old.order_by(recording.c.expires_at, recording.c.id).limit(_PIECE)
        erased = 0
        while True:
            with database_errors("deleting old recordings"), self._engine.begin() as connection:
                found = connection.execute(old.with_for_update(skip_locked=True)).all()
                _erase(connection, [each.id for each in found], now, SWEEPER, _KEPT_LONG_ENOUGH)
                write_down(connection, kinds.RECORDINGS, now, (each.customer_id for each in found))
            erased += len(found)
            if len(found) < _PIECE:
                return erased


def _erase(connection: Connection, ids: list[str], at: datetime, actor: str, reason: str) -> None:
    if not ids:
        return
    connection.execute(delete(recording_part).where(recording_part.c.recording_id.in_(ids)))
    gone = {"erased_at": at, "erased_by": actor, "erased_why": reason or "no reason given"}
    connection.execute(update(recording).where(recording.c.id.in_(ids)).values(gone))


def _kept(connection: Connection, recording_id: str) -> Any:
    wanted = select(recording).where(recording.c.id == recording_id).with_for_update()
    row = connection.execute(wanted).mappings().first()
    if row is None:
        raise RecordRefused(
            f"recording {recording_id}", "there is no such recording", "See `fernamt record list`"
        )
    if row["erased_at"] is not None:
        why = f"it was erased by {row['erased_by']}: {row['erased_why']}"
        raise RecordRefused(f"recording {recording_id}", why, "Nothing of it is left")
    return row


def _row(facts: RecordingFacts, duration_ms: int) -> dict[str, Any]:
    return {
        "id": facts.id,
        "call_id": facts.call_id,
        "customer_id": facts.customer_id,
        "queue_id": facts.queue_id,
        "agent_id": facts.agent_id,
        "consent_kind": facts.consent.kind.value,
        "consent_key": facts.consent.key or None,
        "consented_at": facts.consent.at,
        "started_at": facts.started_at,
        "duration_ms": duration_ms,
        "parts": 1,
        "expires_at": facts.started_at + timedelta(days=facts.retention_days),
    }


def _bound(customer_id: str, recording_id: str) -> str:
    return f"recording {recording_id} of {customer_id}"


def _record(
    connection: Connection, actor: str, action: str, recording_id: str, details: dict[str, Any]
) -> None:
    audit.record(
        connection,
        actor=actor,
        action=action,
        object_kind="recording",
        object_id=recording_id,
        details=details,
    )
