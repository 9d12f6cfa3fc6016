"""One PostgreSQL for all integration tests of a process; each test that wants one has its own database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Databases, postgres_server


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    with postgres_server() as url:
        databases = Databases(url)
        yield databases
        databases.close()
