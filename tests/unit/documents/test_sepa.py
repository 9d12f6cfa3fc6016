"""Direct debits as the bank takes them, and returns as it tells them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from cli.main import fernamt
from documents.errors import CollectionRefused
from documents.sepa import Collection, Creditor, Scheme, direct_debits
from tests.unit.documents.bank_files import CAMT
from tests.unit.rating.invoices import OURS, THEIRS, euro

CREDITOR = Creditor(OURS, "DE98ZZZ09999999999")
FIRST = Collection(
    "RE-2026-000042", euro("183.05"), date(2026, 11, 30), date(2026, 12, 7), "M-2026-0001", date(2026, 1, 2),
    None, Scheme.CORE, replace(THEIRS, holder="Bäckerei Größ & Söhne GmbH"),
)  # fmt: skip
MADE_AT = datetime(2026, 12, 1, 8, 0, 0)  # noqa: DTZ001


def file(*collections: Collection, run: str = "2026-11", scheme: Scheme = Scheme.CORE) -> str:
    return direct_debits(CREDITOR, collections, run, MADE_AT, scheme).decode()


def test_a_file_for_the_bank_has_first_and_recurrent_debits_apart() -> None:
    """E9: pain.008.001.08, valid by its schema; FRST once, then RCUR."""
    again = replace(FIRST, invoice_number="RE-2026-000043", last_used=date(2026, 11, 6), amount=euro("0.07"))
    found = file(again, FIRST)
    assert found == file(FIRST, again)
    assert re.findall("<SeqTp>(.*?)<", found) == ["FRST", "RCUR"]
    assert re.findall("<ReqdColltnDt>(.*?)<", found) == ["2026-12-07"] * 2
    assert re.findall("<CtrlSum>(.*?)<", found)[0] == "183.12"
    assert re.findall("<EndToEndId>(.*?)<", found) == ["RE-2026-000042", "RE-2026-000043"]
    assert re.findall("<PmtInfId>(.*?)<", found) == ["2026-11-1", "2026-11-2"]
    assert "<MsgId>2026-11<" in found
    assert "Baeckerei Groess" in found
    assert "Rechnung RE-2026-000042 vom 30.11.2026" in found


def test_a_debtor_with_another_account_is_told_to_the_bank_under_the_same_mandate() -> None:
    """E9, SEPA rule book AT-24: SMNDA, by the schema; nobody else's mandate says so."""
    known = replace(FIRST, last_used=date(2026, 11, 6))
    other = replace(known, invoice_number="RE-2026-000043", account_changed=True)
    found = file(known, other)
    assert found.count("<AmdmntInd>true<") == found.count("<Id>SMNDA</Id>") == 1
    place = found.index("<Id>SMNDA</Id>")
    assert found.index("RE-2026-000042</EndToEndId>") < found.index("RE-2026-000043</EndToEndId>") < place
    assert re.findall("<SeqTp>(.*?)<", found) == ["RCUR"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"due_on": date(2026, 12, 4)}, "less than 7 days"),
        ({"due_on": date(2026, 12, 12)}, "no day on which banks settle"),
        ({"due_on": date(2026, 12, 25)}, "no day on which banks settle"),
        ({"amount": euro("0")}, "cannot be debited"),
        ({"amount": euro("-5.00")}, "cannot be debited"),
        ({"amount": euro("1.005")}, "cannot be debited"),
        ({"amount": euro("5.00", "USD")}, "cannot be debited"),
        ({"signed_on": date(2023, 11, 1)}, "is not valid on"),
        ({"signed_on": date(2027, 1, 1)}, "is not valid on"),
        ({"scheme": Scheme.B2B}, "the mandate is for B2B"),
        ({"mandate": "M_1"}, "SEPA set"),
        ({"debtor": replace(THEIRS, iban="12345")}, "the bank would refuse"),
    ],
)
def test_a_debit_that_the_rules_do_not_allow_stops_the_file(change: dict[str, Any], said: str) -> None:
    """E9: nothing is half collected."""
    with pytest.raises(CollectionRefused, match=said):
        file(replace(FIRST, **change))


def test_no_invoice_is_debited_twice_by_a_file() -> None:
    with pytest.raises(CollectionRefused, match="twice"):
        file(FIRST, FIRST)
    with pytest.raises(CollectionRefused, match="0 debits"):
        file()
    with pytest.raises(CollectionRefused, match="names no run"):
        file(FIRST, run="x" * 31)


def test_other_xml_of_the_process_keeps_its_prefixes(monkeypatch: pytest.MonkeyPatch) -> None:
    """sepaxml takes the empty prefix; locations of emergency calls (PIDF-LO) are written by it too."""
    monkeypatch.setattr(ElementTree, "_namespace_map", dict(vars(ElementTree)["_namespace_map"]))
    ElementTree.register_namespace("", "urn:ietf:params:xml:ns:pidf")
    element = ElementTree.Element("{urn:ietf:params:xml:ns:pidf}presence")
    before = ElementTree.tostring(element)
    file(FIRST)
    assert ElementTree.tostring(element) == before


DEBITS = (
    "invoice;amount;issued_on;due_on;mandate;signed_on;scheme;holder;iban\n"
    "RE-2026-000042;183.05;2026-11-30;2026-12-07;M-2026-0001;2026-01-02;CORE;Beispiel;DE66999999990000000002\n"
)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(fernamt, ["sepa", *(str(each) for each in arguments)])
    return done.exit_code, done.output


def test_files_are_made_and_read_by_commands(tmp_path: Path) -> None:
    """E9, issue 5 build 9."""
    source, out, bank = tmp_path / "debits.csv", tmp_path / "out.xml", tmp_path / "camt.xml"
    source.write_text(DEBITS)
    ours = ("--run", "2026-11", "--holder", "Beispiel Telefon GmbH", "--iban", OURS.iban)
    code, said = run("file", source, "--out", out, *ours, "--creditor-id", CREDITOR.creditor_id)
    assert (code, "1 debits" in said) == (0, True), said
    assert b'<InstdAmt Ccy="EUR">183.05<' in out.read_bytes()
    bank.write_text(CAMT)
    code, said = run("returns", bank, "--json")
    assert (code, json.loads(said)["returns"][0]["fault"]) == (0, "customer")
    bank.write_text(CAMT.replace('"EUR">183.05', '"USD">183.05'))
    code, said = run("returns", bank)
    assert (code, "no amount in euro" in said) == (3, True)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("183.05", "183,05", "csv.decimal-comma"),
        ("2026-12-07", "7.12.2026", "csv.day"),
        ("CORE", "x", "choice"),
    ],
)
def test_a_wrong_line_makes_no_file(tmp_path: Path, before: str, after: str, said: str) -> None:
    """Guarantee 7: file, line and reason."""
    source, out = tmp_path / "debits.csv", tmp_path / "out.xml"
    source.write_text(DEBITS.replace(before, after))
    code, told = run("file", source, "--out", out, "--run", "1", "--holder", "B", "--iban", OURS.iban,
                     "--creditor-id", CREDITOR.creditor_id)  # fmt: skip
    assert code == 1
    assert said in told
    assert "debits.csv:2" in told
    assert not out.exists()
