"""How the embedded servers are set up: closed to others, durable, bounded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import make_url, text

from store.database import make_engine
from store.embedded import EmbeddedPostgres, EmbeddedRedis
from store.errors import DatabaseLoginRefused, StateDirectoryInUse
from store.foreign_errors import database_errors
from store.redis_client import call_path_client
from tests.servers import state_directory


@pytest.fixture(scope="module")
def running_state_dir() -> Iterator[Path]:
    """Both servers run in it."""
    with state_directory() as path:
        postgres, redis_server = EmbeddedPostgres(path), EmbeddedRedis(path)
        try:
            postgres.start()
            redis_server.start()
            yield path
        finally:
            postgres.stop()
            redis_server.stop()


@pytest.fixture
def redis_of_it(running_state_dir: Path) -> Iterator[redis.Redis]:
    client = call_path_client(EmbeddedRedis(running_state_dir).url)
    yield client
    client.close()


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    engine = make_engine(url)
    try:
        with database_errors("test"), engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


def test_a_state_directory_in_use_is_refused_and_left_alone(running_state_dir: Path) -> None:
    for second in (EmbeddedPostgres(running_state_dir), EmbeddedRedis(running_state_dir)):
        with pytest.raises(StateDirectoryInUse, match=rf"process {os.getpid()}\) uses it.*Stop that one"):
            second.start()
        assert second.alive()


def test_only_this_machine_gets_in(running_state_dir: Path, redis_of_it: redis.Redis) -> None:
    assert ask(EmbeddedPostgres(running_state_dir).url, "SHOW listen_addresses") == [("127.0.0.1",)]
    assert redis_of_it.config_get("bind") == {"bind": "127.0.0.1"}


def test_only_who_has_the_password_gets_in(running_state_dir: Path, redis_of_it: redis.Redis) -> None:
    """F5; the password is asked for by the Unix socket too."""
    url = EmbeddedPostgres(running_state_dir).url
    assert ask(url, "SELECT DISTINCT auth_method FROM pg_hba_file_rules") == [("scram-sha-256",)]
    with pytest.raises(DatabaseLoginRefused, match="password"):
        ask(make_url(url).set(password="wrong").render_as_string(hide_password=False), "SELECT 1")
    port = redis_of_it.connection_pool.connection_kwargs["port"]
    with (
        call_path_client(f"redis://127.0.0.1:{port}/0") as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_secrets_are_closed_to_other_accounts_and_on_no_command_line(running_state_dir: Path) -> None:
    for name in ("postgres", "redis"):
        secret = running_state_dir / name / "password"
        assert secret.stat().st_mode & 0o077 == 0
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            assert secret.read_bytes() not in _read_if_there(command)
    assert (running_state_dir / "redis" / "redis.conf").stat().st_mode & 0o077 == 0
    assert (running_state_dir / "postgres" / "data").stat().st_mode & 0o077 == 0


def test_committed_means_on_disk(running_state_dir: Path, redis_of_it: redis.Redis) -> None:
    """Guarantee 4: the intake removes a CDR's file after the commit."""
    names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "server_encoding")
    query = "SELECT " + ", ".join(f"current_setting('{name}')" for name in names)
    assert ask(EmbeddedPostgres(running_state_dir).url, query) == [("on", "on", "on", "on", "UTF8")]
    assert redis_of_it.config_get("appendonly") == {"appendonly": "yes"}


def test_redis_is_bounded_and_forgets_nothing_to_stay_so(redis_of_it: redis.Redis) -> None:
    assert redis_of_it.config_get("maxmemory*")["maxmemory-policy"] == "noeviction"
    assert redis_of_it.config_get("maxmemory")["maxmemory"] == str(256 << 20)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")
def test_the_servers_do_not_run_as_root(running_state_dir: Path) -> None:
    pid = (running_state_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert (running_state_dir / "redis" / "data").stat().st_uid != 0


def _read_if_there(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
