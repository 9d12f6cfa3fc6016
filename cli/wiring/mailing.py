"""E-mails about new messages, over the operator's mail server (RFC 5321, RFC 5322)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from cli.settings import SmtpEntry
from cli.times import GERMANY, shown
from controller.errors import MailAway
from dialplan.mailbox import Notice
from provisioning.errors import ProvisioningError

TIMEOUT_S: Final = 10.0


class Mailer:
    """Sends one e-mail over one connection. `password` is read for each, for it may change; it raises
    ProvisioningError's children."""

    def __init__(self, settings: SmtpEntry, password: Callable[[], str] | None) -> None:
        self._settings = settings
        self._password = password

    def send(self, notice: Notice) -> None:
        """Tell the addresses of the message. Raises MailAway, whatever the server did not like, or when
        there is no password to be read."""
        with self._connected() as server:
            server.send_message(letter(notice, self._settings.sender), to_addrs=list(notice.addresses))

    def probe(self) -> None:
        """Connect and log in as for an e-mail, and send none. Raises MailAway."""
        with self._connected() as server:
            server.noop()

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        host, port = self._settings.address
        try:
            with smtplib.SMTP(host, port, timeout=TIMEOUT_S) as server:
                if self._settings.starttls:
                    server.starttls(context=ssl.create_default_context())
                if self._settings.username is not None and self._password is not None:
                    server.login(self._settings.username, self._password())
                yield server
        except (smtplib.SMTPException, OSError, ProvisioningError) as error:
            raise MailAway(f"{host}:{port}: {type(error).__name__}: {error}"[:200]) from error


def letter(notice: Notice, sender: str) -> EmailMessage:
    """The e-mail, in German. What was said is not in it: e-mail is not encrypted."""
    caller = notice.caller or "unterdrückter Rufnummer"
    message = EmailMessage()
    message["Subject"] = f"Neue Nachricht von {caller}"
    message["From"] = sender
    message["To"] = ", ".join(notice.addresses)
    message["Date"] = format_datetime(notice.at.astimezone(GERMANY))
    # The same for every attempt, so that a reader sees it once.
    message["Message-ID"] = f"<{notice.id}.mailbox@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    seconds = round(notice.duration_ms / 1000)
    message.set_content(
        f"Sie haben eine neue Nachricht in der Mailbox {notice.mailbox_id}.\n\n"
        f"Anrufer:   {caller}\n"
        f"Angerufen: {notice.called}\n"
        f"Zeit:      {shown(notice.at)}\n"
        f"Länge:     {seconds} s\n"
        f"Kennung:   {notice.id}\n"
    )
    return message
