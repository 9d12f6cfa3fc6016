"""From the invoice over debit, return and fee to the next invoice, as the billing clerk types it (E9-E11)."""

from __future__ import annotations

import re
import shutil
import threading
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from cli.billing.sepa_export import Chooser
from cli.billing.sepa_parties import carrier_of, creditor_of
from cli.explaining.findings import State
from cli.explaining.record_checks import bank_finding
from provisioning.canonical import items_of
from provisioning.load import load
from rating.money import Money
from store.audit import AuditLog, Wanted
from store.bank_state import BankState
from store.config_items import CUSTOMER, ItemKey
from store.config_versions import ConfigStore
from store.debits import Debits
from store.errors import RecordRefused
from store.foreign_errors import database_errors
from store.invoice_sending import Handover, SentInvoices, Way
from tests.integration.store.bank_statements import camt, credited, paid, returned
from tests.integration.store.billing_program import ANNA, CARRIER, Program
from tests.integration.store.claims import (
    BAU,
    CENT,
    DECEMBER_1,
    NUMBER,
    export,
    gross,
    issue,
    ledger,
    november_invoiced,
)


@pytest.fixture
def run(
    tmp_path: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Program:
    return november_invoiced(tmp_path, database_url, redis_url, engine, monkeypatch)


def test_invoice_debit_return_fee_and_the_next_invoice(run: Program, engine: Engine, tmp_path: Path) -> None:
    """E9, TC 11.5: the whole way, every step twice, and the ledger sums to nothing all along."""
    owed = gross(run)
    early = export(run, tmp_path, "2026-12-04")
    assert early["files"] == []
    assert early["left_out"][0]["why"] == "announced for 2026-12-07"

    (made,) = export(run, tmp_path)["files"]
    assert (made["name"], made["scheme"], made["sum"]) == ("2026-12-07-b2b", "B2B", str(owed))
    content = (tmp_path / "2026-12-07-b2b.xml").read_text()
    assert re.findall("<SeqTp>(.*?)<", content) == ["FRST"]
    assert re.findall("<EndToEndId>(.*?)<", content) == [NUMBER]
    assert re.findall("<MndtId>(.*?)<", content) == ["BAU-2026-1"]
    assert ledger(engine) == {"in_collection": owed.amount}
    assert export(run, tmp_path)["files"] == [], "never twice the same claim"
    assert run.json("customer", "open")["items"] == []
    (tmp_path / "2026-12-07-b2b.xml").unlink()
    run.good("sepa", "again", "2026-12-07-b2b", "--out", tmp_path, "--actor", "otto")
    assert (tmp_path / "2026-12-07-b2b.xml").read_text() == content
    (entry,) = AuditLog(engine).latest(Wanted(action="sepa.again"))
    assert (entry.actor, entry.object_id) == ("otto", "2026-12-07-b2b")

    bank = camt(tmp_path, credited(owed, "2026-12-07-b2b-1"), returned(owed, NUMBER, "AM04"))
    (told,) = run.json("sepa", "import", bank, *ANNA)
    assert told["credited"] == [str(owed)]
    (back,) = told["came_back"]
    assert (back["invoice"], back["reason"], back["fault"], back["fee"]) == (
        NUMBER,
        "AM04",
        "customer",
        "5.00 EUR",
    )
    expected = {"receivable": owed.amount, "bank": Decimal("-3.00"), "bank_charges": Decimal("3.00")}
    assert ledger(engine) == expected
    (again,) = run.json("sepa", "import", bank, *ANNA)
    assert (again["known_before"], again["came_back"]) == (2, [])
    assert ledger(engine) == expected

    run.at(datetime(2026, 12, 10, 12, tzinfo=UTC))
    state = run.json("customer", "open", BAU)
    (item,) = state["items"]
    assert (item["invoice"], item["came_back"], item["overdue_days"]) == (NUMBER, "AM04", 3)
    assert state["fees_not_invoiced"] == [{"customer": BAU, "debit": NUMBER, "fee": "5.00 EUR"}]
    left = export(run, tmp_path, "2026-12-14")["left_out"]
    assert "--again R2026-000001" in str(left[0]["why"])
    said = run.good("sepa", "export", "--due", "2026-12-14", "--again", NUMBER, "--dry-run", *ANNA)
    assert "Wir ziehen" in said

    transfer = camt(tmp_path, paid(str(owed.amount), "Rechnung R2026- 000001, Entschuldigung"), name="b.xml")
    (told,) = run.json("sepa", "import", transfer, *ANNA)
    assert told["paid"] == [str(owed)]
    assert run.json("customer", "open")["items"] == []

    run.at(datetime(2027, 1, 2, 12, tzinfo=UTC))
    december = issue(run, "2026-12", "2026-12-31")
    document = run.json("invoice", "show", december["number"])
    (fee,) = [each for each in document["lines"] if each["name"] == "Rücklastschriftgebühr"]
    assert Decimal(fee["net"]["amount"]) == 5
    assert (fee["vat"]["percent"], fee["vat"]["category"]) == ("0", "E")
    assert NUMBER in fee["details"]
    rest = sum(Decimal(each["net"]["amount"]) for each in document["lines"]) - 5
    tax = (rest * Decimal("0.19")).quantize(CENT, ROUND_HALF_UP)
    assert Money.parse(december["gross"]).amount == rest + tax + 5, "damages bear no VAT"
    assert run.json("sepa", "fees")[0]["state"] == f"on {december['number']}"
    why = ("--reason", "beispiel", "--on", "2027-01-02", *ANNA)
    run.good("invoice", "credit", december["number"], *why)
    assert run.json("sepa", "fees")[0]["state"] == "on the next invoice"
    anew = issue(run, "2026-12", "2027-01-02")
    assert anew["gross"] == december["gross"]
    assert {each.action for each in AuditLog(engine).latest(object_kind="sepa")} == {
        "sepa.export",
        "sepa.again",
        "sepa.import",
    }


def test_nobody_debits_a_claim_twice_whoever_exports(run: Program, engine: Engine, tmp_path: Path) -> None:
    """E9: two clerks at one moment; and the database refuses what no program may do."""
    done: list[int] = []
    creditor = creditor_of(carrier_of(engine))

    def work() -> None:
        choose = Chooser(engine, creditor, date(2026, 12, 7), DECEMBER_1, frozenset(), tmp_path)
        done.append(len(Debits(engine).export(choose, DECEMBER_1, actor="anna")))

    clerks = [threading.Thread(target=work) for _ in range(3)]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join(timeout=30)
    assert sorted(done) == [0, 0, 1]
    with pytest.raises(RecordRefused) as refused, database_errors("trying"), engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO settlement (number, kind, cents, settled_on, end_to_end, entry_id)"
                " SELECT number, 'debit', 1, settled_on, end_to_end, entry_id FROM settlement"
            )
        )
    assert refused.value.constraint == "settlement_never_twice"


def test_a_file_that_was_never_sent_is_withdrawn_and_its_claims_are_debited_again(
    run: Program, engine: Engine, tmp_path: Path
) -> None:
    export(run, tmp_path)
    why = ("--reason", "lost", *ANNA)
    assert "1 claims are open again" in run.good("sepa", "withdraw", "2026-12-07-b2b", *why)
    assert ledger(engine) == {"receivable": gross(run).amount}
    assert "sepa-run-used" in run.refused("sepa", "withdraw", "2026-12-07-b2b", *why)
    assert "sepa-run-unknown" in run.refused("sepa", "withdraw", "other", *why)
    (made,) = export(run, tmp_path)["files"]
    assert made["name"] == "2026-12-07-b2b.2"
    assert "<EndToEndId>R2026-000001-2<" in (tmp_path / "2026-12-07-b2b.2.xml").read_text()
    states = {each["name"]: each for each in run.json("sepa", "runs")}
    assert states["2026-12-07-b2b"]["withdrawn_at"] is not None
    bank = camt(tmp_path, credited(gross(run), "2026-12-07-b2b.2-1"))
    run.good("sepa", "import", bank, *ANNA)
    assert "sepa-run-used" in run.refused("sepa", "withdraw", "2026-12-07-b2b.2", *why)
    (mandate,) = run.json("sepa", "mandates")
    assert (mandate["customer"], mandate["next"], mandate["last_used"]) == (BAU, "RCUR", "2026-12-07")


def test_a_file_that_the_bank_does_not_credit_is_told_by_the_doctor(
    run: Program, engine: Engine, tmp_path: Path
) -> None:
    """E9: due on Monday the 7th; its money is there by the 11th, or somebody asks the bank."""
    export(run, tmp_path)
    found = BankState(engine).now()
    assert bank_finding(found, date(2026, 12, 11)).state is State.OK
    late = bank_finding(found, date(2026, 12, 12))
    assert late.state is State.WARNING
    assert late.seen == "0 lines wait for a person; not credited: 2026-12-07-b2b"
    run.good("sepa", "import", camt(tmp_path, credited(gross(run), "2026-12-07-b2b-1")), *ANNA)
    assert BankState(engine).now().runs == ()


def test_what_is_disputed_is_not_debited_until_it_is_settled(
    run: Program, engine: Engine, tmp_path: Path
) -> None:
    """E10, TKG § 67: eight weeks; the disputed position with its tax waits, the call records are kept."""
    lines = run.json("invoice", "show", NUMBER)["lines"]
    position = next(each for each in lines if each["name"].startswith("Verbindungen in das Ausland"))
    net = Decimal(position["net"]["amount"])
    part = Money(net + (net * Decimal("0.19")).quantize(CENT, ROUND_HALF_UP))
    why = ("--reason", "never called", *ANNA)
    late = run.refused("invoice", "object", NUMBER, "--on", "2027-01-26", *why)
    assert "end on 2027-01-25" in late
    sent = Handover(NUMBER, Way.EMAIL, "rechnung@bau.example")
    SentInvoices(engine).note([sent], actor="anna")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE invoice_sent DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE invoice_sent SET at = '2026-12-03 09:00+01'"))
    late = run.refused("invoice", "object", NUMBER, "--on", "2027-01-29", *why)
    assert "end on 2027-01-28" in late, "it was sent on the third of December"
    assert "positions 1 to" in run.refused("invoice", "object", NUMBER, "--position", 99, *why)
    told = run.json("invoice", "object", NUMBER, "--position", position["position"], *why)
    assert (told["held"], told["data_until"]) == (str(part), None)

    (made,) = export(run, tmp_path)["files"]
    assert Money.parse(str(made["sum"])) == gross(run) - part
    (item,) = run.json("customer", "open")["items"]
    assert (item["open"], item["disputed"]) == (str(part), str(part))
    left = export(run, tmp_path, "2026-12-08")["left_out"]
    assert "is disputed" in str(left[0]["why"])
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE cdr_raw DISABLE TRIGGER USER"))
        connection.execute(text("DELETE FROM cdr_raw"))
    with pytest.raises(RecordRefused) as refused, database_errors("trying"), engine.begin() as connection:
        connection.execute(text("DELETE FROM cdr"))
    assert refused.value.constraint == "cdr_of_a_dispute_stays"

    bank = camt(tmp_path, credited(gross(run) - part, "2026-12-07-b2b-1"))
    run.good("sepa", "import", bank, *ANNA)
    settled = ("--outcome", "rejected", "--reason", "calls were made", *ANNA)
    run.good("invoice", "settle", told["id"], *settled)
    assert "objection-settled" in run.refused("invoice", "settle", told["id"], *settled)
    (made,) = export(run, tmp_path, "2026-12-14")["files"]
    assert made["sum"] == str(part)
    content = (tmp_path / "2026-12-14-b2b.xml").read_text()
    assert "<EndToEndId>R2026-000001-2<" in content
    assert "<SeqTp>RCUR<" in content
    assert run.json("customer", "open")["items"] == []
    assert run.json("invoice", "objections") == []
    (kept,) = run.json("invoice", "objections", "--all")
    assert kept["state"] == "rejected: calls were made"
    assert kept["data_until"] == "2027-06-03"


def test_an_examined_return_costs_its_fee_or_not(run: Program, tmp_path: Path) -> None:
    """TC 11.5: at least 5.00, more where the banks took more; a refund is examined first."""
    export(run, tmp_path)
    owed = gross(run)
    bank = camt(tmp_path, credited(owed, "2026-12-07-b2b-1"), returned(owed, NUMBER, "MD06", "7.50"))
    (told,) = run.json("sepa", "import", bank, *ANNA)
    (back,) = told["came_back"]
    assert (back["fault"], back["fee"]) == ("examine", None)
    why = ("--reason", "claim was right", *ANNA)
    assert "7.50 EUR" in run.good("sepa", "fee", back["line"], *why)
    assert "bank-line-unfit" in run.refused("sepa", "fee", back["line"], *why)
    run.good("sepa", "waive", NUMBER, "--reason", "goodwill", *ANNA)
    assert "return-fee-settled" in run.refused("sepa", "waive", NUMBER, "--reason", "goodwill", *ANNA)
    assert run.json("customer", "open")["fees_not_invoiced"] == []


def test_two_unpaid_months_are_reported_and_nobody_is_blocked(
    run: Program, engine: Engine, tmp_path: Path
) -> None:
    """E11, TC 17: a report, nothing more."""
    run.at(datetime(2027, 1, 2, 12, tzinfo=UTC))
    issue(run, "2026-12", "2026-12-31")
    assert run.json("customer", "dunning") == [], "December is not due yet"
    run.at(datetime(2027, 1, 20, 12, tzinfo=UTC))
    (late,) = run.json("customer", "dunning")
    assert (late["customer"], late["months"]) == (BAU, ["2026-11", "2026-12"])
    run.good("invoice", "object", NUMBER, "--reason", "all of it", *ANNA)
    assert run.json("customer", "dunning") == [], "what is disputed is not dunned"
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM customer_block")) == 0


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ("2026-12-06", "settle"),
        ("2026-12-25", "settle"),
        ("2026-12-01", "settle"),
        ("7.12.2026", "Invalid value"),
    ],
)
def test_debits_are_due_on_a_bank_day_that_is_still_to_come(run: Program, due: str, said: str) -> None:
    done = run("sepa", "export", "--due", due, *ANNA)
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_a_mandate_that_is_gone_debits_nothing(run: Program, engine: Engine, tmp_path: Path) -> None:
    """E9: what was announced by a mandate that is not in force is left out with what to do."""
    carrier = tmp_path / "carrier"
    shutil.copytree(CARRIER, carrier)
    path = carrier / "kunde-bau.yaml"
    path.write_text(path.read_text().replace("BAU-2026-1", "BAU-2027-1"))
    items = items_of(load([carrier]).config)
    ConfigStore(engine).apply(1, [items[ItemKey(CUSTOMER, BAU)]], [], author="anna")
    left = export(run, tmp_path)["left_out"]
    assert "in force is BAU-2027-1" in str(left[0]["why"])
    assert export(run, tmp_path, "2026-12-07", "--again", NUMBER)["files"][0]["debits"] == 1


def test_the_bank_is_told_of_another_account_under_the_same_mandate(
    run: Program, engine: Engine, tmp_path: Path
) -> None:
    """E9, SEPA rule book: an amendment, until a debit of the new account did not come back."""
    export(run, tmp_path)
    run.good("sepa", "import", camt(tmp_path, credited(gross(run), "2026-12-07-b2b-1")), *ANNA)
    assert "SMNDA" not in (tmp_path / "2026-12-07-b2b.xml").read_text()
    carrier = tmp_path / "carrier"
    shutil.copytree(CARRIER, carrier)
    path = carrier / "kunde-bau.yaml"
    other = path.read_text().replace("DE66 9999 9999 0000 0000 02", "DE39999999990000000003")
    path.write_text(other)
    items = items_of(load([carrier]).config)
    ConfigStore(engine).apply(1, [items[ItemKey(CUSTOMER, BAU)]], [], author="anna")
    (mandate,) = run.json("sepa", "mandates")
    assert (mandate["next"], mandate["account_changed"]) == ("RCUR", True)
    run.at(datetime(2027, 1, 2, 12, tzinfo=UTC))
    number = issue(run, "2026-12", "2026-12-31")["number"]
    export(run, tmp_path, "2027-01-08")
    content = (tmp_path / "2027-01-08-b2b.xml").read_text()
    assert "<Id>SMNDA</Id>" in content
    assert "DE39999999990000000003" in content
    assert run.json("sepa", "mandates")[0]["account_changed"] is False
    back = camt(tmp_path, returned(gross(run, number), number, "AC04"), name="back.xml")
    run.good("sepa", "import", back, *ANNA)
    assert run.json("sepa", "mandates")[0]["account_changed"] is True
