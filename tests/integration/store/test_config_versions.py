"""Configuration versions: numbered for ever, each part once for all versions it is valid in."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, text

from store.audit import AuditLog
from store.config_items import CARRIER, CUSTOMER, ConfigItem, ItemKey
from store.config_versions import ConfigStore
from store.errors import RecordRefused, VersionConflict, VersionUnknown
from store.foreign_errors import database_errors

CARRIER_PART = ConfigItem.of(CARRIER, CARRIER, '{"name":"Beispiel-Carrier"}')


def customer(id_: str, name: str = "Beispiel GmbH") -> ConfigItem:
    return ConfigItem.of(CUSTOMER, id_, f'{{"id":"{id_}","name":"{name}"}}')


@pytest.fixture
def store(engine: Engine) -> ConfigStore:
    return ConfigStore(engine)


@pytest.fixture
def first(store: ConfigStore) -> int:
    """A version with two customers."""
    return store.apply(0, [CARRIER_PART, customer("a"), customer("b")], [], author="beispiel", note="first")


def test_nothing_applied_is_version_zero_without_parts(store: ConfigStore) -> None:
    assert store.current() == 0
    assert store.items(0) == ()
    assert store.history() == ()


def test_a_change_of_one_customer_writes_one_row_and_every_version_stays_readable(
    store: ConfigStore, engine: Engine, first: int
) -> None:
    second = store.apply(first, [customer("a", "Beispiel AG")], [], author="beispiel")
    third = store.apply(second, [customer("c")], [ItemKey(CUSTOMER, "b")], author="beispiel")
    assert store.current() == third > second > first
    assert store.items(first) == (CARRIER_PART, customer("a"), customer("b"))
    assert store.items(second) == (CARRIER_PART, customer("a", "Beispiel AG"), customer("b"))
    assert store.items(third) == (CARRIER_PART, customer("a", "Beispiel AG"), customer("c"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM config_item")).scalar_one() == 5


def test_changes_between_any_two_versions_turn_one_into_the_other(store: ConfigStore, first: int) -> None:
    numbers = [0, first]
    numbers.append(store.apply(first, [customer("a", "neu")], [ItemKey(CUSTOMER, "b")], author="beispiel"))
    numbers.append(store.apply(numbers[-1], [customer("b", "wieder")], [], author="beispiel"))
    numbers.append(store.apply(numbers[-1], [], [ItemKey(CUSTOMER, "a")], author="beispiel"))
    for index, since in enumerate(numbers):
        for to in numbers[index:]:
            changes = store.changes(since, to)
            state = {item.key: item for item in store.items(since)}
            for key in changes.removed:
                del state[key]
            state.update({item.key: item for item in changes.changed})
            assert state == {item.key: item for item in store.items(to)}


def test_who_was_overtaken_is_refused_and_changes_nothing(store: ConfigStore, first: int) -> None:
    second = store.apply(first, [customer("a", "von Anna")], [], author="anna")
    with pytest.raises(VersionConflict, match=f"version {second} was applied meanwhile"):
        store.apply(first, [customer("a", "von Bert")], [], author="bert")
    assert store.current() == second
    assert [entry.actor for entry in AuditLog(store._engine).latest()] == ["anna", "beispiel"]


def test_of_two_operators_at_once_one_wins(store: ConfigStore, first: int) -> None:
    outcomes: list[int | VersionConflict] = []

    def apply(name: str) -> None:
        try:
            outcomes.append(store.apply(first, [customer("a", name)], [], author=name))
        except VersionConflict as conflict:
            outcomes.append(conflict)

    operators = [threading.Thread(target=apply, args=(f"operator-{number}",)) for number in range(4)]
    for operator in operators:
        operator.start()
    for operator in operators:
        operator.join(timeout=20)
    assert sorted(type(each).__name__ for each in outcomes) == ["VersionConflict"] * 3 + ["int"]
    assert len(store.history()) == 2


def test_the_history_names_author_and_note_newest_first(store: ConfigStore, first: int) -> None:
    second = store.apply(first, [customer("a", "neu")], [], author="anna", note="rename")
    assert [(each.version, each.author, each.note) for each in store.history()] == [
        (second, "anna", "rename"),
        (first, "beispiel", "first"),
    ]
    assert store.history(limit=1)[0] == store.version(second)


def test_a_version_that_never_was_is_told_so(store: ConfigStore, first: int) -> None:
    for ask in (store.items, store.version, lambda number: store.changes(first, number)):
        with pytest.raises(VersionUnknown, match="fernamt config history"):
            ask(first + 100)


def test_applying_writes_the_audit_in_the_same_transaction(store: ConfigStore, first: int) -> None:
    (entry,) = AuditLog(store._engine).latest(object_kind="config", object_id=str(first))
    assert (entry.actor, entry.action) == ("beispiel", "config.apply")
    assert entry.details == {"base_version": 0, "note": "first"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE config_item SET content = '{}'",
        "UPDATE config_item SET until_version = NULL WHERE id = 'a'",
        "UPDATE config_item SET from_version = from_version + 1 WHERE id = 'b'",
        "DELETE FROM config_item",
        "DELETE FROM config_version",
        "UPDATE config_version SET note = 'other'",
        "TRUNCATE config_item",
        "INSERT INTO config_item SELECT kind, id, until_version - 1, NULL, content, sha256"
        " FROM config_item WHERE id = 'a' AND until_version IS NOT NULL",
        "INSERT INTO config_item SELECT 'carrier', 'other', from_version, NULL, content, sha256"
        " FROM config_item WHERE id = 'b'",
        "INSERT INTO config_item SELECT kind, 'c', from_version, NULL, '[]', sha256"
        " FROM config_item WHERE id = 'b'",
    ],
)
def test_the_database_refuses_to_change_what_was_applied(
    store: ConfigStore, engine: Engine, first: int, change: str
) -> None:
    second = store.apply(first, [], [ItemKey(CUSTOMER, "a")], author="beispiel")
    before = [store.items(first), store.items(second)]
    with pytest.raises(RecordRefused), database_errors("test"), engine.begin() as connection:
        connection.execute(text(change))
    assert [store.items(first), store.items(second)] == before


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"]
)
def test_the_audit_cannot_be_changed_or_emptied(engine: Engine, first: int, change: str) -> None:
    with pytest.raises(RecordRefused, match="refused"), database_errors("test"), engine.begin() as connection:
        connection.execute(text(change))
    assert len(AuditLog(engine).latest()) == 1
