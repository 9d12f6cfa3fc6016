"""Mailbox messages in PostgreSQL: sealed, heard with a trace, told of, deleted on time (C3, F4)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from dialplan.mailbox import MessageFacts
from store.audit import AuditLog
from store.errors import RecordRefused
from store.mailbox_messages import MailboxMessages
from store.privacy_erasing import PrivacyErasing
from store.privacy_holds import PrivacyHolds
from store.sealed import KEY_BYTES

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FACTS = MessageFacts(
    "call-1", "kunde", "box", "+4915228817386", "+493023125307", NOW, 30, ("post@kunde.example",)
)
SOUND = b"RIFF" + bytes(range(256)) * 40


@pytest.fixture
def messages(engine: Engine) -> MailboxMessages:
    key = os.urandom(KEY_BYTES)
    return MailboxMessages(engine, lambda: key)


def test_a_message_is_kept_once_and_rests_encrypted(engine: Engine, messages: MailboxMessages) -> None:
    """C3."""
    assert messages.add(FACTS, SOUND, 2000)
    assert not messages.add(FACTS, SOUND, 2000)
    with engine.connect() as connection:
        sealed = bytes(connection.execute(text("SELECT sealed FROM mailbox_message")).scalar_one())
    assert SOUND[:16] not in sealed
    (found,) = messages.messages("kunde", "box")
    assert (found.caller, found.duration_ms, found.heard_at) == (FACTS.caller, 2000, None)
    assert messages.messages("other") == ()


def test_who_heard_a_message_stands_in_the_audit(engine: Engine, messages: MailboxMessages) -> None:
    """TDDDG § 3."""
    messages.add(FACTS, SOUND, 2000)
    assert messages.hear("call-1", NOW, "tester") == SOUND
    assert messages.message("call-1").heard_at == NOW
    (entry,) = AuditLog(engine).latest(object_kind="mailbox_message")
    assert (entry.actor, entry.action, entry.object_id) == ("tester", "mailbox.play", "call-1")


def test_a_message_opens_for_its_own_customer_and_key_only(engine: Engine, messages: MailboxMessages) -> None:
    """Guarantee 8."""
    messages.add(FACTS, SOUND, 2000)
    with pytest.raises(RecordRefused, match="cannot be decrypted"):
        MailboxMessages(engine, lambda: bytes(KEY_BYTES)).hear("call-1", NOW, "tester")
    with engine.begin() as connection:
        connection.execute(text("UPDATE mailbox_message SET customer_id = 'other'"))
    with pytest.raises(RecordRefused, match="cannot be decrypted"):
        messages.hear("call-1", NOW, "tester")
    assert messages.message("call-1").heard_at is None


def test_a_message_is_erased_with_its_reason(engine: Engine, messages: MailboxMessages) -> None:
    messages.add(FACTS, SOUND, 2000)
    messages.erase("call-1", "tester", "wish of the customer")
    assert messages.messages() == ()
    (entry,) = AuditLog(engine).latest(object_kind="mailbox_message")
    assert entry.details == {"customer": "kunde", "reason": "wish of the customer"}
    with pytest.raises(RecordRefused, match="no such message"):
        messages.erase("call-1", "tester", "again")


def test_what_its_owner_deletes_by_phone_goes_unless_an_order_keeps_it(
    messages: MailboxMessages, engine: Engine
) -> None:
    """F4: an objection keeps calls, not what was said."""
    holds = PrivacyHolds(engine)
    holds.open("kunde", "objection", None, NOW, "anna", "objection of 3 December")
    messages.add(FACTS, SOUND, 2000)
    messages.dismiss("call-1", NOW, "phone", "by phone")
    assert messages.messages() == ()
    holds.open("kunde", "order", None, NOW, "anna", "order 4 Gs 1/26")
    messages.add(FACTS, SOUND, 2000)
    messages.dismiss("call-1", NOW - timedelta(seconds=1), "phone", "by phone")
    (kept,) = messages.messages()
    assert kept.expires_at > NOW, "the database refuses an earlier end"
    assert messages.messages(in_time=NOW + timedelta(seconds=1)) == ()
    assert messages.to_tell(NOW) == ()
    actions = [each.action for each in AuditLog(engine).latest(object_kind="mailbox_message")]
    assert actions == ["mailbox.dismiss", "mailbox.erase"]


def test_a_message_is_deleted_after_its_days_and_the_deletion_is_written_down(
    messages: MailboxMessages, engine: Engine
) -> None:
    """F4."""
    messages.add(FACTS, SOUND, 2000)
    assert messages.expire(NOW + timedelta(days=30, seconds=-1)) == 0
    assert messages.expire(NOW + timedelta(days=30)) == 1
    assert messages.messages() == ()
    (written,) = PrivacyErasing(engine).erasures()
    assert (written.kind, written.customer_id, written.rows) == ("mailbox-messages", "kunde", 1)
    assert (written.at, written.actor) == (NOW + timedelta(days=30), "retention")
    assert messages.expire(NOW + timedelta(days=31)) == 0
    assert len(PrivacyErasing(engine).erasures()) == 1, "nothing deleted, nothing written"


def test_notices_are_due_until_they_are_told_or_given_up(messages: MailboxMessages) -> None:
    messages.add(FACTS, SOUND, 2000)
    (notice,) = messages.to_tell(NOW)
    assert (notice.addresses, notice.attempts) == (("post@kunde.example",), 0)
    messages.not_told("call-1", "refused", NOW + timedelta(minutes=1))
    assert messages.to_tell(NOW) == ()
    (notice,) = messages.to_tell(NOW + timedelta(minutes=1))
    assert notice.attempts == 1
    messages.told("call-1", NOW)
    assert messages.to_tell(NOW + timedelta(days=1)) == ()
    assert messages.message("call-1").notify_error is None


def test_a_message_that_is_too_long_is_refused(messages: MailboxMessages) -> None:
    with pytest.raises(RecordRefused):
        messages.add(FACTS, bytes((12 << 20) + 1), 2000)
