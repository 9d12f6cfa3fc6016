"""Real servers for tests: one PostgreSQL and one Redis for a session, a fresh database for each test.

A cluster with this program's schema is made once for all processes of a run; every server that tests start
begins with a copy of it, because making and migrating one takes seconds. Their files are in memory where it
has room for them: tests would wait for the disk.

FERNAMT_TEST_DATABASE_URL (a user that may create databases) and FERNAMT_TEST_REDIS_URL (a database that
may be emptied) take their place where they are set; neither with a password that anybody tries first.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from store.database import make_engine
from store.embedded import EmbeddedPostgres, EmbeddedRedis
from store.schema import upgrade

#: A file system in memory, and how many bytes must be free for the files of all processes of a run.
_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30


def temporary_folder(prefix: str) -> Path:
    """A new folder for servers' files, in memory where it has room; the caller removes it."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY if _has_room() else None))


def _has_room() -> bool:
    try:
        found = re.search(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(), re.M)
        free = min(shutil.disk_usage(_MEMORY).free, int(found[1]) << 10 if found else 0)
    except OSError:  # another system than Linux
        return False
    return free > _ROOM and "TMPDIR" not in os.environ


@contextmanager
def state_directory() -> Iterator[Path]:
    """A state directory that the servers' account can enter; pytest's tmp_path is closed to it under root."""
    path = temporary_folder("fernamt-test-")
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


#: Where the processes of a run find what was made for all of them (tests/conftest.py).
PREPARED = "FERNAMT_TEST_PREPARED"
#: In a prepared cluster: a database to copy, with this program's schema and no rows.
_TEMPLATE = "fernamt_template"


def prepare_postgres(state_dir: Path) -> None:
    """Put a new cluster there, as a program that has ended leaves it, with this program's schema.

    Outside a run of tests nothing: an exchange of a benchmark makes its own.
    """
    if PREPARED not in os.environ:
        return
    shared = Path(os.environ[PREPARED])
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "made").exists():
            _make(shared / "making")
            (shared / "making").rename(shared / "made")
    subprocess.run(["/bin/cp", "-a", f"{shared}/made/.", str(state_dir)], check=True, timeout=60)


def _make(state_dir: Path) -> None:
    state_dir.mkdir(mode=0o711)
    server = EmbeddedPostgres(state_dir)
    url = server.start()
    try:
        engine = make_engine(url, pool_size=1)
        upgrade(engine)
        engine.dispose()
        orders = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
        with orders.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {_TEMPLATE} TEMPLATE fernamt"))
        orders.dispose()
    finally:
        server.stop()
    (state_dir / server.name / "port").unlink()  # each copy takes one of its own


#: Nobody needs what is in it after a crash.
_IN_A_HURRY = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "128MB"}


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a server for this session."""
    if _is_given():
        yield os.environ["FERNAMT_TEST_DATABASE_URL"]
        return
    with state_directory() as state_dir:
        prepare_postgres(state_dir)
        server = EmbeddedPostgres(state_dir, settings=_IN_A_HURRY)
        try:
            yield server.start()
        finally:
            if server.pid is not None:  # its files go: no need to write them first
                os.kill(server.pid, signal.SIGQUIT)
            server.stop()


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a server for this session."""
    given = os.environ.get("FERNAMT_TEST_REDIS_URL")
    if given:
        yield given
        return
    with state_directory() as state_dir:
        server = EmbeddedRedis(state_dir)
        try:
            yield server.start()
        finally:
            server.stop()


class Databases:
    """Fresh databases on one server: copies of a template that was migrated once."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        # One connection for all orders: each new one is a process of the server, and a proof of the password.
        self._orders = create_engine(
            server_url, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True
        )
        self._prefix = f"fernamt_test_{os.getpid()}"
        self._numbers = itertools.count(1)
        self._template: str | None = None

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a database without any table."""
        with self._copy_of("template0") as url:
            yield url

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """The URL of a database with this program's schema and no rows."""
        if self._template is None:
            self._template = self._migrated_template() if _is_given() else _TEMPLATE
        with self._copy_of(self._template) as url:
            yield url

    def _migrated_template(self) -> str:
        template = f"{self._prefix}_template"
        self._order(f"CREATE DATABASE {template} TEMPLATE template0")
        engine = make_engine(self._url(template), pool_size=1)
        try:
            upgrade(engine)
        finally:
            engine.dispose()
        return template

    def close(self) -> None:
        """Drop the template from a server that stays."""
        if self._template not in (None, _TEMPLATE):
            self._order(f"DROP DATABASE {self._template} WITH (FORCE)")
        self._orders.dispose()

    @contextmanager
    def _copy_of(self, template: str) -> Iterator[str]:
        name = f"{self._prefix}_{next(self._numbers)}"
        self._order(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self._url(name)
        finally:
            self._order(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _order(self, statement: str) -> None:
        with self._orders.connect() as connection:
            connection.execute(text(statement))

    def _url(self, database: str) -> str:
        return make_url(self._server_url).set(database=database).render_as_string(hide_password=False)


def _is_given() -> bool:
    """Whether the server is one that stays, of somebody else."""
    return bool(os.environ.get("FERNAMT_TEST_DATABASE_URL"))
