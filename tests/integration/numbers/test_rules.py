"""What the database itself refuses about numbers and blocks: one test for each rule (style.md, 6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, text

from store.database import make_engine
from store.errors import RecordRefused
from store.foreign_errors import database_errors
from store.number_tables import block_counter, customer_block, number_event, number_state
from tests.servers import Databases

TABLES = (number_state, number_event, customer_block, block_counter)
STATE = (
    "INSERT INTO number_state (number, state, since, customer_id, site, tenant_id, ported, configured,"
    " active_from, active_until, until, reason) VALUES "
)
EVENT = (
    "INSERT INTO number_event (number, at, event, from_state, to_state, customer_id, actor, reason, details)"
    " VALUES "
)
BLOCK = (
    "INSERT INTO customer_block (customer_id, user_id, since, until, actor, reason,"
    " lifted_at, lifted_by, lift_reason) VALUES "
)
N = "'+492214710001'"


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    """One database for all of these: nothing that is refused leaves anything behind."""
    with databases.migrated() as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            connection.execute(text(STATE + row("'+492214710000'", state="'active'")))
            connection.execute(text(STATE + row("'+492214710002'", state="'blocked'", reason="'abuse'")))
            connection.execute(text(EVENT + "('+492214710000', now(), 'e', 'a', 'b', 'c', 'me', '', '{}')"))
            connection.execute(text(BLOCK + "('held', '', now(), NULL, 'me', 'r', NULL, NULL, NULL)"))
            connection.execute(text(BLOCK + "('was', '', now(), NULL, 'me', 'r', now(), 'me', 'r')"))
        yield engine
        engine.dispose()


def row(
    number: str = N,
    *,
    state: str = "'assigned'",
    customer: str = "'c'",
    site: str = "NULL",
    tenant: str = "NULL",
    configured: str = "false",
    active_from: str = "now()",
    active_until: str = "NULL",
    until: str = "NULL",
    reason: str = "''",
) -> str:
    return (
        f"({number}, {state}, now(), {customer}, {site}, {tenant}, false, {configured}, {active_from},"
        f" {active_until}, {until}, {reason})"
    )


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (STATE + row("'492214710001'"), "number_state_number_is_e164"),
        (STATE + row("'+4922147100011234'"), "number_state_number_is_e164"),
        (STATE + row("'+49221x'"), "number_state_number_is_e164"),
        (STATE + row("'+492214710000'"), "number_state_key"),
        (STATE + row(state="'free'"), "number_state_state"),
        (STATE + row(state="'reserved'"), "number_state_until_where_it_ends"),
        (STATE + row(until="now()"), "number_state_until_where_it_ends"),
        (STATE + row(state="'quarantined'", until="now() + interval '743 hours'"),
         "number_state_quarantine_is_long_enough"),
        (STATE + row(active_from="NULL"), "number_state_assigned_has_activation"),
        (STATE + row(state="'active'", active_from="NULL"), "number_state_assigned_has_activation"),
        (STATE + row(active_until="now() - interval '1 day'"), "number_state_ends_after_activation"),
        (STATE + row(state="'blocked'"), "number_state_blocked_has_reason"),
        (STATE + row(state="'released'", configured="true"), "number_state_configured_is_assigned"),
        (STATE + row(customer="''"), "number_state_customer_id_length"),
        (STATE + row(site="repeat('s', 129)"), "number_state_site_length"),
        (STATE + row(tenant="''"), "number_state_tenant_id_length"),
        (STATE + row(reason="repeat('r', 1001)"), "number_state_reason_length"),
        ("DELETE FROM number_state WHERE state = 'active'", "number_state_not_free_at_once"),
        ("DELETE FROM number_state WHERE state = 'blocked'", "number_state_not_free_at_once"),
        ("TRUNCATE number_state", "number_state_stays"),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_is_refused(engine: Engine, statement: str, rule: str) -> None:
    """A6."""
    assert refused_rule(engine, statement) == rule


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (EVENT + "('x', now(), 'e', 'a', 'b', 'c', 'me', '', '{}')", "number_event_number_is_e164"),
        (EVENT + f"({N}, now(), '', 'a', 'b', 'c', 'me', '', '{{}}')", "number_event_event_length"),
        (EVENT + f"({N}, now(), 'e', '', 'b', 'c', 'me', '', '{{}}')", "number_event_from_state_length"),
        (EVENT + f"({N}, now(), 'e', 'a', '', 'c', 'me', '', '{{}}')", "number_event_to_state_length"),
        (EVENT + f"({N}, now(), 'e', 'a', 'b', '', 'me', '', '{{}}')", "number_event_customer_id_length"),
        (EVENT + f"({N}, now(), 'e', 'a', 'b', 'c', '', '', '{{}}')", "number_event_actor_length"),
        (EVENT + f"({N}, now(), 'e', 'a', 'b', 'c', 'me', repeat('r', 1001), '{{}}')",
         "number_event_reason_length"),
        (EVENT + f"({N}, now(), 'e', 'a', 'b', 'c', 'me', '', '[]')", "number_event_details_is_object"),
        ("UPDATE number_event SET actor = 'somebody else'", "number_event_is_final"),
        ("UPDATE number_event SET actor = 'somebody else' WHERE false", "number_event_is_final"),
        ("DELETE FROM number_event", "number_event_is_final"),
        ("TRUNCATE number_event", "number_event_is_final"),
    ],
)  # fmt: skip
def test_the_history_of_a_number_stays_as_it_was_written(engine: Engine, statement: str, rule: str) -> None:
    """A6: every transition is kept."""
    assert refused_rule(engine, statement) == rule


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (BLOCK + "('held', '', now(), NULL, 'me', 'r', NULL, NULL, NULL)", "customer_block_open"),
        (BLOCK + "('', '', now(), NULL, 'me', 'r', NULL, NULL, NULL)", "customer_block_customer_id_length"),
        (BLOCK + "('c', repeat('u', 129), now(), NULL, 'me', 'r', NULL, NULL, NULL)",
         "customer_block_user_id_length"),
        (BLOCK + "('c', '', now(), NULL, '', 'r', NULL, NULL, NULL)", "customer_block_actor_length"),
        (BLOCK + "('c', '', now(), NULL, 'me', '', NULL, NULL, NULL)", "customer_block_reason_length"),
        (BLOCK + "('c', '', now(), now(), 'me', 'r', NULL, NULL, NULL)", "customer_block_ends_after_start"),
        (BLOCK + "('c', '', now(), NULL, 'me', 'r', now() - interval '1 s', 'me', 'r')",
         "customer_block_lifted_after_start"),
        (BLOCK + "('c', '', now(), NULL, 'me', 'r', now(), NULL, 'r')",
         "customer_block_lifted_by_somebody_for_a_reason"),
        (BLOCK + "('c', '', now(), NULL, 'me', 'r', now(), '', 'r')", "customer_block_lifted_by_length"),
        (BLOCK + "('c', '', now(), NULL, 'me', 'r', now(), 'me', '')", "customer_block_lift_reason_length"),
        (BLOCK + "('c', '', '2026-11-22', NULL, 'me', 'r', now(), 'me', 'r'),"
         " ('c', '', '2026-11-22', NULL, 'me', 'r', now(), 'me', 'r')",
         "customer_block_unique_customer_id_user_id_since"),
        ("UPDATE customer_block SET reason = 'nicer' WHERE customer_id = 'held'", "customer_block_is_final"),
        ("UPDATE customer_block SET lift_reason = 'n' WHERE customer_id = 'was'", "customer_block_is_final"),
        ("DELETE FROM customer_block", "customer_block_stays"),
        ("TRUNCATE customer_block", "customer_block_stays"),
        ("INSERT INTO block_counter (id, version) VALUES (2, 1)", "block_counter_one_row"),
        ("DELETE FROM block_counter", "block_counter_stays"),
        ("TRUNCATE block_counter", "block_counter_stays"),
    ],
)  # fmt: skip
def test_blocks_of_customers_are_lifted_but_never_changed(engine: Engine, statement: str, rule: str) -> None:
    """A7."""
    assert refused_rule(engine, statement) == rule


def test_a_customer_sees_its_own_numbers_only(engine: Engine) -> None:
    """Guarantee 8: whoever is not the owner of the tables sees the rows of the customer it works for."""
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE numbers_reader NOLOGIN"))
        try:
            tables = "number_state, number_event, customer_block"
            connection.execute(text(f"GRANT SELECT ON {tables} TO numbers_reader"))
            connection.execute(text("SET LOCAL ROLE numbers_reader"))
            for customer, counts in (("c", (2, 1, 0)), ("held", (0, 0, 1)), ("", (0, 0, 0))):
                connection.execute(text("SELECT set_config('fernamt.customer', :id, true)"), {"id": customer})
                seen = tuple(
                    connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - names from above
                    for table in ("number_state", "number_event", "customer_block")
                )
                assert seen == counts
        finally:
            connection.rollback()


def test_the_migration_makes_exactly_the_tables_the_program_knows(
    engine: Engine, databases: Databases
) -> None:
    ours = MetaData(naming_convention=number_state.metadata.naming_convention)
    for table in TABLES:
        table.to_metadata(ours)
    names = {table.name for table in TABLES}

    def only_ours(name: str | None, kind: str, parents: object) -> bool:
        return kind != "table" or name in names

    rules = text(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid::regclass::text = ANY(:names) UNION ALL"
        " SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename = ANY(:names)"
        " ORDER BY 1, 2, 3"
    )
    with databases.empty() as url:
        declared = make_engine(url)
        ours.create_all(declared)
        with engine.connect() as migrated, declared.connect() as made:
            options = {"compare_server_default": True, "include_name": only_ours}
            context = MigrationContext.configure(migrated, opts=options)
            assert compare_metadata(context, ours) == []
            values = {"names": sorted(names)}
            assert migrated.execute(rules, values).all() == made.execute(rules, values).all()
        declared.dispose()


def refused_rule(engine: Engine, statement: str) -> str | None:
    with (
        pytest.raises(RecordRefused) as caught,
        database_errors("test"),
        engine.begin() as connection,
    ):
        connection.execute(text(statement))
    return caught.value.constraint
