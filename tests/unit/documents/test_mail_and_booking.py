"""Invoices reach a real SMTP server, encrypted when ordered; the bookkeeper gets rows that add up."""

from __future__ import annotations

import csv
import email
import email.policy
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der
from cryptography.x509.oid import NameOID

from cli.main import fernamt
from documents.booking import Accounts, bookings
from documents.errors import DocumentUnreadable, MailRefused
from documents.invoice_json import to_json
from documents.mail import MAX_BYTES, Attachment, MailServer, encrypted, letter, send
from rating.invoice_compose import compose
from rating.invoice_credit import credit_note
from rating.vat import Category, VatRate
from store.embedded.home import free_port
from tests.inbox import Inbox, mail_server
from tests.unit.rating.invoices import FACTS, facts

AT = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
INVOICE = compose(FACTS)
PDF = Attachment("RE-2026-000042.pdf", "application/pdf", b"%PDF-1.7 example")
MESSAGE = letter(INVOICE, "rechnung@carrier.example", "post@kunde.example", AT, [PDF])


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[MailServer]:
    with mail_server(inbox) as port:
        yield MailServer("127.0.0.1", port, starttls=False)


def certificate(key: Any, days: int = 365) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post@kunde.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=days))
    return builder.sign(key, SHA256())


def test_an_invoice_arrives_with_its_files(inbox: Inbox, server: MailServer) -> None:
    """E7."""
    send(MESSAGE, server)
    (envelope,) = inbox.got
    assert envelope.rcpt_tos == ["post@kunde.example"]
    got = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert got["Subject"] == "Rechnung RE-2026-000042"
    (attached,) = got.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == (PDF.name, PDF.content)
    body = got.get_body()
    assert body is not None
    assert "183,05 EUR" in body.get_content()


def test_an_ordered_encryption_is_opened_by_the_customers_key_alone(inbox: Inbox, server: MailServer) -> None:
    """E7: S/MIME."""
    key = rsa.generate_private_key(65537, 2048)
    holder = certificate(key)
    send(encrypted(MESSAGE, holder.public_bytes(Encoding.PEM), AT), server)
    got = email.message_from_bytes(inbox.got[0].content, policy=email.policy.default)
    assert (got.get_content_type(), got.get_param("smime-type")) == (
        "application/pkcs7-mime",
        "enveloped-data",
    )
    assert b"183,05" not in inbox.got[0].content
    opened = email.message_from_bytes(
        pkcs7_decrypt_der(got.get_payload(decode=True), holder, key, []), policy=email.policy.default
    )
    (attached,) = opened.iter_attachments()
    assert attached.get_content() == PDF.content


def test_certificates_that_do_not_serve_are_told() -> None:
    """Never unencrypted instead."""
    expired = certificate(rsa.generate_private_key(65537, 2048), days=30).public_bytes(Encoding.PEM)
    elliptic = certificate(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.PEM)
    for content, said in ((expired, "valid from"), (elliptic, "RSA"), (b"no", "no certificate")):
        with pytest.raises(MailRefused, match=said):
            encrypted(MESSAGE, content, AT)


def test_a_server_that_refuses_or_is_away_is_told(inbox: Inbox, server: MailServer) -> None:
    inbox.answer = "552 too large"
    with pytest.raises(MailRefused, match="552"):
        send(MESSAGE, server)
    with pytest.raises(MailRefused, match="ConnectionRefusedError"):
        send(MESSAGE, MailServer("127.0.0.1", free_port(), starttls=False))
    huge = Attachment("huge.pdf", "application/pdf", bytes(MAX_BYTES + 1))
    with pytest.raises(MailRefused, match="mail servers take"):
        letter(INVOICE, "a@carrier.example", "b@kunde.example", AT, [huge])


FULL = VatRate(Category.STANDARD, Decimal(19))
ACCOUNTS = Accounts({FULL: "8400"}, {"kunde-baecker": "10042"})


def test_the_bookkeeper_gets_rows_that_add_up() -> None:
    """Issue 5, build 6: S is what the customer owes, H what the customer gets."""
    note = credit_note(INVOICE, "GS-1", date(2026, 12, 2), "Einrichtung", {2: INVOICE.lines[1].net})
    content = bookings([INVOICE, note], ACCOUNTS).decode("cp1252")
    rows = list(csv.DictReader(io.StringIO(content, newline=""), delimiter=";"))
    found = [list(row.values())[:5] for row in rows]
    assert found == [["183,05", "S", "EUR", "10042", "8400"], ["117,81", "H", "EUR", "10042", "8400"]]
    assert [row["Belegdatum"] for row in rows] == ["3011", "0212"]
    assert [row["Belegfeld 2"] for row in rows] == ["071226", ""]
    assert rows[0]["Buchungstext"] == "Beispiel Bäckerei GmbH"


def test_a_missing_account_stops_the_export() -> None:
    with pytest.raises(DocumentUnreadable, match="debtor account"):
        bookings([INVOICE], Accounts({FULL: "8400"}, {}))
    with pytest.raises(DocumentUnreadable, match="AE 0 %"):
        bookings([compose(facts(reverse_charge=True))], ACCOUNTS)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(fernamt, [str(each) for each in arguments])
    return done.exit_code, done.output


def settings_file(directory: Path, port: int | None) -> Path:
    path = directory / "fernamt.yaml"
    smtp = f'smtp: {{address: "127.0.0.1:{port}", sender: rechnung@carrier.example, starttls: false}}\n'
    node = f"node: {{event_socket_password: {{env: ES_PASSWORD}}, cdr_dir: {directory}}}\n"
    path.write_text(f"state_dir: {directory}\ncarrier: [{directory}]\n{node}" + (smtp if port else ""))
    return path


def test_a_stored_invoice_is_sent_by_command(tmp_path: Path, inbox: Inbox, server: MailServer) -> None:
    """E7, E12: ZUGFeRD and the itemised bill in one message."""
    source, more = tmp_path / "RE.json", tmp_path / "evn.csv"
    source.write_bytes(to_json(INVOICE))
    more.write_text("itemised")
    to = ("--to", "post@kunde.example", "--attach", more)
    code, said = run("--settings", settings_file(tmp_path, server.port), "invoice", "send", source, *to)
    assert code == 0, said
    got = email.message_from_bytes(inbox.got[0].content, policy=email.policy.default)
    assert [each.get_filename() for each in got.iter_attachments()] == ["RE-2026-000042.pdf", "evn.csv"]
    code, said = run("--settings", settings_file(tmp_path, None), "invoice", "send", source, *to)
    assert (code, "no mail server" in said) == (1, True)


def test_bookings_are_exported_by_command(tmp_path: Path) -> None:
    source, accounts, out = tmp_path / "RE.json", tmp_path / "accounts.csv", tmp_path / "out.csv"
    source.write_bytes(to_json(INVOICE))
    accounts.write_text(
        "kind;key;account\nrevenue;S 19;8400\nrevenue;AE 0;8337\ndebtor;kunde-baecker;10042\n"
    )
    code, said = run("invoice", "export", source, "--accounts", accounts, "--out", out)
    assert code == 0, said
    assert out.read_bytes() == bookings([INVOICE], ACCOUNTS)
    accounts.write_text("kind;key;account\nrevenue;X 19;8400\n")
    code, said = run("invoice", "export", source, "--accounts", accounts, "--out", out)
    assert (code, "accounts.csv:2" in said) == (1, True)
