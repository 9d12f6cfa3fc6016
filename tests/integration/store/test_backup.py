"""Backups: made of one moment while others write, whole or not there, restored row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, make_url

from store.backup import backups_in, check, create, restore
from store.cdr_repository import CdrRepository
from store.database import make_engine
from store.errors import BackupDamaged, BackupFailed, DatabaseInUse
from store.work_days import clocks
from tests.integration.store.legs import ANSWERED_LEG, with_raw
from tests.servers import Databases

AT = datetime(2026, 3, 2, 3, 0, 0, tzinfo=UTC)


@pytest.fixture
def elsewhere(databases: Databases) -> Iterator[tuple[Engine, str]]:
    """An empty database, as on a new machine."""
    with databases.empty() as url:
        engine = make_engine(url)
        yield engine, url
        engine.dispose()


def test_what_was_saved_is_there_again_on_another_server(
    engine: Engine,
    database_url: str,
    repository: CdrRepository,
    elsewhere: tuple[Engine, str],
    tmp_path: Path,
) -> None:
    repository.insert_legs([with_raw(ANSWERED_LEG)])
    made = create(engine, database_url, tmp_path / "backups", AT, "fernamt 0")
    assert made.path.name == "fernamt-2026-03-02T03-00-00Z"
    assert made.manifest.rows["cdr"] == 1
    assert backups_in(tmp_path / "backups") == (made.path,)
    assert restore(*elsewhere, made.path, "anna").manifest == made.manifest
    (stored,) = CdrRepository(elsewhere[0]).show(ANSWERED_LEG.leg_id)
    assert stored.leg == ANSWERED_LEG


def test_a_database_that_holds_anything_is_not_restored_into(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    made = create(engine, database_url, tmp_path, AT, "fernamt 0")
    with pytest.raises(DatabaseInUse, match="new, empty database"):
        restore(engine, database_url, made.path, "anna")


@pytest.mark.parametrize("file", ["database.dump", "manifest.json"])
def test_a_backup_that_was_changed_is_refused_before_anything_happens(
    engine: Engine, database_url: str, elsewhere: tuple[Engine, str], tmp_path: Path, file: str
) -> None:
    made = create(engine, database_url, tmp_path, AT, "fernamt 0")
    path = made.path / file
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BackupDamaged):
        check(made.path)
    with pytest.raises(BackupDamaged):
        restore(*elsewhere, made.path, "anna")


def test_a_list_of_rows_that_does_not_fit_is_told_after_restoring(
    engine: Engine, database_url: str, elsewhere: tuple[Engine, str], tmp_path: Path
) -> None:
    made = create(engine, database_url, tmp_path, AT, "fernamt 0")
    path = made.path / "manifest.json"
    tree = json.loads(path.read_text())
    tree["rows"]["cdr"] = 17
    path.write_text(json.dumps(tree))
    with pytest.raises(BackupDamaged, match="cdr"):
        restore(*elsewhere, made.path, "anna")
    assert clocks(elsewhere[0], AT).restored == made.manifest.made_at, "full, and used as if nothing happened"


def test_an_interrupted_restore_leaves_no_full_database_without_its_mark(
    engine: Engine, database_url: str, elsewhere: tuple[Engine, str], tmp_path: Path
) -> None:
    """Ctrl-C while the rows are counted, which takes as long as it takes."""
    made = create(engine, database_url, tmp_path, AT, "fernamt 0")

    def interrupt(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("SELECT count(*) FROM audit"):
            raise KeyboardInterrupt

    event.listen(elsewhere[0], "before_cursor_execute", interrupt)
    with pytest.raises(KeyboardInterrupt):
        restore(*elsewhere, made.path, "anna")
    assert clocks(elsewhere[0], AT).restored == made.manifest.made_at


def test_a_server_that_refuses_leaves_no_backup_and_no_password_behind(
    engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (short := tmp_path / "short").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(short))
    wrong = make_url(database_url).set(password="not-the-password").render_as_string(hide_password=False)
    with pytest.raises(BackupFailed) as failure:
        create(engine, wrong, tmp_path / "backups", AT, "fernamt 0")
    assert "not-the-password" not in str(failure.value)
    assert list((tmp_path / "backups").iterdir()) == []
    assert list(short.iterdir()) == []
