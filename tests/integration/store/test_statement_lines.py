"""What a bank statement pays, gives back or leaves to a person, in each form of a statement (E9)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cli.explaining.findings import State
from cli.explaining.record_checks import bank_finding
from rating.money import Money
from store.bank_state import BankState
from tests.integration.store.bank_statements import OURS, camt, credited, paid, returned
from tests.integration.store.billing_program import ANNA, Program
from tests.integration.store.claims import NUMBER, export, gross, issue, ledger, november_invoiced


@pytest.fixture
def run(
    tmp_path: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Program:
    return november_invoiced(tmp_path, database_url, redis_url, engine, monkeypatch)


def test_what_fits_no_claim_waits_for_a_person(run: Program, engine: Engine, tmp_path: Path) -> None:
    """Nothing is guessed: exit status 3, and the clerk assigns it or leaves it."""
    owed = gross(run)
    more = Money(owed.amount + 1)
    bank = camt(
        tmp_path,
        paid(str(more.amount), NUMBER),
        paid("7.00", "danke"),
        paid("10.00", NUMBER, "2026-12-16"),
        returned(owed, "R2026-000099", "AM04"),
    )
    done = run("sepa", "import", bank, "--json", *ANNA)
    assert done.exit_code == 3, done.output
    (told,) = json.loads(done.output)
    assert told["paid"] == ["10.00 EUR"], "a part of one invoice is taken"
    waits = {each["amount"]: each for each in run.json("sepa", "unmatched")}
    assert set(waits) == {str(more), "7.00 EUR", f"-{owed.amount + 3} EUR"}
    assert "1.00 EUR more" in waits[str(more)]["why"]
    found = BankState(engine).now()
    assert (found.unmatched, found.oldest, found.runs) == (3, date(2026, 12, 9), ())
    told_by_doctor = bank_finding(found, date(2026, 12, 16))
    assert (told_by_doctor.state, told_by_doctor.next_step) == (State.WARNING, "fernamt sepa unmatched")
    assert told_by_doctor.seen == "3 lines wait for a person, since 2026-12-09"
    line = waits[str(more)]["line"]
    wrong = run.refused("sepa", "assign", line, "--invoice", f"{NUMBER}={owed.amount}", *ANNA)
    assert "bank-line-unfit" in wrong
    run.good("sepa", "assign", line, "--invoice", f"{NUMBER}={more.amount}", *ANNA)
    run.good("sepa", "leave", waits["7.00 EUR"]["line"], "--reason", "a gift", *ANNA)
    assert "bank-line-unknown" in run.refused("sepa", "leave", "x", "--reason", "a", *ANNA)
    (item,) = run.json("customer", "open")["items"]
    assert item["open"] == "-11.00 EUR", "too much is a credit of the customer"
    assert [each["amount"] for each in run.json("sepa", "unmatched")] == [f"-{owed.amount + 3} EUR"]
    assert ledger(engine)["receivable"] == Decimal("-11.00")

    run.at(datetime(2027, 1, 2, 12, tzinfo=UTC))
    december = issue(run, "2026-12", "2026-12-31")
    (made,) = export(run, tmp_path, "2027-01-07")["files"]
    payable = Money.parse(december["gross"]).amount - 11
    assert Money.parse(str(made["sum"])).amount == payable, "the credit pays first"
    assert run.json("customer", "open")["items"] == []


def test_a_customers_account_is_enough_where_one_claim_fits(run: Program, tmp_path: Path) -> None:
    owed = gross(run)
    bank = camt(tmp_path, paid(str(owed.amount), "ohne Angaben", iban="DE66999999990000000002"))
    (told,) = run.json("sepa", "import", bank, *ANNA)
    assert told["paid"] == [str(owed)]


@pytest.mark.parametrize("account", [OURS, "99999999/0000000001"])
def test_a_statement_in_swifts_form_books_the_same(
    run: Program, engine: Engine, tmp_path: Path, account: str
) -> None:
    """Issue 5, build 8: MT940; the account as IBAN, or as bank code and number."""
    export(run, tmp_path)
    owed = f"{gross(run).amount:.2f}".replace(".", ",")
    back = f"{gross(run).amount + 3:.2f}".replace(".", ",")
    bank = tmp_path / "statement.sta"
    bank.write_text(
        f":20:STARTUMSE\n:25:{account}\n:28C:00001/001\n:60F:C261130EUR100,00\n"
        f":61:2612071207C{owed}N192NONREF\n:86:192?00SAMMLER?20KREF+2026-12-07-b2b?21SVWZ+1 STUECK\n"
        f":61:2612091209D{back}N108NONREF\n:86:108?00RUECKBEL. B2B?20EREF+{NUMBER}?21MREF+BAU-2026-1"
        f"?22OAMT+{owed}?23COAM+3,00?34904\n:62F:C261209EUR97,00\n-\n"
    )
    (told,) = run.json("sepa", "import", bank, *ANNA)
    (returned_one,) = told["came_back"]
    assert (returned_one["reason"], returned_one["fee"]) == ("AG01", "5.00 EUR")
    expected = {"receivable": gross(run).amount, "bank": Decimal("-3.00"), "bank_charges": Decimal("3.00")}
    assert ledger(engine) == expected
    (again,) = run.json("sepa", "import", bank, *ANNA)
    assert (again["known_before"], again["came_back"]) == (2, [])
    bank.write_text(bank.read_text().replace("97,00", "98,00"))
    assert "something of it is missing" in run.refused("sepa", "import", bank, *ANNA)


def test_what_was_told_as_camt_and_as_mt940_is_booked_once(
    run: Program, engine: Engine, tmp_path: Path
) -> None:
    """E9: file credited, debit returned, invoice paid, in both forms; one that may be the same waits."""
    export(run, tmp_path)
    owed = gross(run)
    bank = camt(
        tmp_path, credited(owed, "2026-12-07-b2b-1"), returned(owed, NUMBER, "AM04"),
        paid("0.07", f"Anzahlung auf {NUMBER} mit Dank", "2026-12-09"), paid("8.00", "", "2026-12-09"),
    )  # fmt: skip
    assert run("sepa", "import", bank, *ANNA).exit_code == 3, "8.00 fit nothing"
    balances = ledger(engine)
    told, back = (f"{each:.2f}".replace(".", ",") for each in (owed.amount, owed.amount + 3))
    after = f"{100 - 3 + 0.07 + 8 + 0.07 + 9:.2f}".replace(".", ",")
    swift = tmp_path / "statement.sta"
    swift.write_text(
        f":20:STARTUMSE\n:25:{OURS}\n:28C:00001/001\n:60F:C261130EUR100,00\n"
        f":61:2612071207C{told}N192NONREF\n:86:192?00SAMMLER?20KREF+2026-12-07-b2b?21SVWZ+1 STUECK\n"
        f":61:2612091209D{back}N108NONREF\n:86:108?00RUECKBEL. B2B?20EREF+{NUMBER}?21MREF+BAU-2026-1"
        f"?22OAMT+{told}?23COAM+3,00?34906\n"
        ":61:2612091209C0,07N166NONREF\n:86:166?00GUTSCHRIFT?20SVWZ+ANZAHLUNG AUF R2026-00?210001 MIT DANK\n"
        ":61:2612091209C8,00N166NONREF\n:86:166?00GUTSCHRIFT?20SVWZ+OHNE WORTE\n"
        f":61:2612091209C0,07N166NONREF\n:86:166?00GUTSCHRIFT?20SVWZ+REST ZU {NUMBER}\n"
        ":61:2612091209C9,00N166NONREF\n:86:166?00GUTSCHRIFT?20SVWZ+GESCHENK\n"
        f":62F:C261209EUR{after}\n-\n"
    )
    done = run("sepa", "import", swift, "--json", *ANNA)
    assert done.exit_code == 3, done.output
    (second,) = json.loads(done.output)
    assert (second["known_before"], second["credited"], second["came_back"]) == (3, [], [])
    assert second["paid"] == ["0.07 EUR"], "another one of the same day and amount, by its words"
    why = {each["amount"]: each["why"] for each in second["unmatched"]}
    assert "in another form" in why["8.00 EUR"]
    assert "names no invoice" in why["9.00 EUR"]
    paid_more = Decimal("0.07")
    changed = {"receivable": balances["receivable"] - paid_more, "bank": balances["bank"] + paid_more}
    assert ledger(engine) == balances | changed
    for again, lines in ((swift, 6), (bank, 4)):
        (known,) = run.json("sepa", "import", again, *ANNA)
        assert (known["known_before"], known["unmatched"]) == (lines, [])


def test_a_file_of_another_account_is_refused(run: Program, engine: Engine, tmp_path: Path) -> None:
    bank = camt(tmp_path, paid("7.00", "danke"), account="DE66999999990000000002")
    assert "program.other-account" in run.refused("sepa", "import", bank, *ANNA)
    assert ledger(engine).keys() == {"receivable"}
