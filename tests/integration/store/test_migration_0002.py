"""From the documents of revision 0001 to rows: nothing is lost on the way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from store.config_items import ItemKey
from store.config_versions import ConfigStore
from store.database import make_engine
from store.schema import require_current, upgrade
from store.schema_steps import climb
from tests.servers import Databases

A, B = {"id": "a", "name": "Beispiel Bäcker"}, {"id": "b", "name": "Beispiel Bau"}
CARRIER = {"name": "Beispiel-Carrier", "trunks": []}


@pytest.fixture
def at_0001(databases: Databases) -> Iterator[Engine]:
    with databases.empty() as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            climb(connection, "0001")
        yield engine
        engine.dispose()


def _record(engine: Engine, document: dict[str, Any]) -> int:
    content = json.dumps(document, sort_keys=True)
    statement = (
        "INSERT INTO config_version (author, note, content, content_sha256)"
        " VALUES ('fernamt', 'read from files', cast(:content AS jsonb), :sha256) RETURNING version"
    )
    with engine.begin() as connection:
        values = {"content": content, "sha256": hashlib.sha256(content.encode()).digest()}
        return int(connection.execute(text(statement), values).scalar_one())


def test_every_version_of_before_reads_as_it_was(at_0001: Engine) -> None:
    documents = [
        {"carrier": CARRIER, "customers": [A]},
        {"carrier": CARRIER, "customers": [A, B]},
        {"carrier": {**CARRIER, "name": "Beispiel-Netz"}, "customers": [B]},
        {"carrier": CARRIER, "customers": [A, B]},
    ]
    versions = [_record(at_0001, document) for document in documents]
    upgrade(at_0001)
    require_current(at_0001)
    store = ConfigStore(at_0001)
    assert store.current() == versions[-1]
    for version, document in zip(versions, documents, strict=True):
        items = {item.key: json.loads(item.content) for item in store.items(version)}
        assert items.pop(ItemKey("carrier", "carrier")) == document["carrier"]
        assert list(items.values()) == document["customers"]
        assert (store.version(version).author, store.version(version).note) == ("fernamt", "read from files")
    with at_0001.connect() as connection:
        rows = connection.execute(text("SELECT count(*) FROM config_item WHERE kind = 'customer'"))
        assert rows.scalar_one() == 3, "a, b, and a again"


def test_a_database_without_any_version_is_brought_up_too(at_0001: Engine) -> None:
    upgrade(at_0001)
    assert ConfigStore(at_0001).current() == 0
