"""Mailbox messages (C3): sealed when they come, opened when they are heard, deleted on time (F4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from dialplan.mailbox import MessageFacts, Notice
from privacy import kinds
from store import audit
from store.erasure_book import write_down
from store.errors import RecordRefused
from store.foreign_errors import database_errors
from store.mailbox_tables import mailbox_message
from store.privacy_holds import not_under_order, order_about, refuse_under_order
from store.sealed import seal, unseal
from store.standby import wait_for_known
from store.tables import MAX_TEXT

#: Most messages read at once.
MAX_MESSAGES: Final = 10_000
_WITHOUT_SOUND: Final = tuple(
    column for column in mailbox_message.c if column.name not in ("sealed", "notify", "notify_at")
)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message without what was said. Times are UTC; None: it has not happened."""

    id: str
    customer_id: str
    mailbox_id: str
    caller: str | None
    called: str
    received_at: datetime
    duration_ms: int
    expires_at: datetime
    notify_attempts: int
    notify_error: str | None
    notified_at: datetime | None
    heard_at: datetime | None


class MailboxMessages:
    """All methods raise DatabaseError's children. `key` gives the key in force when it is needed."""

    def __init__(self, engine: Engine, key: Callable[[], bytes]) -> None:
        self._engine = engine
        self._key = key

    def add(self, facts: MessageFacts, sound: bytes, duration_ms: int) -> bool:
        """Keep a message, once: whether it is new. RecordRefused for one that is too long."""
        values = {
            "id": facts.id,
            "customer_id": facts.customer_id,
            "mailbox_id": facts.mailbox_id,
            "caller": facts.caller,
            "called": facts.called,
            "received_at": facts.at,
            "duration_ms": duration_ms,
            "sealed": seal(self._key(), sound, _bound(facts.customer_id, facts.id)),
            "expires_at": facts.at + timedelta(days=facts.retention_days),
            "notify": list(facts.notify),
            "notify_at": facts.at if facts.notify else None,
            "notify_attempts": 0,
        }
        statement = insert(mailbox_message).values(values).on_conflict_do_nothing()
        with database_errors(f"keeping message {facts.id}"), self._engine.begin() as connection:
            new = connection.execute(statement).rowcount == 1
            if not new:
                wait_for_known(connection)
        return new

    def messages(
        self,
        customer_id: str | None = None,
        mailbox_id: str | None = None,
        limit: int = 100,
        in_time: datetime | None = None,
    ) -> tuple[StoredMessage, ...]:
        """The newest first, at most `limit`. With `in_time` those alone whose time is not over then, and not
        those that an order keeps beyond it."""
        wanted = select(*_WITHOUT_SOUND).order_by(mailbox_message.c.received_at.desc(), mailbox_message.c.id)
        for column, value in (
            (mailbox_message.c.customer_id, customer_id),
            (mailbox_message.c.mailbox_id, mailbox_id),
        ):
            if value is not None:
                wanted = wanted.where(column == value)
        if in_time is not None:
            wanted = wanted.where(mailbox_message.c.expires_at > in_time)
        wanted = wanted.limit(max(1, min(limit, MAX_MESSAGES)))
        with database_errors("listing messages"), self._engine.connect() as connection:
            return tuple(_message(row) for row in connection.execute(wanted).mappings())

    def message(self, message_id: str) -> StoredMessage:
        """One message. Raises RecordRefused when there is none."""
        wanted = select(*_WITHOUT_SOUND).where(mailbox_message.c.id == message_id)
        with database_errors(f"reading message {message_id}"), self._engine.connect() as connection:
            row = connection.execute(wanted).mappings().first()
        if row is None:
            raise _unknown(message_id)
        return _message(row)

    def hear(self, message_id: str, at: datetime, actor: str) -> bytes:
        """What was said, as WAV; that somebody heard it stands in the audit (TDDDG § 3)."""
        mine = mailbox_message.c.id == message_id
        with database_errors(f"reading message {message_id}"), self._engine.begin() as connection:
            row = connection.execute(
                select(mailbox_message.c.customer_id, mailbox_message.c.sealed).where(mine)
            ).first()
            if row is None:
                raise _unknown(message_id)
            sound = unseal(self._key(), bytes(row.sealed), _bound(row.customer_id, message_id))
            first = mailbox_message.c.heard_at.is_(None)
            connection.execute(update(mailbox_message).where(mine, first).values(heard_at=at))
            _record(connection, actor, "mailbox.play", message_id, {"customer": row.customer_id})
        return sound

    def erase(self, message_id: str, actor: str, reason: str) -> None:
        """Delete a message before its time. Raises RecordRefused when there is none, UnderOrder when an
        authority's order keeps it."""
        place = f"erasing message {message_id}"
        with database_errors(place), self._engine.begin() as connection:
            customer_id = _owner(connection, message_id)
            refuse_under_order(connection, customer_id, place)
            _delete(connection, message_id, customer_id, actor, reason)

    def dismiss(self, message_id: str, at: datetime, actor: str, reason: str) -> None:
        """Delete a message as its owner wants it. Where an authority's order keeps it only its time is over:
        it is listed to the owner no more, and goes once the order is released. Raises RecordRefused when
        there is none."""
        message = mailbox_message.c
        with database_errors(f"erasing message {message_id}"), self._engine.begin() as connection:
            customer_id = _owner(connection, message_id)
            order = order_about(connection, customer_id)
            if order is None:
                _delete(connection, message_id, customer_id, actor, reason)
                return
            # The table wants a message to be kept for a moment at least.
            first = message.received_at + timedelta(milliseconds=1)
            ended = func.greatest(first, func.least(message.expires_at, at))
            over = update(mailbox_message).where(message.id == message_id)
            connection.execute(over.values(expires_at=ended, notify_at=None))
            details = {"customer": customer_id, "reason": reason, "kept_by_hold": order}
            _record(connection, actor, "mailbox.dismiss", message_id, details)

    def expire(self, now: datetime) -> int:
        """Delete what has been kept long enough; how many."""
        free = not_under_order(mailbox_message.c.customer_id)
        gone = delete(mailbox_message).where(mailbox_message.c.expires_at <= now, free)
        with database_errors("deleting old messages"), self._engine.begin() as connection:
            whose = connection.execute(gone.returning(mailbox_message.c.customer_id)).scalars().all()
            write_down(connection, kinds.MESSAGES, now, whose)
        return len(whose)

    def to_tell(self, now: datetime, limit: int = 20) -> tuple[Notice, ...]:
        """Messages of which an e-mail is due, the oldest first."""
        due: ColumnElement[bool] = mailbox_message.c.notify_at <= now
        table = mailbox_message.c
        wanted = select(mailbox_message).where(due).order_by(table.notify_at, table.id).limit(limit)
        wanted = wanted.with_only_columns(*(each for each in table if each.name != "sealed"))
        with database_errors("reading who is to be told"), self._engine.connect() as connection:
            return tuple(
                Notice(
                    row.id,
                    row.customer_id,
                    row.mailbox_id,
                    row.caller,
                    row.called,
                    row.received_at,
                    row.duration_ms,
                    tuple(row.notify),
                    row.notify_attempts,
                )
                for row in connection.execute(wanted)
            )

    def told(self, message_id: str, at: datetime) -> None:
        """The e-mail is out."""
        self._note(message_id, {"notified_at": at, "notify_at": None, "notify_error": None})

    def not_told(self, message_id: str, why: str, again: datetime | None) -> None:
        """It could not be sent; tried `again` then, or given up."""
        self._note(message_id, {"notify_at": again, "notify_error": why[:MAX_TEXT] or "unknown"})

    def _note(self, message_id: str, values: dict[str, Any]) -> None:
        attempts = mailbox_message.c.notify_attempts + 1
        change = update(mailbox_message).where(mailbox_message.c.id == message_id)
        with database_errors(f"noting message {message_id}"), self._engine.begin() as connection:
            connection.execute(change.values(notify_attempts=attempts, **values))


def _owner(connection: Connection, message_id: str) -> str:
    """Whose message it is, which nobody else changes until the end of the transaction."""
    wanted = select(mailbox_message.c.customer_id).where(mailbox_message.c.id == message_id)
    owner: str | None = connection.execute(wanted.with_for_update()).scalar()
    if owner is None:
        raise _unknown(message_id)
    return owner


def _delete(connection: Connection, message_id: str, customer_id: str, actor: str, reason: str) -> None:
    connection.execute(delete(mailbox_message).where(mailbox_message.c.id == message_id))
    details = {"customer": customer_id, "reason": reason}
    _record(connection, actor, "mailbox.erase", message_id, details)


def _bound(customer_id: str, message_id: str) -> str:
    return f"message {message_id} of {customer_id}"


def _message(row: Any) -> StoredMessage:
    return StoredMessage(**row)


def _record(connection: Any, actor: str, action: str, message_id: str, details: dict[str, Any]) -> None:
    audit.record(
        connection,
        actor=actor,
        action=action,
        object_kind="mailbox_message",
        object_id=message_id,
        details=details,
    )


def _unknown(message_id: str) -> RecordRefused:
    return RecordRefused(f"message {message_id}", "there is no such message", "See `fernamt mailbox list`")
