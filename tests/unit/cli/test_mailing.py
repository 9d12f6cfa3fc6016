"""E-mails about new messages, to a real SMTP server on this machine (C3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest

from cli.settings import SmtpEntry
from cli.wiring.mailing import Mailer, letter
from controller.errors import MailAway
from dialplan.mailbox import Notice
from provisioning.secrets import SecretMissing
from store.embedded.home import free_port
from tests.inbox import Inbox, mail_server

NOTICE = Notice(
    "call-1",
    "kunde",
    "büro",
    "+4915228817386",
    "+493023125307",
    datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
    2400,
    ("post@kunde.example", "chef@kunde.example"),
)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    with mail_server(inbox) as found:
        yield found


def mailer(port: int, **options: Any) -> Mailer:
    values = {
        "address": f"127.0.0.1:{port}",
        "sender": "mailbox@carrier.example",
        "starttls": False,
        **options,
    }
    return Mailer(SmtpEntry.model_validate(values), None)


def test_everybody_is_told_who_called_and_when(port: int, inbox: Inbox) -> None:
    mailer(port).send(NOTICE)
    (envelope,) = inbox.got
    assert envelope.rcpt_tos == ["post@kunde.example", "chef@kunde.example"]
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert message["Subject"] == "Neue Nachricht von +4915228817386"
    body = message.get_content()
    assert "büro" in body
    assert "2026-11-22 10:00:00" in body
    assert "2 s" in body


def test_a_withheld_number_is_not_told() -> None:
    withheld = Notice(**{**{name: getattr(NOTICE, name) for name in NOTICE.__slots__}, "caller": None})
    assert "unterdrückter Rufnummer" in str(letter(withheld, "a@b.example")["Subject"])


def test_what_the_server_refuses_is_tried_again_later(port: int, inbox: Inbox) -> None:
    inbox.answer = "451 later"
    with pytest.raises(MailAway, match="451"):
        mailer(port).send(NOTICE)


def test_a_server_that_is_away_or_offers_no_encryption_is_told(port: int, inbox: Inbox) -> None:
    with pytest.raises(MailAway):
        mailer(port, starttls=True).send(NOTICE)
    assert inbox.got == []
    closed = free_port()
    with pytest.raises(MailAway, match=f"127.0.0.1:{closed}"):
        mailer(closed).send(NOTICE)


def test_a_password_that_cannot_be_read_is_as_no_mail_server(port: int) -> None:
    def unreadable() -> str:
        raise SecretMissing("the variable SMTP_PASSWORD is not set")

    values = {"address": f"127.0.0.1:{port}", "sender": "a@b.example", "starttls": False}
    entry = SmtpEntry.model_validate({**values, "username": "a"})
    with pytest.raises(MailAway, match="SMTP_PASSWORD"):
        Mailer(entry, unreadable).send(NOTICE)
