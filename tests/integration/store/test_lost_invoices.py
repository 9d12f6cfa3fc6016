"""Invoices that were lost with a database while the bank has their debits: issued anew, debited once (E9)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cli import bootstrap
from cli.explaining.clock_check import clock
from cli.explaining.findings import State
from cli.settings import settings_from
from store.audit import AuditLog, Wanted
from store.backup import backups_in
from store.database import make_engine
from tests.integration.store.bank_statements import camt, credited, returned
from tests.integration.store.billing_program import ANNA, Program
from tests.integration.store.claims import (
    BAU,
    DECEMBER_1,
    NUMBER,
    export,
    gross,
    issue,
    ledger,
    november_rated,
)
from tests.servers import Databases
from tests.typed import settings_file, settings_of

NAME = "2026-12-07-b2b"
ANEW = "R2026-000002"


@pytest.fixture
def elsewhere(databases: Databases) -> Iterator[str]:
    with databases.empty() as url:
        yield url


@pytest.fixture
def there(elsewhere: str) -> Iterator[Engine]:
    engine = make_engine(elsewhere)
    yield engine
    engine.dispose()


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """Where the file of debits is that the bank has."""
    (made := tmp_path / "bank").mkdir()
    return made


@pytest.fixture
def now(
    tmp_path: Path, bank: Path, database_url: str, redis_url: str, engine: Engine, elsewhere: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Program:  # fmt: skip
    """After the backup November was invoiced and debited, then the database was lost and brought back; its
    numbers are passed over."""
    run = november_rated(tmp_path, database_url, redis_url, engine, monkeypatch)
    run.good("backup", "create", tmp_path / "backups", *ANNA)
    (saved,) = backups_in(tmp_path / "backups")
    issue(run, "2026-11", "2026-11-30")
    assert export(run, bank)["files"]
    (place := tmp_path / "new").mkdir()
    again = Program(settings_file(settings_of(place, elsewhere, redis_url)), monkeypatch, DECEMBER_1)
    again.good("backup", "restore", saved, *ANNA)
    again.good("invoice", "pass-over", NUMBER, "--reason", "given out before", *ANNA)
    return again


def confirmed_but_debits(now: Program) -> None:
    now.good("backup", "confirm", "--but-debits", "--reason", "holds are entered", *ANNA)


def test_the_debit_of_a_lost_invoice_is_one_of_that_issued_anew(
    now: Program, bank: Path, there: Engine, tmp_path: Path
) -> None:
    file = bank / f"{NAME}.xml"
    told = " ".join(now.refused("sepa", "adopt", file, *ANNA).split())
    assert f"{NUMBER}: its invoice is lost too" in told
    assert "--reissued all" in told
    assert "lost too" in now.refused("sepa", "adopt", file, "--reissued", "all", *ANNA), "not issued anew yet"
    confirmed_but_debits(now)
    assert issue(now, "2026-11", "2026-11-30")["number"] == ANEW
    owed = gross(now, ANEW)
    now.good("sepa", "adopt", file, "--reissued", "all", *ANNA)
    assert ledger(there) == {"in_collection": owed.amount}
    (done,) = now.json("sepa", "import", camt(tmp_path, credited(owed, f"{NAME}-1")), *ANNA)
    assert done["credited"] == [str(owed)], "the sum of the file as the bank has it"
    now.good("backup", "confirm", "--reason", "files are adopted", *ANNA)
    assert export(now, tmp_path)["files"] == []
    back = camt(tmp_path, returned(owed, NUMBER, "AM04"), name="back.xml")
    (done,) = now.json("sepa", "import", back, *ANNA)
    assert [each["invoice"] for each in done["came_back"]] == [ANEW]
    (next_one,) = export(now, tmp_path, "2026-12-14", "--again", ANEW)["files"]
    assert f"<EndToEndId>{ANEW}-2<" in Path(str(next_one["file"])).read_text()


def test_the_invoice_issued_anew_may_be_named(now: Program, bank: Path, there: Engine) -> None:
    file = bank / f"{NAME}.xml"
    confirmed_but_debits(now)
    issue(now, "2026-11", "2026-11-30")
    for wrong in (f"{NUMBER}", f"{NUMBER}={ANEW}x", "every"):
        assert now("sepa", "adopt", file, "--reissued", wrong, *ANNA).exit_code == 2
    unknown = now.refused("sepa", "adopt", file, "--reissued", f"{NUMBER}=R2026-000009", *ANNA)
    assert "its invoice is lost too" in unknown
    there_is = now.refused("sepa", "adopt", file, "--reissued", f"{ANEW}=R2026-000009", *ANNA)
    assert "was not lost" in there_is
    assert ledger(there).keys() == {"receivable"}
    now.good("sepa", "adopt", file, "--reissued", f"{NUMBER}={ANEW}", *ANNA)
    assert ledger(there).keys() == {"in_collection"}


def test_debits_wait_until_they_are_confirmed_though_invoices_are(
    now: Program, there: Engine, tmp_path: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two the months are issued anew, and an export would debit each a second time."""
    monkeypatch.setattr("cli.explaining.clock_check.now", bootstrap.now)  # this day, as the database says
    words = ("invoice", "issue", "--customer", BAU, "--month", "2026-11", "--on", "2026-11-30")
    assert "[program.restore-open]" in now.refused(*words, *ANNA)
    confirmed_but_debits(now)
    now.good(*words, *ANNA)
    due = ("sepa", "export", "--due", "2026-12-07", "--out", tmp_path)
    assert "[program.restore-open]" in now.refused(*due, *ANNA)
    found = settings_from(settings_file(settings_of(tmp_path, elsewhere)).read_text(), "test")
    assert (clock(found).state, "no debit is made" in clock(found).seen) == (State.WARNING, True)
    assert "nothing waits" in now.good("backup", "confirm", "--but-debits", "--reason", "again", *ANNA)
    now.good("backup", "confirm", "--reason", "files are adopted", *ANNA)
    entries = AuditLog(there).latest(Wanted(action="backup.confirm"))
    assert ["debits_since" in each.details for each in entries] == [False, True]
    assert clock(found).state is State.OK
    now.good(*due, *ANNA)
