"""A real PostgreSQL under a state directory, for a machine without one."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import psycopg2
from psycopg2 import sql
from sqlalchemy import URL

from store.embedded import process
from store.embedded.accounts import Account
from store.embedded.diagnosis import diagnose
from store.embedded.programs import postgres_program, runnable_by
from store.embedded.server import EmbeddedServer
from store.errors import ServerStartFailed

USER = "fernamt"
DATABASE = "fernamt"
#: A Unix socket's path holds 107 bytes (unix(7)).
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.65535")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",  # bounds recovery after a power cut
    # What is committed is on disk: a CDR's file is removed after the commit (guarantee 4).
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Refused statements are reported to the client; in the log they would pile up, with people's numbers.
    "log_min_messages": "log",
    "logging_collector": "off",
    "password_encryption": "scram-sha-256",
}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL 15 or newer in STATE/postgres, reached by its Unix socket and by 127.0.0.1.

    Both ask for the password (SCRAM, RFC 7677). `initdb` runs once. `url` is SQLAlchemy's, by the socket
    where its path is short enough.
    """

    name = "postgres"
    programs = frozenset({"postgres"})
    #: Fast shutdown (sessions are ended), immediate (recovery at the next start), kill.
    stop_steps = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
    ready_timeout_s = 90.0

    def __init__(
        self,
        state_dir: Path,
        new_data_major: int | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`new_data_major`: PostgreSQL version for data yet to be made; None: the newest of the machine.
        `settings` go before ours, which are those of a small machine."""
        super().__init__(state_dir)
        self._new_data_major = new_data_major
        self._wanted = settings

    @property
    def _sockets(self) -> Path:
        return self._home.path / "socket"

    def _prepare(self, account: Account) -> Path:
        # Nothing of ours runs now (leftovers were ended): the pid in this file may be another program's.
        self._pid_path.unlink(missing_ok=True)
        major = self._data_major()
        program = postgres_program(str(self._home.path), major or self._new_data_major)
        binary = runnable_by(account, program, self._home.path / "program")
        if major is None:
            self._initialise(binary, account)
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        if account.changes_user:
            os.chown(self._sockets, account.uid, account.gid)
        return binary

    def _command(self, program: Path, port: int) -> list[str]:
        sockets = str(self._sockets) if self._socket_fits() else ""
        settings = {**_SETTINGS, **self._wanted, "port": str(port), "unix_socket_directories": sockets}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(program), "-D", str(self._home.data), *options]

    def _ready(self, port: int) -> bool:
        """Line 8 of postmaster.pid is the server's own word on its state (pg_ctl reads it too)."""
        lines = self._pid_file()
        if len(lines) < 8 or lines[0] != str(self.pid) or lines[7].strip() != "ready":
            return False
        self._make_database(port)
        return True

    def _main_pid(self) -> int | None:
        """The postmaster; asked first, since a session ended alone makes the others crash and recover."""
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    @property
    def _pid_path(self) -> Path:
        return self._home.data / "postmaster.pid"

    def _pid_file(self) -> list[str]:
        try:
            return self._pid_path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _data_major(self) -> int | None:
        """The version that wrote the data; None where there is none yet."""
        try:
            return int((self._home.data / "PG_VERSION").read_text(encoding="ascii").split(".")[0])
        except FileNotFoundError:
            return None

    def _initialise(self, binary: Path, account: Account) -> None:
        """initdb beside `data`, then renamed: a half-made cluster is never taken for a whole one."""
        fresh = self._home.path / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        secret = self._home.path / "initdb-password"
        secret.touch(mode=0o600)
        secret.write_text(self._home.password(), encoding="ascii")
        if account.changes_user:
            os.chown(fresh, account.uid, account.gid)
            os.chown(secret, account.uid, account.gid)
        offset = self._home.log_size()
        command = [str(binary.with_name("initdb")), "-D", str(fresh), "-U", USER, f"--pwfile={secret}"]
        command += [
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C",
            "--data-checksums",
            "--no-instructions",
        ]
        try:
            process.run_to_end(command, account=account, directory=fresh, log=self._home.log, timeout_s=120)
        finally:
            secret.unlink(missing_ok=True)
        said = self._home.log_since(offset)
        if "syncing data to disk ... ok" not in said:  # initdb's last step
            raise diagnose(str(self._home.path), said, str(self._home.log))
        fresh.rename(self._home.data)

    def _socket_fits(self) -> bool:
        path = str(self._sockets)
        return len(os.fsencode(path)) <= _LONGEST_SOCKET_FOLDER and not set(path) & set(",@'\"")

    def _url(self, port: int) -> str:
        secret = self._home.password()
        if self._socket_fits():
            query = {"host": str(self._sockets), "port": str(port)}
            url = URL.create("postgresql+psycopg2", USER, secret, database=DATABASE, query=query)
        else:
            url = URL.create("postgresql+psycopg2", USER, secret, "127.0.0.1", port, DATABASE)
        return url.render_as_string(hide_password=False)

    def _make_database(self, port: int) -> None:
        host = str(self._sockets) if self._socket_fits() else "127.0.0.1"
        try:
            connection = psycopg2.connect(
                host=host,
                port=port,
                user=USER,
                password=self._home.password(),
                dbname="postgres",
                connect_timeout=5,
            )
        except psycopg2.OperationalError as error:
            raise ServerStartFailed(
                str(self._home.path),
                f"it runs but refuses us: {(str(error).splitlines() or [''])[0]}",
                "Its file 'password' must be the one this server was made with",
            ) from error
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        finally:
            connection.close()
