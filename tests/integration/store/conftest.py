"""One Redis for all tests here; each test has its own database and an empty Redis."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from store.cdr_repository import CdrRepository
from store.database import make_engine
from store.embedded import EmbeddedPostgres, EmbeddedRedis
from store.embedded.home import free_port
from store.redis_client import call_path_client
from tests.integration.store import invoicing
from tests.integration.store import lived as lives
from tests.integration.store.invoicing import CLOCKS, NOW, Office
from tests.servers import Databases, redis_server, state_directory


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    with databases.migrated() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def repository(engine: Engine) -> CdrRepository:
    return CdrRepository(engine)


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    # Emptying is no call's wait: on a machine that stands for a moment it takes longer than a call has.
    with redis.Redis.from_url(redis_url) as patient:
        patient.flushdb()
    client = call_path_client(redis_url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def initialised_state() -> Iterator[Path]:
    """Both servers were started and stopped here once: making a new cluster takes longer than a copy."""
    with state_directory() as path:
        for server in (EmbeddedPostgres(path), EmbeddedRedis(path)):
            server.start()
            server.stop()
        yield path


@pytest.fixture
def used_state_dir(initialised_state: Path) -> Iterator[Path]:
    """A state directory of our own, as a stopped program leaves it."""
    with state_directory() as path:
        subprocess.run(["/bin/cp", "-a", f"{initialised_state}/.", str(path)], check=True, timeout=60)
        yield path


@pytest.fixture
def state_dir() -> Iterator[Path]:
    with state_directory() as path:
        yield path


@pytest.fixture
def unused_tcp_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    return free_port()


@pytest.fixture
def office(
    tmp_path: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Office:
    """`fernamt` with the example carrier and tariff, in December 2026 whatever the clock says."""
    for module in CLOCKS:
        monkeypatch.setattr(f"{module}.now", lambda: NOW)
    return invoicing.office(tmp_path, database_url, redis_url, engine)


@pytest.fixture
def lived(office: Office) -> Office:
    """What tests of deletion begin with (tests/integration/store/lived.py)."""
    return lives.lived(office)
