"""Each test has a database with an applied carrier of two customers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from store.customer_blocks import BlockedReader, CustomerBlocks
from store.database import make_engine
from store.number_inventory import NumberInventory
from tests.integration.numbers.numbers import BLOCKS, CUSTOMERS
from tests.servers import Databases


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    with databases.migrated() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    apply_carrier(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def inventory(engine: Engine) -> NumberInventory:
    return NumberInventory(engine)


@pytest.fixture
def blocks(engine: Engine) -> CustomerBlocks:
    return CustomerBlocks(engine)


@pytest.fixture
def reader(engine: Engine) -> BlockedReader:
    return BlockedReader(engine)


def apply_carrier(engine: Engine) -> None:
    """The parts of a version as `fernamt config apply` stores them."""
    parts: list[tuple[str, str, dict[str, Any]]] = [("carrier", "carrier", {"number_blocks": BLOCKS})]
    parts += [("customer", id_, {"id": id_, "name": name}) for id_, name in CUSTOMERS.items()]
    add = text(
        "INSERT INTO config_item (kind, id, from_version, content, sha256) "
        "VALUES (:kind, :id, :version, :content, sha256(convert_to(:content, 'UTF8')))"
    )
    with engine.begin() as connection:
        version = connection.scalar(
            text("INSERT INTO config_version (author, note) VALUES ('a', '') RETURNING version")
        )
        for kind, id_, content in parts:
            row = {"kind": kind, "id": id_, "version": version, "content": json.dumps(content)}
            connection.execute(add, row)
