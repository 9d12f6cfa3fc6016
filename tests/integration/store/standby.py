"""A primary and its standby, made as docs/operation.md says, with PostgreSQL's own programs."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, create_engine, make_url, text

from store.embedded import EmbeddedPostgres
from store.embedded.accounts import server_account
from store.embedded.process import end, run_to_end, servers_in
from store.embedded.programs import postgres_program, runnable_by
from tests.ports import free_port
from tests.servers import prepare_postgres, state_directory

#: Servers that are killed, on a machine that is not.
_QUICK: Final = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Server:
    """One PostgreSQL; it need not run. `port`: of 127.0.0.1."""

    state_dir: Path
    postgres: EmbeddedPostgres
    port: int

    @property
    def url(self) -> URL:
        """By TCP, as from another machine."""
        socket = make_url(self.postgres.url)
        return URL.create(
            "postgresql+psycopg2", socket.username, socket.password, "127.0.0.1", self.port, socket.database
        )

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Outside a transaction, as ALTER SYSTEM wants it."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                result = connection.execute(text(statement))
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()

    def set(self, name: str, value: str) -> None:
        """For all of it, until it is set anew."""
        self.ask(f"ALTER SYSTEM SET {name} = '{value}'")
        self.ask("SELECT pg_reload_conf()")

    def kill(self) -> None:
        """kill -9 of all its processes, as when its machine dies."""
        data = self.state_dir / "postgres" / "data"
        assert end(servers_in(data, EmbeddedPostgres.programs), ((signal.SIGKILL, 10.0),))


def several(*servers: Server) -> str:
    """The URL of all of them, in libpq's form."""
    first = servers[0].url
    places = ",".join(f"127.0.0.1:{each.port}" for each in servers)
    return f"postgresql://{first.username}:{first.password}@{places}/{first.database}"


@contextmanager
def servers() -> Iterator[tuple[Server, Server]]:
    """The primary, which runs, and a place for its standby with the same password, see `follow`."""
    with state_directory() as one, state_directory() as other:
        prepare_postgres(one)
        (other / "postgres").mkdir(mode=0o711)
        for path in (one, other):
            (path / "postgres" / "port").write_text(str(free_port()))
        shutil.copy2(one / "postgres" / "password", other / "postgres" / "password")
        primary, standby = (
            Server(
                path,
                EmbeddedPostgres(path, settings=_QUICK),
                int((path / "postgres" / "port").read_text()),
            )
            for path in (one, other)
        )
        try:
            primary.postgres.start()
            yield primary, standby
        finally:
            for each in (primary, standby):
                if each.postgres.pid is not None and each.postgres.alive():
                    os.kill(each.postgres.pid, signal.SIGQUIT)  # its files go: no need to write them first
                each.postgres.stop()


def follow(primary: Server, standby: Server) -> None:
    """Copy the primary, which goes on meanwhile, and start the copy as its standby."""
    account, home = server_account(), standby.state_dir / "postgres"
    data, log = home / "data", home / "basebackup.log"
    data.mkdir(mode=0o700)
    if account.changes_user:
        os.chown(data, account.uid, account.gid)
    program = runnable_by(account, postgres_program(str(home), None), home / "program")
    source = (
        f"host=127.0.0.1 port={primary.port} user={primary.url.username} password={primary.url.password}"
        " application_name=standby"
    )
    command = [str(program.with_name("pg_basebackup")), "-d", source, "-D", str(data)]
    command += ["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"]
    run_to_end(command, account=account, directory=home, log=log, timeout_s=60)
    assert (data / "standby.signal").is_file(), log.read_text()
    standby.postgres.start()
