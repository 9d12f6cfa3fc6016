"""The schema: made by migrations, equal to store.tables, safe to bring up from two programs at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from store.database import make_engine
from store.errors import SchemaMismatch
from store.every_table import every_table
from store.schema import STEPS, require_current, upgrade
from store.schema_steps import alembic_config, climb
from tests.servers import Databases

metadata = every_table()
#: Every rule and index of our tables, in PostgreSQL's own words.
RULES = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    AND contype <> 't'
UNION ALL
SELECT tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename <> 'alembic_version'
ORDER BY 1, 2, 3
"""
COLUMNS = """
SELECT table_name, column_name, data_type, datetime_precision, is_nullable, column_default,
       is_identity, is_generated, generation_expression
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
ORDER BY table_name, column_name
"""


@pytest.fixture
def empty_engine(databases: Databases) -> Iterator[Engine]:
    with databases.empty() as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


def test_an_empty_database_is_brought_up_to_date_and_a_second_time_changes_nothing(
    empty_engine: Engine,
) -> None:
    upgrade(empty_engine)
    upgrade(empty_engine)
    require_current(empty_engine)
    with empty_engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM cdr")).scalar_one() == 0


def test_the_migrations_make_exactly_the_tables_the_program_knows(
    engine: Engine, empty_engine: Engine
) -> None:
    metadata.create_all(empty_engine)
    with engine.connect() as migrated, empty_engine.connect() as declared:
        context = MigrationContext.configure(migrated, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        for query in (RULES, COLUMNS):
            assert migrated.execute(text(query)).all() == declared.execute(text(query)).all()


def test_the_steps_are_called_as_their_files() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert tuple(sorted(each.revision for each in script.walk_revisions())) == STEPS
    assert script.get_current_head() == STEPS[-1]


REVISIONS = [each.revision for each in ScriptDirectory.from_config(alembic_config()).walk_revisions()][1:]


@pytest.mark.parametrize("revision", sorted(REVISIONS))
def test_every_earlier_schema_is_brought_up_to_this_one(empty_engine: Engine, revision: str) -> None:
    with empty_engine.begin() as connection:
        climb(connection, revision)
    upgrade(empty_engine)
    require_current(empty_engine)
    with empty_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_who_runs_units_is_told_the_command_that_brings_the_schema_up(empty_engine: Engine) -> None:
    """`fernamt up` is no part of an installation by systemd or with containers."""
    with pytest.raises(SchemaMismatch) as empty:
        require_current(empty_engine)
    assert empty.value.next_step.startswith("Run `fernamt database upgrade` (docs/operation.md)")
    upgrade(empty_engine)
    with empty_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(SchemaMismatch, match="the tables are at step 0001") as older:
        require_current(empty_engine)
    assert older.value.next_step.startswith("Make a backup, then run `fernamt database upgrade`")


def test_two_controllers_may_bring_the_schema_up_at_once(empty_engine: Engine) -> None:
    failures: list[Exception] = []

    def start_controller() -> None:
        try:
            upgrade(empty_engine)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    controllers = [threading.Thread(target=start_controller) for _ in range(3)]
    for controller in controllers:
        controller.start()
    for controller in controllers:
        controller.join(timeout=30)
    assert failures == []
    require_current(empty_engine)


def test_a_schema_newer_than_the_program_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for step in (upgrade, require_current):
        with pytest.raises(SchemaMismatch, match=r"step 9999.*newer"):
            step(engine)


def test_a_program_that_only_reads_says_when_the_tables_are_missing(empty_engine: Engine) -> None:
    with pytest.raises(SchemaMismatch, match=r"at step none.*fernamt up"):
        require_current(empty_engine)
