"""`fernamt cdr quarantine` as operators type it: every file that could not be read comes to an end (F4)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from cli.wiring.adapters import Settled
from controller.settled_files import SettledFiles
from freeswitch.json_cdr import parse
from freeswitch.spool import Spool
from store.audit import AuditLog
from store.cdr_repository import CdrRepository
from store.quarantined_files import QuarantinedFiles
from store.tables import MAX_QUARANTINED_BYTES
from tests.architecture.program import ROOT
from tests.typed import Run, good, parsed, settings_of, told, typed

RECORD = (ROOT / "tests" / "calls" / "in-answered" / "leg-a.cdr.json").read_bytes()
ANNA = ("--actor", "anna")


@pytest.fixture
def run(tmp_path: Path, database_url: str) -> Run:
    return typed(settings_of(tmp_path, database_url))


def entries(engine: Engine) -> list[tuple[str, str, str]]:
    return [(each.actor, each.action, each.object_id) for each in AuditLog(engine).latest()]


def number_of(repository: CdrRepository, name: str) -> int:
    (found,) = [each.id for each in repository.open_quarantine() if each.file_name == name]
    return found


def test_a_file_that_can_never_be_read_is_settled_by_somebody_for_a_reason(
    run: Run, repository: CdrRepository, engine: Engine
) -> None:
    repository.quarantine("half.cdr.json", "cdr.not-json", "not JSON: line 1", b'{"half\x1b[2J')
    number = number_of(repository, "half.cdr.json")
    assert parsed(run("cdr", "quarantine", "--json"))[0]["id"] == number, "as before there were commands"
    assert parsed(run("cdr", "quarantine", "list", "--json")) == parsed(run("cdr", "quarantine", "--json"))
    assert "half.cdr.json" in good(run("cdr", "quarantine"))
    shown = good(run("cdr", "quarantine", "show", number))
    assert "cdr.not-json: not JSON: line 1" in shown
    assert '{"half�[2J' in shown, "nothing that a terminal obeys"
    assert run("cdr", "quarantine", "show", number, "--raw").stdout_bytes == b'{"half\x1b[2J'
    assert run("cdr", "quarantine", "settle", number, *ANNA).exit_code == 2, "a reason is wanted"
    good(run("cdr", "quarantine", "settle", number, "--reason", "ticket 4711", *ANNA))
    assert good(run("cdr", "quarantine")) == "The quarantine is empty.\n"
    assert entries(engine) == [("anna", "cdr.settle", str(number))]
    again = told(run("cdr", "quarantine", "settle", number, "--reason", "twice", *ANNA))
    assert "there is none of this number that waits" in again


def test_a_file_that_can_be_read_by_now_becomes_its_leg_once(
    run: Run, repository: CdrRepository, engine: Engine
) -> None:
    repository.quarantine("a.cdr.json", "cdr.refused", "the tables were of yesterday", RECORD)
    repository.quarantine("b.cdr.json", "cdr.not-json", "half a record", b"{")
    good_one, bad_one = (number_of(repository, f"{name}.cdr.json") for name in "ab")
    assert run("cdr", "quarantine", "retry").exit_code == 2, "which?"
    done = run("cdr", "quarantine", "retry", "--all", *ANNA)
    leg_id = parse(RECORD).leg_id
    assert done.exit_code == 1, "one still waits"
    assert f"{good_one}: leg {leg_id} is taken in" in done.output
    assert f"{bad_one}: cdr.not-json" in done.output
    (stored,) = [each for each in repository.show(leg_id) if each.leg.leg_id == leg_id]
    assert stored.raw == RECORD
    assert [each.id for each in repository.open_quarantine()] == [bad_one]
    assert entries(engine) == [("anna", "cdr.retry", str(good_one))]


def test_of_a_file_that_is_too_large_for_the_database_the_rest_is_read_where_it_lies(
    run: Run, repository: CdrRepository, tmp_path: Path
) -> None:
    """The database has the first MiB."""
    large = b" " * (MAX_QUARANTINED_BYTES - 10) + RECORD
    repository.quarantine("large.cdr.json", "cdr.refused", "too odd", large)
    number = number_of(repository, "large.cdr.json")
    elsewhere = run("cdr", "quarantine", "retry", number, *ANNA)
    assert "the file is not on this node" in elsewhere.output
    (tmp_path / "quarantine").mkdir()
    (tmp_path / "quarantine" / "large.cdr.json").write_bytes(b"another file of this name")
    assert "the file is not on this node" in run("cdr", "quarantine", "retry", number, *ANNA).output
    (tmp_path / "quarantine" / "large.cdr.json").write_bytes(large)
    retried = run("cdr", "quarantine", "retry", number, *ANNA).output
    assert "the file is not on this node" not in retried
    assert retried.startswith(f"{number}: ")


def test_a_settled_file_is_deleted_from_the_disk_and_no_other(
    repository: CdrRepository, engine: Engine, tmp_path: Path
) -> None:
    """F4: what could not be read is traffic data as well. Of one name, every content must be settled."""
    aside = tmp_path / "quarantine"
    aside.mkdir()
    files, spool = QuarantinedFiles(engine), Spool(tmp_path)
    rounds = SettledFiles(spool, Settled(files).of)
    for name in ("settled", "open", "twice", "unknown"):
        (aside / name).write_bytes(b"{")
        if name != "unknown":
            repository.quarantine(name, "cdr.not-json", "half", b"{")
    repository.quarantine("twice", "cdr.not-json", "half", b"{{")
    rounds.look()
    assert len(list(aside.iterdir())) == 4
    files.settle(number_of(repository, "settled"), "anna", "cdr.settle", {})
    first = next(each.id for each in repository.open_quarantine() if each.file_name == "twice")
    files.settle(first, "anna", "cdr.settle", {})
    rounds.look()
    assert {each.name for each in aside.iterdir()} == {"open", "twice", "unknown"}
    with engine.begin() as connection:
        connection.execute(text("UPDATE cdr_quarantine SET resolved_at = now() WHERE file_name = 'twice'"))
    rounds.look()
    assert {each.name for each in aside.iterdir()} == {"open", "unknown"}
