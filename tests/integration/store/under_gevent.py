"""What must hold under gevent, run as a program of its own since patching is for ever.

    python -m tests.integration.store.under_gevent STATE_DIR

Prints one JSON object of measurements.
"""

# ruff: noqa: E402 - gevent patches before anything else is imported
from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from sqlalchemy import Engine, make_url, text

from cli.wiring.adapters import Attempts
from controller.errors import StoreAway
from store.cdr_repository import CdrRepository
from store.database import cooperate_with_gevent, make_engine
from store.embedded import EmbeddedPostgres, EmbeddedRedis, ServerState, supervise
from store.embedded.process import wait_until
from store.emergency_attempts import EmergencyAttempts
from store.errors import DatabaseError
from store.foreign_errors import database_errors
from store.redis_client import call_path_client
from store.schema import upgrade
from tests.integration.store.legs import STARTED, leg, with_raw
from tests.integration.store.test_emergency_attempts import ATTEMPT


def many_wait_at_once(engine: Engine) -> float:
    """Seconds that eight `pg_sleep(0.3)` take together."""

    def wait() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(0.3)"))

    began = time.monotonic()
    gevent.joinall([gevent.spawn(wait) for _ in range(8)], timeout=20, raise_error=True)
    return time.monotonic() - began


def stream_while_others_run(engine: Engine) -> tuple[int, int]:
    """Rows of a streamed export, and how often another greenlet ran meanwhile."""
    repository = CdrRepository(engine)
    for part in range(6):
        legs = [leg(leg_id=f"{part}-{number}") for number in range(1000)]
        repository.insert_legs([with_raw(one) for one in legs])
    turns = 0
    done = Event()

    def other_work() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            gevent.sleep(0)

    other = gevent.spawn(other_work)
    rows = sum(1 for _ in repository.stream(STARTED, STARTED.replace(year=2027)))
    done.set()
    other.join(timeout=5)
    return rows, turns


def silent_server() -> tuple[str, float]:
    """What a server costs that takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = make_engine(f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/db")
        began = time.monotonic()
        try:
            with database_errors("test"), engine.connect():
                return "connected", 0.0
        except DatabaseError as error:
            return error.id, time.monotonic() - began


def silent_first_of_two(url: str) -> tuple[bool, list[float]]:
    """A primary whose machine is gone without a word, and the standby that was promoted: whether that one is
    found, and the seconds of the first connection and of the next."""
    there = make_url(url)
    port = int(str(there.query.get("port") or there.port))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        places = f"127.0.0.1:{silent.getsockname()[1]},127.0.0.1:{port}"
        engine = make_engine(f"postgresql://{there.username}:{there.password}@{places}/{there.database}")
        seconds = []
        for _ in range(2):
            began = time.monotonic()
            with engine.connect() as connection:
                found = connection.execute(text("SELECT inet_server_port()")).scalar_one()
            seconds.append(time.monotonic() - began)
            engine.dispose()
        return found == port, seconds


def commit_that_waits(engine: Engine) -> tuple[str, float, int]:
    """What an attempt to reach 112 costs while commits wait for a standby that is away, in seconds, and how
    many there are when it was tried again afterwards."""
    attempts = Attempts(EmergencyAttempts(engine), give_up_s=0.3)
    said, seconds = "", 0.0
    _wait_for_standby(engine, "nobody")
    began = time.monotonic()
    try:
        attempts.insert([ATTEMPT])
    except StoreAway as error:
        said, seconds = str(error), time.monotonic() - began
    _wait_for_standby(engine, "")
    Attempts(EmergencyAttempts(engine)).insert([ATTEMPT])
    with engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM emergency_attempt")).scalar_one()
    return said, seconds, count


def _wait_for_standby(engine: Engine, name: str) -> None:
    """For commits from now on."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'"))
        connection.execute(text("SELECT pg_reload_conf()"))
        shown = text("SHOW synchronous_standby_names")
        assert wait_until(lambda: connection.execute(shown).scalar_one() == name, 10)


def killed_servers_return(
    postgres: EmbeddedPostgres, redis_server: EmbeddedRedis, engine: Engine
) -> list[str]:
    """Kill both; the supervisor's greenlet brings them back; what it reported."""
    end, both_back = Event(), Event()
    reports: list[str] = []

    def report(state: ServerState) -> None:
        reports.append(f"{state.name} {'up' if state.alive else 'down'}")
        if {"postgres up", "redis up"} <= set(reports):
            both_back.set()

    watch = gevent.spawn(supervise, [postgres, redis_server], ended=end.wait, report=report)
    for server in (postgres, redis_server):
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
    assert both_back.wait(timeout=30)
    end.set()
    watch.join(timeout=10)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    call_path_client(redis_server.url).ping()
    return sorted(reports)


def main() -> None:
    cooperate_with_gevent()
    state_dir = Path(sys.argv[1])
    postgres, redis_server = EmbeddedPostgres(state_dir), EmbeddedRedis(state_dir)
    postgres.start()
    redis_server.start()
    engine = make_engine(postgres.url)
    try:
        upgrade(engine)
        silence = gevent.spawn(silent_server)
        second = gevent.spawn(silent_first_of_two, postgres.url)
        result: dict[str, Any] = {"parallel_s": many_wait_at_once(engine)}
        result["rows"], result["turns"] = stream_while_others_run(engine)
        result["second"] = second.get(timeout=20)
        result["commit"] = commit_that_waits(engine)
        result["reports"] = killed_servers_return(postgres, redis_server, engine)
        result["silence"] = silence.get(timeout=20)
        print(json.dumps(result))  # noqa: T201
    finally:
        engine.dispose()
        postgres.stop()
        redis_server.stop()


if __name__ == "__main__":
    main()
