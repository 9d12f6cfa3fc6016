"""The embedded servers: nothing is lost and nothing is left over, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from store.database import make_engine
from store.embedded import EmbeddedPostgres, EmbeddedRedis
from store.embedded.process import identify, is_running, wait_until
from store.embedded.server import EmbeddedServer
from store.errors import (
    DatabaseUnavailable,
    DataDamaged,
    DataVersionMismatch,
    PortTaken,
    ServerStartFailed,
    StateDirectoryClosed,
)
from store.foreign_errors import database_errors
from store.redis_client import call_path_client
from tests.patience import slowness

ROOT = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")


@contextmanager
def running(*servers: EmbeddedServer) -> Iterator[None]:
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.stop)
            server.start()
        yield


@contextmanager
def program(state_dir: Path, *modes: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, int]]]:
    command = [sys.executable, "-m", "tests.integration.store.program", str(state_dir), *modes]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        try:
            assert started.stdout is not None
            yield started, json.loads(started.stdout.readline())
        finally:
            started.kill()


def rows(server: EmbeddedPostgres, query: str) -> list[tuple[object, ...]]:
    engine = make_engine(server.url)
    try:
        with database_errors("test"), engine.begin() as connection:
            result = connection.execute(text(query))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def client_of(server: EmbeddedRedis) -> redis.Redis:
    return call_path_client(server.url)


def test_what_was_stored_is_there_at_the_second_start_which_is_fast(used_state_dir: Path) -> None:
    with running(EmbeddedPostgres(used_state_dir), EmbeddedRedis(used_state_dir)):
        rows(EmbeddedPostgres(used_state_dir), "CREATE TABLE kept AS SELECT 7 AS n")
        with client_of(EmbeddedRedis(used_state_dir)) as client:
            client.set("kept", "7")
    postgres, redis_server = EmbeddedPostgres(used_state_dir), EmbeddedRedis(used_state_dir)
    assert not postgres.alive()
    assert not redis_server.alive()
    began = time.monotonic()
    with running(postgres, redis_server):
        assert time.monotonic() - began < 1.5 * slowness()
        assert rows(postgres, "SELECT n FROM kept") == [(7,)]
        with client_of(redis_server) as client:
            assert client.get("kept") == b"7"


def test_servers_killed_with_9_come_back_at_the_same_address_with_all_that_was_committed(
    used_state_dir: Path,
) -> None:
    """Guarantee 4: what was acknowledged is there, and the pool of connections mends itself."""
    postgres, redis_server = EmbeddedPostgres(used_state_dir), EmbeddedRedis(used_state_dir)
    with running(postgres, redis_server), client_of(redis_server) as client:
        engine = make_engine(postgres.url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n"))
        for number in range(1, 101):
            client.set("kept", number)
        urls = postgres.url, redis_server.url
        for server in (postgres, redis_server):
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            assert wait_until(lambda server=server: not server.alive(), 20)  # type: ignore[misc]
        with pytest.raises(DatabaseUnavailable), database_errors("test"), engine.connect():
            pass
        assert (postgres.start(), redis_server.start()) == urls
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM kept")).scalar_one() == 1000
        assert client.get("kept") == b"100"
        engine.dispose()


@pytest.mark.parametrize("mode", ["plain", "gevent"])
def test_servers_end_with_a_program_that_is_killed_with_9_and_start_again(
    used_state_dir: Path, mode: str
) -> None:
    with program(used_state_dir, mode) as (first, pids):
        servers = [identify(pid) for pid in pids.values()]
        first.kill()
    with program(used_state_dir, mode) as (second, _):
        assert not any(server is not None and is_running(server) for server in servers)
        assert second.stdin is not None
        second.stdin.close()
        assert second.wait(timeout=20) == 0
    postgres, redis_server = EmbeddedPostgres(used_state_dir), EmbeddedRedis(used_state_dir)
    with running(postgres, redis_server), client_of(redis_server) as client:
        assert rows(postgres, "SELECT n FROM kept ORDER BY n") == [(0,), (1,)]
        assert client.get("kept") == b"2"


def test_orphans_of_a_killed_program_are_ended_and_their_data_taken_over(used_state_dir: Path) -> None:
    with program(used_state_dir, "plain", "untied") as (first, pids):
        orphans = [identify(pid) for pid in pids.values()]
        first.kill()
    assert all(orphan is not None and is_running(orphan) for orphan in orphans)
    postgres, redis_server = EmbeddedPostgres(used_state_dir), EmbeddedRedis(used_state_dir)
    assert postgres.alive()
    with running(postgres, redis_server), client_of(redis_server) as client:
        assert not any(orphan is not None and is_running(orphan) for orphan in orphans)
        assert rows(postgres, "SELECT n FROM kept") == [(0,)]
        assert client.get("kept") == b"1"


def test_another_programs_process_is_never_taken_for_a_leftover(used_state_dir: Path) -> None:
    """The pid file of a killed PostgreSQL may name a pid that somebody else has by now."""
    postgres = EmbeddedPostgres(used_state_dir)
    with running(postgres):
        pass
    data = used_state_dir / "postgres" / "data"
    with subprocess.Popen(["/bin/sleep", "60"], cwd=data) as bystander:
        (data / "postmaster.pid").write_text(f"{bystander.pid}\n{data}\n1\n")
        with running(postgres):
            assert postgres.alive()
            assert bystander.poll() is None
        bystander.kill()


def test_a_half_made_cluster_is_made_anew(state_dir: Path) -> None:
    unfinished = state_dir / "postgres" / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("15\n")
    with running(postgres := EmbeddedPostgres(state_dir)):
        assert rows(postgres, "SELECT 1") == [(1,)]
        assert not unfinished.exists()


def test_data_of_another_version_is_named_and_not_touched(state_dir: Path) -> None:
    data = state_dir / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("11\n")
    with pytest.raises(DataVersionMismatch, match=r"written by PostgreSQL 11.*postgresql-11"):
        EmbeddedPostgres(state_dir).start()
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_remembered_port_that_is_taken_is_exchanged_at_a_new_start_but_kept_within_a_run(
    state_dir: Path,
) -> None:
    server = EmbeddedRedis(state_dir)
    with running(server):
        port = server.url.rpartition(":")[2].partition("/")[0]
    with socket.create_server(("127.0.0.1", int(port))):
        with pytest.raises(PortTaken, match=rf"took port {port}"):
            server.start()
        with running(newcomer := EmbeddedRedis(state_dir)):
            assert f":{port}/" not in newcomer.url
            assert EmbeddedRedis(state_dir).url == newcomer.url


def test_a_long_state_directory_is_reached_by_tcp(state_dir: Path) -> None:
    """A Unix socket's path holds 107 bytes (unix(7))."""
    with running(postgres := EmbeddedPostgres(state_dir / ("long" * 25))):
        assert "@127.0.0.1:" in postgres.url
        assert rows(postgres, "SELECT 1") == [(1,)]


def test_redis_whose_file_was_cut_short_by_a_crash_keeps_what_is_whole(state_dir: Path) -> None:
    server = EmbeddedRedis(state_dir)
    with running(server), client_of(server) as client:
        client.set("first", "1")
        client.set("second", "2")
    [journal] = (state_dir / "redis/data/appendonlydir").glob("*.incr.aof")
    os.truncate(journal, journal.stat().st_size - 3)
    with running(server), client_of(server) as client:
        assert client.get("first") == b"1"


def test_redis_whose_file_is_damaged_says_so_and_keeps_it(state_dir: Path) -> None:
    server = EmbeddedRedis(state_dir)
    with running(server), client_of(server) as client:
        client.set("first", "1")
    [journal] = (state_dir / "redis/data/appendonlydir").glob("*.incr.aof")
    journal.write_bytes(b"rubbish" + journal.read_bytes())
    with pytest.raises(DataDamaged, match=r"backup.*log: "):
        server.start()
    assert not server.alive()
    assert journal.read_bytes().startswith(b"rubbish")


def test_the_address_of_a_server_that_was_never_started_is_an_error(state_dir: Path) -> None:
    with pytest.raises(ServerStartFailed, match="fernamt up"):
        _ = EmbeddedPostgres(state_dir).url


@as_root
def test_a_folder_that_shuts_the_servers_account_out_is_named_and_not_opened(state_dir: Path) -> None:
    closed = state_dir / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(StateDirectoryClosed, match=rf"{closed} is closed.*/var/lib/fernamt"):
        EmbeddedPostgres(closed / "state").start()
    assert closed.stat().st_mode & 0o777 == 0o700
