"""What the guide says to do after a restore: what the lost database had done is not done again (E9, F4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from cli.explaining.clock_check import clock
from cli.explaining.findings import State
from cli.settings import settings_from
from cli.wiring.trusted_clock import TrustedClock
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
    ledger,
    november_invoiced,
)
from tests.servers import Databases
from tests.typed import settings_file, settings_of

DUE = "2026-12-07"
NAME = "2026-12-07-b2b"


@pytest.fixture
def run(
    tmp_path: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Program:
    return november_invoiced(tmp_path, database_url, redis_url, engine, monkeypatch)


@pytest.fixture
def elsewhere(databases: Databases) -> Iterator[str]:
    with databases.empty() as url:
        yield url


@pytest.fixture
def save(
    run: Program, elsewhere: str, tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Callable[[], Program]]:
    """Call it to save; call what it gives to lose the database and bring that back, in an empty one."""

    def save_now() -> Callable[[], Program]:
        run.good("backup", "create", tmp_path / "backups", *ANNA)
        (saved,) = backups_in(tmp_path / "backups")

        def bring_back() -> Program:
            (place := tmp_path / "new").mkdir()
            again = Program(settings_file(settings_of(place, elsewhere, redis_url)), monkeypatch, DECEMBER_1)
            again.good("backup", "restore", saved, *ANNA)
            return again

        return bring_back

    return save_now


@pytest.fixture
def restored(save: Callable[[], Callable[[], Program]]) -> Callable[[], Program]:
    """Saved before anything happened."""
    return save()


@pytest.fixture
def there(elsewhere: str) -> Iterator[Engine]:
    engine = make_engine(elsewhere)
    yield engine
    engine.dispose()


def test_a_file_that_went_to_the_bank_is_adopted_and_debits_nobody_twice(
    run: Program, restored: Callable[[], Program], there: Engine, tmp_path: Path
) -> None:
    owed, bank = gross(run), tmp_path / "bank"
    bank.mkdir()
    assert export(run, bank)["files"]
    sent = (bank / f"{NAME}.xml").read_bytes()
    now = restored()
    now.good("backup", "confirm", "--reason", "a clerk who forgot a step", *ANNA)
    told = now.refused("sepa", "export", "--due", DUE, "--out", bank, *ANNA)
    assert "[program.export-there]" in told
    assert (bank / f"{NAME}.xml").read_bytes() == sent, "the only one that says so"
    assert f"1 debits, {owed}, due on {DUE}: booked" in now.good("sepa", "adopt", bank / f"{NAME}.xml", *ANNA)
    assert "known already" in now.good("sepa", "adopt", bank / f"{NAME}.xml", *ANNA)
    assert ledger(there) == {"in_collection": owed.amount}
    assert export(now, bank, "2026-12-08")["files"] == []
    (entry,) = AuditLog(there).latest(Wanted(action="sepa.adopt"))
    assert (entry.actor, entry.object_id, entry.details["debits"]) == ("anna", NAME, 1)
    (bank / f"{NAME}.xml").unlink()
    now.good("sepa", "again", NAME, "--out", bank, *ANNA)
    assert (bank / f"{NAME}.xml").read_bytes() == sent
    (done,) = now.json("sepa", "import", camt(tmp_path, credited(owed, f"{NAME}-1")), *ANNA)
    assert done["credited"] == [str(owed)]


def test_a_second_debit_is_adopted_though_the_first_is_lost_and_the_next_is_the_third(
    run: Program, restored: Callable[[], Program], tmp_path: Path
) -> None:
    assert export(run, tmp_path)["files"]
    run.good("sepa", "withdraw", NAME, "--reason", "never sent", *ANNA)
    (second,) = export(run, tmp_path)["files"]
    now = restored()
    now.good("sepa", "adopt", str(second["file"]), *ANNA)
    now.good("sepa", "withdraw", second["name"], "--reason", "the bank says that it has none", *ANNA)
    now.good("backup", "confirm", "--reason", "all steps are done", *ANNA)
    (third,) = export(now, tmp_path, "2026-12-08")["files"]
    assert f"<EndToEndId>{NUMBER}-3<" in Path(str(third["file"])).read_text()


@pytest.mark.parametrize(("in_backup", "state"), [(False, "with the bank"), (True, "settled")])
def test_a_second_debit_waits_for_what_the_bank_said_of_the_first(
    in_backup: bool,
    state: str,
    run: Program,
    save: Callable[[], Callable[[], Program]],
    engine: Engine,
    there: Engine,
    tmp_path: Path,
) -> None:
    """File A is in the backup, perhaps with its credit; its debit came back and was debited again by B, and
    only B is lost. What the bank said of B was told before B is adopted, and waits until then."""
    owed = gross(run)
    assert export(run, tmp_path)["files"]
    if in_backup:
        run.good("sepa", "import", camt(tmp_path, credited(owed, f"{NAME}-1"), name="0.xml"), *ANNA)
    restored = save()
    of_a = camt(tmp_path, credited(owed, f"{NAME}-1"), returned(owed, NUMBER, "AM04"), name="a.xml")
    assert run("sepa", "import", of_a, *ANNA).exit_code == 0
    (second,) = export(run, tmp_path, "2026-12-14", "--again", NUMBER)["files"]
    of_b = camt(tmp_path, credited(owed, f"{second['name']}-1", "2026-12-14"), name="b.xml")

    now = restored()
    told = re.sub(r"\s+", " ", now.refused("sepa", "adopt", str(second["file"]), *ANNA))
    assert f"{NUMBER}-2: its invoice is {state} by the file {NAME}" in told
    assert "--without" not in told, "the next export would debit it once more"
    assert now("sepa", "import", of_b, *ANNA).exit_code == 3
    assert now("sepa", "import", of_a, *ANNA).exit_code == 0
    assert "1 credited" in now.good("sepa", "adopt", str(second["file"]), *ANNA)
    assert now.json("sepa", "unmatched") == []
    assert run("sepa", "import", of_b, *ANNA).exit_code == 0
    assert ledger(there) == ledger(engine), "as if nothing had been lost"
    now.good("backup", "confirm", "--reason", "all steps are done", *ANNA)
    assert export(now, tmp_path, "2026-12-15")["files"] == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((r'(<InstdAmt Ccy="EUR">|<CtrlSum>)[0-9.]+', r"\g<1>9999.00"), "it debits 9999.00 EUR, "),
        ((r"<MndtId>BAU", "<MndtId>ALT"), "by the mandate ALT-2026-1, announced was BAU-2026-1"),
        ((NUMBER, "R2026-000009"), "R2026-000009: its invoice is lost too"),
        ((f"<EndToEndId>{NUMBER}", "<EndToEndId>foreign"), "foreign: the id is none of an invoice's"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_booked(
    run: Program, engine: Engine, tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    assert export(run, tmp_path)["files"]
    run.good("sepa", "withdraw", NAME, "--reason", "never sent", *ANNA)
    changed = re.sub(*change, (tmp_path / f"{NAME}.xml").read_text()).replace(NAME, "lost")
    (tmp_path / "lost.xml").write_text(changed.replace(f"<EndToEndId>{NUMBER}<", f"<EndToEndId>{NUMBER}-2<"))
    before = ledger(engine)
    told = run.refused("sepa", "adopt", tmp_path / "lost.xml", *ANNA)
    assert "[program.debits-unfit]" in told
    assert why in re.sub(r"\s+", " ", told)
    assert ledger(engine) == before
    assert [each["name"] for each in run.json("sepa", "runs")] == [NAME]


def test_a_debit_that_the_bank_took_out_of_the_file_is_left_out(run: Program, tmp_path: Path) -> None:
    assert export(run, tmp_path)["files"]
    run.good("sepa", "withdraw", NAME, "--reason", "never sent", *ANNA)
    lost = tmp_path / "lost.xml"
    lost.write_text((tmp_path / f"{NAME}.xml").read_text().replace(NAME, "lost"))
    without = ("--without", NUMBER)
    assert "no debit of it is left" in run.refused("sepa", "adopt", lost, *without, *ANNA)
    assert run("sepa", "adopt", lost, "--without", "R2026-000002", *ANNA).exit_code == 2
    assert "debit 1 of the invoice, 1 are known" in run.refused("sepa", "adopt", lost, *ANNA)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("</Document>", ""), "no XML"),
        (("<NbOfTxs>1", "<NbOfTxs>2"), "it was changed"),
        (("pain.008.001.08", "pain.008.001.02"), "no pain.008.001.08"),
    ],
)
def test_what_is_no_file_of_ours_is_refused(
    run: Program, tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    assert export(run, tmp_path)["files"]
    path = tmp_path / f"{NAME}.xml"
    path.write_text(path.read_text().replace(*change))
    told = run.refused("sepa", "adopt", path, *ANNA)
    assert "[document.unreadable]" in told
    assert why in re.sub(r"\s+", " ", told)


def test_a_file_of_another_creditor_and_another_file_of_the_name_are_refused(
    run: Program, tmp_path: Path
) -> None:
    assert export(run, tmp_path)["files"]
    path = tmp_path / f"{NAME}.xml"
    path.write_text(path.read_text().replace("T12:00:00", "T12:00:01").replace("T13:00:00", "T13:00:01"))
    assert "[sepa-run-used]" in run.refused("sepa", "adopt", path, *ANNA)
    path.write_text(re.sub("DE[0-9]{2}ZZZ", "DE00ZZZ", path.read_text()))
    assert "[program.debits-unfit]" in run.refused("sepa", "adopt", path, *ANNA)
    assert run.json("customer", "open", BAU)["items"] == []


def test_a_restored_database_deletes_issues_and_debits_nothing_until_somebody_confirms_it(
    run: Program, restored: Callable[[], Program], there: Engine, elsewhere: str, tmp_path: Path
) -> None:
    """F4, TDDDG § 10(2): holds that came after the backup are not in it."""
    assert "nothing waits for it" in run.good("backup", "confirm", "--reason", "just so", *ANNA)
    moment, settings = datetime.now(UTC), settings_of(tmp_path, elsewhere)
    found = settings_from(settings_file(settings).read_text(), "test")
    now, trusted = restored(), TrustedClock(there)
    with capture_logs() as logs:
        assert not trusted.trusts(moment)
    assert "restored from a backup" in logs[0]["why"]
    assert clock(found).state is State.FAULT
    assert "fernamt backup confirm" in clock(found).next_step
    for words in (
        ("privacy", "run"),
        ("privacy", "run", "--today", DECEMBER_1.date()),
        ("number", "sweep"),
        ("sepa", "export", "--due", DUE, "--out", tmp_path),
        ("invoice", "issue", "--customer", BAU, "--month", "2026-11"),
        ("invoice", "credit", NUMBER, "--reason", "x"),
    ):
        assert "[program.restore-open]" in now.refused(*words, *ANNA), words
    now.good("backup", "confirm", "--reason", "holds and files are entered", *ANNA)
    (entry,) = AuditLog(there).latest(Wanted(action="backup.confirm"))
    assert (entry.actor, entry.details) == ("anna", {"reason": "holds and files are entered"})
    assert trusted.trusts(moment)
    assert "restored" not in clock(found).seen
    assert export(now, tmp_path)["files"]


def test_a_database_that_pg_restore_filled_is_marked_by_hand(run: Program, engine: Engine) -> None:
    """It came back by other means, and cannot know that by itself."""
    assert run("backup", "restored", "--made-at", "2037-01-01", *ANNA).exit_code == 2
    told = run.good("backup", "restored", "--made-at", "2026-11-22T03:00", *ANNA)
    assert "fernamt sepa adopt" in told
    (entry,) = AuditLog(engine).latest(Wanted(action="backup.restore"))
    assert (entry.actor, entry.details["made_at"]) == ("anna", "2026-11-22T02:00:00+00:00")
    assert "[program.restore-open]" in run.refused("privacy", "run", *ANNA)
