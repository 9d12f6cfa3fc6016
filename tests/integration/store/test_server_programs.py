"""Any of the server programs that may be there works, wherever it lies."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from store.embedded import EmbeddedPostgres, programs
from store.embedded.accounts import server_account
from store.embedded.process import is_running, run_to_end, spawn, wait_until
from store.embedded.programs import Program, postgres_client, postgres_program, redis_program, runnable_by
from store.errors import DataVersionMismatch, ServerProgramMissing

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")


def wheel_postgres() -> Program:
    try:
        return postgres_program("test", 17)
    except (DataVersionMismatch, ServerProgramMissing) as error:
        pytest.skip(str(error))


def test_data_stays_with_the_version_that_made_it(state_dir: Path) -> None:
    """The machine's own PostgreSQL is another version than the one in the wheel: both serve their data."""
    major = wheel_postgres().major
    first = EmbeddedPostgres(state_dir, new_data_major=major)
    try:
        first.start()
        assert (state_dir / "postgres/data/PG_VERSION").read_text().strip() == str(major)
    finally:
        first.stop()
    second = EmbeddedPostgres(state_dir)
    try:
        second.start()
        assert Path(f"/proc/{second.pid}/exe").readlink() == wheel_postgres().path
    finally:
        second.stop()


def test_there_is_a_redis_that_is_new_enough() -> None:
    program = redis_program("test")
    assert program.major >= 7
    assert program.path.is_file()


@as_root
def test_a_program_that_its_account_cannot_read_is_copied_once(state_dir: Path) -> None:
    """A virtual environment under /root is closed to everybody else."""
    closed = state_dir / "closed"
    closed.mkdir(mode=0o700)
    original = redis_program("test").path
    hidden = Program(
        Path(shutil.copy2(original, closed / original.name)),
        closed / original.name,
        redis_program("test").major,
    )
    account, copies = server_account(), state_dir / "program"
    copy = runnable_by(account, hidden, copies)
    assert copy != hidden.path
    made_at = copy.stat().st_ctime_ns
    assert runnable_by(account, hidden, copies) == copy
    assert copy.stat().st_ctime_ns == made_at
    log = state_dir / "log"
    assert run_to_end([str(copy), "--version"], account=account, directory=copies, log=log, timeout_s=10)
    assert "server v=" in log.read_text()
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    account = server_account()
    log = tmp_path / "log"
    assert not run_to_end(["/bin/sleep", "60"], account=account, directory=Path("/"), log=log, timeout_s=0.1)


def test_a_program_that_cannot_be_started_says_so_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = spawn(
        ["/no/such/program"], account=server_account(), directory=Path("/"), log=log, death_signal=0
    )
    assert wait_until(lambda: not is_running(process), 10)
    assert "cannot start ['/no/such/program']: [Errno 2]" in log.read_text()


@pytest.fixture
def clients_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose server is elsewhere: clients of PostgreSQL 15 and 17, as Debian has them."""
    for major in (17, 15):
        folder = tmp_path / f"postgresql/{major}/bin"
        folder.mkdir(parents=True)
        for name in ("pg_dump", "pg_restore"):
            (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {major}.5 (Debian)'\n")
            (folder / name).chmod(0o755)
    monkeypatch.setattr(programs, "_SYSTEM_FOLDERS", (f"{tmp_path}/postgresql/*/bin",))
    monkeypatch.setattr(programs, "_wheel_folder", lambda _: None)
    monkeypatch.setenv("PATH", "/nowhere")
    return tmp_path / "postgresql"


@pytest.mark.parametrize(("server", "client"), [(15, 15), (16, 17), (17, 17)])
def test_a_backup_needs_the_clients_alone(clients_alone: Path, server: int, client: int) -> None:
    found = postgres_client("test", "pg_dump", server)
    assert found == clients_alone / f"{client}/bin/pg_dump"


@pytest.mark.usefixtures("clients_alone")
def test_a_client_that_is_too_old_is_named_with_its_package() -> None:
    with pytest.raises(ServerProgramMissing, match="apt install postgresql-client-18"):
        postgres_client("test", "pg_restore", 18)
