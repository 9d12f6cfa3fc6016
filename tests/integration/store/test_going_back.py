"""Back to the database of before an upgrade without losing what came in since (docs/operation.md)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, make_url, text

from cli.wiring.adapters import Records
from controller.intake import Intake
from dialplan.mailbox import MessageFacts
from dialplan.recording import Consent, RecordingFacts
from freeswitch.json_cdr import parse
from freeswitch.spool import Spool
from store.audit import AuditLog
from store.cdr_repository import CdrRepository
from store.database import make_engine
from store.embedded.programs import postgres_client
from store.mailbox_messages import MailboxMessages
from store.recordings import RecordingArchive
from tests.architecture.program import ROOT
from tests.servers import Databases
from tests.typed import good, settings_of, told, typed

RECORDS: Final = sorted((ROOT / "tests" / "calls").glob("*/*.cdr.json"))
AT: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)
KEY: Final = b"k" * 32
#: What is copied as it rests.
SEALED: Final = (
    "SELECT id, received_at, encode(sealed, 'hex') FROM mailbox_message",
    "SELECT id, started_at, coalesce(erased_why, '') FROM recording",
    "SELECT recording_id, number, encode(sealed, 'hex') FROM recording_part",
)
BACK: Final = (
    (ROOT / "docs" / "operation.md").read_text().partition("### Going back\n")[2].partition("\n## ")[0]
)


class Side:
    """A database with its spool and intake."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.engine = make_engine(url)
        self.spool = folder / "spool"
        self.spool.mkdir(parents=True)
        tree = settings_of(folder, url)
        self.run = typed({**tree, "node": {**tree["node"], "cdr_dir": str(self.spool)}})

    def take_in(self, *files: Path) -> None:
        for number, each in enumerate(files):
            shutil.copy(each, self.spool / f"{number}-{each.parent.name}-{each.name}")
        records = Records(CdrRepository(self.engine), lambda _: None)
        intake = Intake(Spool(self.spool), records, parse)
        while not intake.round().idle:
            pass
        assert list(self.spool.iterdir()) == [], "an intake takes the files away"

    def rows(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return sorted(map(tuple, connection.execute(text(query))))

    def records(self) -> list[Any]:
        return self.rows("SELECT cdr.*, encode(json_zlib, 'hex') FROM cdr JOIN cdr_raw USING (leg_id)")


@pytest.fixture
def side(databases: Databases, tmp_path: Path) -> Iterator[Callable[[str], Side]]:
    """Makes one; `newer` has the schema, others have an empty database."""
    with ExitStack() as stack:

        def make(name: str) -> Side:
            database = databases.migrated() if name == "newer" else databases.empty()
            made = Side(stack.enter_context(database), tmp_path / name)
            stack.callback(made.engine.dispose)
            return made

        yield make


def leg_ids(files: list[Path]) -> set[str]:
    return {parse(each.read_bytes()).leg_id for each in files}


def test_the_records_since_the_backup_come_back_each_once(
    side: Callable[[str], Side], tmp_path: Path
) -> None:
    newer, older = side("newer"), side("older")
    half = len(RECORDS) // 2
    newer.take_in(*RECORDS[:half])
    good(newer.run("backup", "create", tmp_path / "backups"))
    (saved,) = (tmp_path / "backups").iterdir()
    newer.take_in(*RECORDS[half:])

    there = tmp_path / "respool"
    said = good(newer.run("cdr", "respool", "--backup", saved, there, "--actor", "anna"))
    assert f"{len(leg_ids(RECORDS))} records" in said, "those of the hour before too"
    assert {oct(each.stat().st_mode & 0o777) for each in (there, *there.iterdir())} == {"0o700", "0o600"}
    assert ("anna", "cdr.respool") in [(each.actor, each.action) for each in AuditLog(newer.engine).latest()]

    good(older.run("backup", "restore", saved))
    assert {row[0] for row in older.rows("SELECT leg_id FROM cdr")} == leg_ids(RECORDS[:half])
    older.take_in(*there.iterdir())
    assert older.records() == newer.records()
    older.take_in(*there.iterdir())
    assert older.records() == newer.records(), "a second time adds nothing"


def test_what_came_in_long_before_is_not_written_again(side: Callable[[str], Side], tmp_path: Path) -> None:
    newer = side("newer")
    newer.take_in(RECORDS[0])
    later = datetime.now(UTC) + timedelta(hours=2)
    assert "0 records" in good(newer.run("cdr", "respool", "--since", later.isoformat(), tmp_path / "none"))
    assert list((tmp_path / "none").iterdir()) == []
    soon = later - timedelta(hours=1, minutes=30)
    assert "1 records" in good(newer.run("cdr", "respool", "--since", soon.isoformat(), tmp_path / "one"))


def test_the_spool_of_the_intake_that_runs_is_refused(side: Callable[[str], Side], tmp_path: Path) -> None:
    """It would know each record, and remove its file."""
    newer = side("newer")
    for directory in (newer.spool, newer.spool / "again"):
        done = newer.run("cdr", "respool", "--since", "2026-03-01", directory)
        assert (done.exit_code, "would take the files away again" in done.output) == (2, True)
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "a.cdr.json").touch()
    assert newer.run("cdr", "respool", "--since", "2026-03-01", tmp_path / "used").exit_code == 2
    assert newer.run("cdr", "respool", tmp_path / "new").exit_code == 2, "since when?"


def test_records_are_not_taken_along_while_any_intake_stores_more(
    side: Callable[[str], Side], tmp_path: Path
) -> None:
    """One of another site was forgotten: it removes the files of what the older database will never see."""
    newer = side("newer")
    newer.take_in(RECORDS[0])
    forgotten = make_engine(newer.url, name="fernamt intake deleting")
    with forgotten.connect():
        said = told(newer.run("cdr", "respool", "--since", "2026-03-01", tmp_path / "new"))
    forgotten.dispose()
    assert "[program.intake-runs]" in said
    assert "every machine of every site" in " ".join(said.split())
    assert "1 from " in said
    assert not (tmp_path / "new").exists()
    assert "1 records" in good(newer.run("cdr", "respool", "--since", "2026-03-01", tmp_path / "new"))


def test_a_database_that_programs_use_is_not_restored_into_and_another_name_is_told(
    side: Callable[[str], Side], tmp_path: Path
) -> None:
    """Stopping every controller would refuse all calls but 110 and 112 for as long as it takes."""
    newer, used, unused = side("newer"), side("used"), side("unused")
    good(newer.run("backup", "create", tmp_path / "backups"))
    (saved,) = (tmp_path / "backups").iterdir()
    with used.engine.connect():
        said = told(used.run("backup", "restore", saved))
        assert "another name" in " ".join(said.split())
        with newer.engine.connect():
            good(unused.run("backup", "restore", saved))


def test_messages_and_recordings_are_those_of_the_newer_database(
    side: Callable[[str], Side], tmp_path: Path
) -> None:
    """Sealed as they are. What was deleted or erased since the backup does not come back."""
    newer, older = side("newer"), side("older")
    messages = MailboxMessages(newer.engine, lambda: KEY)
    recordings = RecordingArchive(newer.engine, lambda: KEY)

    def left(number: str, at: datetime) -> None:
        facts = MessageFacts(number, "beispiel-bau", "zentrale", None, "+492214710100", at, 30, ())
        assert messages.add(facts, b"RIFF" + number.encode(), 4000)

    def recorded(number: str) -> None:
        facts = RecordingFacts(number, "c1", "beispiel-bau", "verkauf", "anna", Consent("1", AT), AT, 30)
        assert recordings.add(facts, 4000, (b"RIFF", number.encode()))

    for each in ("deleted", "stays"):
        left(each, AT)
        recorded(each)
    good(newer.run("backup", "create", tmp_path / "backups"))
    (saved,) = (tmp_path / "backups").iterdir()
    messages.erase("deleted", "anna", "the caller asked for it")
    recordings.erase("deleted", AT, "anna", "the caller asked for it")
    left("since", AT + timedelta(hours=20))
    recorded("since")
    good(older.run("backup", "restore", saved))
    restored = [older.rows(each) for each in SEALED]

    assert _copied(newer, older, "no_such_database") != 0
    assert [older.rows(each) for each in SEALED] == restored, "all or nothing"
    assert _copied(newer, older) == 0
    assert [older.rows(each) for each in SEALED] == [newer.rows(each) for each in SEALED]
    assert _copied(newer, older) == 0, "again, until the intake is started"
    assert [older.rows(each) for each in SEALED] == [newer.rows(each) for each in SEALED]
    there = MailboxMessages(older.engine, lambda: KEY)
    assert there.hear("since", AT, "anna") == b"RIFFsince"
    assert {row[0] for row in older.rows("SELECT id FROM mailbox_message")} == {"stays", "since"}
    assert {row[0] for row in older.rows("SELECT recording_id FROM recording_part")} == {"stays", "since"}


def _copied(newer: Side, older: Side, source: str | None = None) -> int:
    """The status of the guide's block, as it stands there but for the databases' names and place."""
    (block,) = re.findall(r"^ *(\(set -e -o pipefail\n.*?\))(?=\n *```)", BACK, re.M | re.S)
    tables = set(re.findall(r"-t ([a-z_]+)", block))
    assert tables == {"mailbox_message", "recording", "recording_part", "emergency_attempt"}
    place = make_url(newer.url)
    words = block.replace("fernamt_20261123", str(make_url(older.url).database))
    words = words.replace("emergency_attempt fernamt\n", f"emergency_attempt {source or place.database}\n")
    programs = [postgres_client("test", name, _major(newer.url)) for name in ("pg_dump", "psql")]
    done = subprocess.run(
        ["/bin/bash", "-c", words],
        capture_output=True,
        check=False,
        timeout=60,
        env={
            **os.environ,
            "PATH": ":".join([*(str(Path(each).parent) for each in programs), os.environ["PATH"]]),
            "PGHOST": str(place.query.get("host") or place.host),
            "PGPORT": str(place.query.get("port") or place.port),
            "PGUSER": str(place.username),
            "PGPASSWORD": str(place.password or ""),
        },
    )
    return done.returncode


def _major(url: str) -> int:
    engine: Engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    finally:
        engine.dispose()
