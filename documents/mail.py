"""Invoices by e-mail (E7): the message, its end-to-end encryption (S/MIME, RFC 8551), and handing it over."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message
from email.mime.application import MIMEApplication
from email.utils import format_datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

from documents.errors import MailRefused
from rating.invoice import Invoice, Kind
from rating.invoice_notes import german_amount, german_day

TIMEOUT_S: Final = 30.0
#: Most mail servers refuse more; the files grow by a third on their way.
MAX_BYTES: Final = 20 << 20
_HEADERS: Final = ("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the message; `kind` as `application/pdf`."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where messages are handed over. `password` is read for each message: it may change."""

    host: str
    port: int
    starttls: bool = True
    username: str | None = None
    password: Callable[[], str] | None = None


def letter(
    invoice: Invoice, sender: str, to: str, at: datetime, attachments: Sequence[Attachment]
) -> EmailMessage:
    """The message in German; raise MailRefused when the files are too large for mail servers."""
    size = sum(len(each.content) for each in attachments)
    if size > MAX_BYTES:
        raise MailRefused(f"{invoice.number}: {size} bytes of files, mail servers take {MAX_BYTES} at most")
    word = "Rechnungskorrektur" if invoice.kind is Kind.CREDIT_NOTE else "Rechnung"
    message = EmailMessage()
    message["Subject"] = f"{word} {invoice.number}"
    message["From"] = sender
    message["To"] = to
    message["Date"] = format_datetime(at)
    # The same for every attempt, so that a reader sees it once.
    message["Message-ID"] = f"<{invoice.number}.invoice@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    message.set_content(
        f"Guten Tag,\n\nanbei erhalten Sie die {word} {invoice.number} vom {german_day(invoice.issued_on)} "
        f"über {german_amount(invoice.gross)}.\n\n{invoice.notes[0]}\n\n{invoice.seller.name}\n"
    )
    for each in attachments:
        main, _, sub = each.kind.partition("/")
        message.add_attachment(each.content, maintype=main, subtype=sub, filename=each.name)
    return message


def encrypted(message: EmailMessage, certificate: bytes, at: datetime) -> Message:
    """The message for the holder of a certificate (PEM, RSA) only: AES-256, RFC 8551.

    The subject stays readable.

    Raise MailRefused for a certificate that is none, is not valid at the time, or has no RSA key.
    """
    try:
        found = x509.load_pem_x509_certificate(certificate)
    except ValueError as error:
        raise MailRefused(f"no certificate in PEM: {error}") from error
    if not found.not_valid_before_utc <= at <= found.not_valid_after_utc:
        raise MailRefused(
            f"the certificate is valid from {found.not_valid_before_utc} to {found.not_valid_after_utc}. "
            "Ask the customer for a new one"
        )
    if not isinstance(found.public_key(), RSAPublicKey):
        raise MailRefused("the certificate has no RSA key. Ask the customer for one with RSA")
    inner = EmailMessage(message.policy)
    for name, value in message.items():
        if name not in _HEADERS:
            inner[name] = value
    inner.set_payload(message.get_payload())
    builder = PKCS7EnvelopeBuilder().set_data(inner.as_bytes()).add_recipient(found)
    try:
        sealed = builder.set_content_encryption_algorithm(AES256).encrypt(Encoding.DER, [PKCS7Options.Binary])
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MailRefused(f"not encrypted: {error}") from error
    outer = MIMEApplication(sealed, "pkcs7-mime", smime_type="enveloped-data", name="smime.p7m")
    outer.add_header("Content-Disposition", "attachment", filename="smime.p7m")
    for name in _HEADERS:
        outer[name] = str(message[name])
    return outer


def send(message: Message, server: MailServer) -> None:
    """Hand it over to its address. Raise MailRefused, whatever the server did not like; try later."""
    place = f"{server.host}:{server.port}"
    try:
        with smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S) as session:
            if server.starttls:
                session.starttls(context=ssl.create_default_context())
            if server.username is not None and server.password is not None:
                session.login(server.username, server.password())
            session.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        told = f"{message['Subject']} to {place}: {type(error).__name__}: {error}"
        raise MailRefused(told[:300]) from error
