"""Issued invoices become files, e-mails and rows: once, whole, the same bytes each time (E7, E12)."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der
from pypdf import PdfReader
from sqlalchemy import Engine

from store.audit import AuditLog, Wanted
from tests.inbox import Inbox, mail_server
from tests.integration.store.billing import KANZLEI, PRAXIS, outgoing, rows, take_in
from tests.integration.store.invoicing import ANNA, Office
from tests.typed import good, parsed
from tests.unit.documents.test_mail_and_booking import certificate

BAU = "kunde-bau"
MONTH = ("--month", "2026-11")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def mailing(office: Office, inbox: Inbox) -> Iterator[Office]:
    """With a mail server, and November issued for all three customers."""
    with mail_server(inbox) as port:
        smtp = {"address": f"127.0.0.1:{port}", "sender": "rechnung@carrier.example", "starttls": False}
        office.settings["smtp"] = smtp
        take_in(office.engine, outgoing("one", 0, 600, PRAXIS), outgoing("two", 20, 700, KANZLEI))
        good(office("rate", "run"))
        good(office("invoice", "issue", *MONTH, "--all", "--on", "2026-11-30", *ANNA))
        yield office


def numbers(office: Office) -> dict[str, str]:
    return {each["customer"]: each["number"] for each in parsed(office("invoice", "list", *MONTH, "--json"))}


def test_a_month_becomes_files_that_are_the_same_bytes_again(mailing: Office, tmp_path: Path) -> None:
    forms = [word for form in ("zugferd", "xrechnung", "pdf", "json") for word in ("--form", form)]
    first, second = tmp_path / "first", tmp_path / "second"
    assert "12 files of 3 invoices" in good(mailing("invoice", "render", *MONTH, "--out", first, *forms))
    mailing.settings["carrier"] = [str(tmp_path)]  # nothing but the stored document decides
    good(mailing("invoice", "render", *MONTH, "--out", second, *forms))
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    number = numbers(mailing)[PRAXIS]
    stored = good(mailing("invoice", "show", number, "--json"))
    assert (first / f"{number}.json").read_text() == stored
    page = PdfReader(first / f"{number}.pdf").pages[0].extract_text()
    assert number in page
    assert "3 invoices checked, 0 documents with rules broken" in good(mailing("invoice", "check", *MONTH))
    assert parsed(mailing("invoice", "check", number, "--json")) == {"findings": [], "failed": {}}


def test_one_invoice_is_rendered_by_its_number(mailing: Office, tmp_path: Path) -> None:
    number = numbers(mailing)[BAU]
    path = tmp_path / "bau.pdf"
    assert f"{path}: " in good(mailing("invoice", "render", number, "--zugferd", path, "--actor", "otto"))
    assert path.read_bytes().startswith(b"%PDF-1.7")
    (entry,) = AuditLog(mailing.engine).latest(Wanted(action="invoice.render"))
    assert (entry.actor, entry.object_id, entry.details) == ("otto", number, {"files": ["bau.pdf"]})
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("R2026-000099", "--pdf", "x.pdf"), "there is none"),
        (("nothing", "--pdf", "x.pdf"), "no file, and no number"),
        (("R2026-000001", "R2026-000002", "--pdf", "x.pdf"), "a path is for one invoice"),
        (("R2026-000001", *MONTH, "--out", "x"), "give invoices (numbers or files), or --month"),
        (("R2026-000001", "--customer", BAU, "--out", "x"), "--customer goes with --month"),
        (("--out", "x"), "give invoices"),
    ],
)
def test_what_is_asked_for_wrongly_is_told(office: Office, arguments: tuple[str, ...], said: str) -> None:
    done = office("invoice", "render", *arguments)
    assert done.exit_code != 0
    assert said in done.output


@contextmanager
def no_file_beyond(limit: int) -> Iterator[None]:
    """A write beyond so many bytes fails in the middle, as on a full disk (setrlimit(2), RLIMIT_FSIZE)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    told = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, told)


def test_a_file_is_written_whole_or_not_at_all(mailing: Office, tmp_path: Path) -> None:
    number, path = numbers(mailing)[BAU], tmp_path / "bau.pdf"
    path.write_text("the older one")
    with no_file_beyond(1_000):
        assert mailing("invoice", "render", number, "--pdf", path).exit_code == 1
    assert path.read_text() == "the older one"
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_invoices_go_out_as_ordered_and_only_once(mailing: Office, inbox: Inbox, tmp_path: Path) -> None:
    """kunde-bau ordered S/MIME and itemised bills: without them nothing of it is sent."""
    known = numbers(mailing)
    first = mailing("invoice", "send", *MONTH, *ANNA)
    assert first.exit_code == 3
    assert f"{known[BAU]}: customer kunde-bau ordered encryption" in first.output
    assert {each.rcpt_tos[0] for each in inbox.got} == {"post@kanzlei.example", "praxis@praxis.example"}
    key = rsa.generate_private_key(65537, 2048)
    holder = certificate(key)
    (tmp_path / "certificates").mkdir()
    (tmp_path / "certificates" / "bau-rechnung.pem").write_bytes(holder.public_bytes(Encoding.PEM))
    second = mailing("invoice", "send", *MONTH, *ANNA)
    assert second.exit_code == 3
    assert "2 sent before, left alone" in second.output
    assert "no list of counselling lines was imported" in second.output
    assert len(inbox.got) == 2
    (tmp_path / "lines.csv").write_text("number;valid_from;valid_until;name\n+492214710999;2026-01-01;;Rat\n")
    good(mailing("evn", "counselling", tmp_path / "lines.csv", *ANNA))
    assert f"{known[BAU]} would go to" in good(mailing("invoice", "send", *MONTH, "--dry-run", *ANNA))
    assert len(inbox.got) == 2

    good(mailing("invoice", "send", *MONTH, *ANNA))
    sealed = email.message_from_bytes(inbox.got[2].content, policy=email.policy.default)
    opened: Any = email.message_from_bytes(
        pkcs7_decrypt_der(sealed.get_payload(decode=True), holder, key, []), policy=email.policy.default
    )
    assert [each.get_filename() for each in opened.iter_attachments()] == [
        f"{known[BAU]}.pdf",
        f"EVN-{known[BAU]}.pdf",
        f"EVN-{known[BAU]}.csv",
    ]
    assert "3 sent before" in good(mailing("invoice", "send", *MONTH, *ANNA))
    assert len(inbox.got) == 3
    listed = parsed(mailing("invoice", "list", *MONTH, "--json"))
    assert [each["sent"] for each in listed] == [True, True, True]
    assert rows(mailing.engine, "SELECT number, encrypted FROM invoice_sent ORDER BY number") == sorted(
        (number, customer == BAU) for customer, number in known.items()
    )
    actions = [entry.action for entry in reversed(AuditLog(mailing.engine).latest(limit=5))]
    sent = ["invoice.send", "invoice.send.done"]
    assert [*actions[:2], *actions[3:]] == [*sent, *sent], "the entry comes first"


def test_files_that_are_given_go_along_instead_of_a_bill_made_now(mailing: Office, tmp_path: Path) -> None:
    number, bills = numbers(mailing)[PRAXIS], tmp_path / "bills"
    bills.mkdir()
    for name in (f"EVN-{number}.csv", f"{number}-letter.txt", "R2026-000099.pdf", f"{number}9.pdf"):
        (bills / name).write_text("more")
    sent = good(mailing("invoice", "send", number, "--attach-from", bills, *ANNA))
    assert f"with EVN-{number}.csv, {number}-letter.txt" in sent
    assert f"{number}9.pdf" not in sent


def test_an_invoice_is_sent_again_when_asked_for(mailing: Office, inbox: Inbox) -> None:
    number = numbers(mailing)[PRAXIS]
    good(mailing("invoice", "send", number, *ANNA))
    assert "1 sent before" in good(mailing("invoice", "send", number, *ANNA))
    good(mailing("invoice", "send", number, "--again", "--to", "chef@praxis.example", *ANNA))
    assert inbox.got[1].rcpt_tos == ["chef@praxis.example"]
    ids = {email.message_from_bytes(each.content)["Message-ID"] for each in inbox.got}
    assert len(ids) == 1, "a reader sees it once"
    shown = good(mailing("invoice", "show", number))
    assert "chef@praxis.example" in shown


def test_a_mail_server_that_is_away_ends_the_run(mailing: Office, inbox: Inbox) -> None:
    inbox.answer = "451 try later"
    done = mailing("invoice", "send", *MONTH, *ANNA)
    assert done.exit_code == 3
    assert "451" in done.output
    assert rows(mailing.engine, "SELECT count(*) FROM invoice_sent") == [(0,)]


def test_the_bookkeeper_gets_each_document_once(mailing: Office, tmp_path: Path, engine: Engine) -> None:
    accounts, out = tmp_path / "accounts.csv", tmp_path / "out.csv"
    lines = ["kind;key;account", "revenue;S 19;8400"]
    accounts.write_text("\n".join([*lines, f"debtor;{PRAXIS};10001", ""]))
    command = ("invoice", "export", *MONTH, "--accounts", accounts, "--out", out, *ANNA)
    refused = mailing(*command)
    assert refused.exit_code == 1
    assert "no debtor account" in refused.output
    assert not out.exists()
    lines += [f"debtor;{each};1000{place}" for place, each in enumerate((PRAXIS, KANZLEI, BAU), start=1)]
    accounts.write_text("\n".join([*lines, ""]))
    assert "3 documents" in good(mailing(*command))
    found = list(csv.DictReader(io.StringIO(out.read_text("cp1252")), delimiter=";"))
    gross = {each["number"]: each["gross"] for each in parsed(mailing("invoice", "list", *MONTH, "--json"))}
    assert {row["Belegfeld 1"]: row["Umsatz (ohne Soll/Haben-Kz)"] for row in found} == {
        number: amount.removesuffix(" EUR").replace(".", ",") for number, amount in gross.items()
    }
    assert "0 documents" in good(mailing(*command, "--new"))
    good(mailing("invoice", "credit", numbers(mailing)[PRAXIS], "--reason", "wrong", *ANNA))
    assert "1 documents" in good(mailing(*command, "--new"))
    (entry,) = AuditLog(engine).latest(limit=1)
    assert (entry.action, entry.details["documents"]) == ("invoice.export.done", 1)


def test_what_is_issued_is_the_same_document_for_ever(mailing: Office, engine: Engine) -> None:
    """The configuration and the tariff change; the invoice does not."""
    number = numbers(mailing)[KANZLEI]
    before = good(mailing("invoice", "show", number, "--json"))
    take_in(engine, outgoing("late", 40, 60, KANZLEI))
    good(mailing("rate", "run"))
    assert good(mailing("invoice", "show", number, "--json")) == before
    assert json.loads(before)["number"] == number
