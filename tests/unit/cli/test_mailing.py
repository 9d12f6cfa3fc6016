"""E-mails about new messages, to a real SMTP server on this machine (C3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from cli.settings import SmtpEntry
from cli.wiring.mailing import Mailer, letter
from controller.errors import MailAway
from dialplan.mailbox import Notice
from provisioning.secrets import SecretMissing
from store.embedded.home import free_port

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


class Inbox:
    """Keeps what it gets; `answer` is what it says to each."""

    def __init__(self) -> None:
        self.answer = "250 OK"
        self.got: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.got.append(envelope)
        return self.answer


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[Controller]:
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop()


def mailer(port: int, **options: Any) -> Mailer:
    values = {
        "address": f"127.0.0.1:{port}",
        "sender": "mailbox@carrier.example",
        "starttls": False,
        **options,
    }
    return Mailer(SmtpEntry.model_validate(values), None)


def port_of(server: Controller) -> int:
    assert server.server is not None
    return int(server.server.sockets[0].getsockname()[1])


def test_everybody_is_told_who_called_and_when(server: Controller, inbox: Inbox) -> None:
    mailer(port_of(server)).send(NOTICE)
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


def test_what_the_server_refuses_is_tried_again_later(server: Controller, inbox: Inbox) -> None:
    inbox.answer = "451 later"
    with pytest.raises(MailAway, match="451"):
        mailer(port_of(server)).send(NOTICE)


def test_a_server_that_is_away_or_offers_no_encryption_is_told(server: Controller, inbox: Inbox) -> None:
    with pytest.raises(MailAway):
        mailer(port_of(server), starttls=True).send(NOTICE)
    assert inbox.got == []
    closed = free_port()
    with pytest.raises(MailAway, match=f"127.0.0.1:{closed}"):
        mailer(closed).send(NOTICE)


def test_a_password_that_cannot_be_read_is_as_no_mail_server(server: Controller) -> None:
    def unreadable() -> str:
        raise SecretMissing("the variable SMTP_PASSWORD is not set")

    values = {"address": f"127.0.0.1:{port_of(server)}", "sender": "a@b.example", "starttls": False}
    entry = SmtpEntry.model_validate({**values, "username": "a"})
    with pytest.raises(MailAway, match="SMTP_PASSWORD"):
        Mailer(entry, unreadable).send(NOTICE)
