"""A customer's session sees that customer's rows only (guarantee 8)."""

# ruff: noqa: S608 - statements of our own words

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from os import getpid

import pytest
from sqlalchemy import Connection, Engine, text

from dialplan.recording import Consent, RecordingFacts
from numbering.life import Assignment
from store.acd_history import AcdHistory
from store.cdr_repository import CdrRepository
from store.config_items import CARRIER, CUSTOMER, ConfigItem
from store.config_versions import ConfigStore
from store.customer_blocks import CustomerBlocks
from store.errors import DatabaseLoginRefused, RecordRefused
from store.foreign_errors import database_errors
from store.number_following import NumberRange, follow_version
from store.recordings import RecordingArchive
from store.separation import CUSTOMER_TABLES, customer_session, make_customer_role
from tests.integration.store.legs import leg, with_raw

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ROLE = f"fernamt_test_customer_{getpid()}"


@pytest.fixture
def shared(engine: Engine, repository: CdrRepository) -> Iterator[Engine]:
    """A database with rows of two customers, the carrier's and nobody's."""
    legs = [leg(leg_id=f"call-{owner}", customer_id=owner) for owner in ("kunde-a", "kunde-b", None)]
    repository.insert_legs([with_raw(one) for one in legs])
    items = [ConfigItem.of(CUSTOMER, owner, "{}") for owner in ("kunde-a", "kunde-b")]
    ConfigStore(engine).apply(0, [ConfigItem.of(CARRIER, CARRIER, "{}"), *items], [], author="beispiel")
    for index, owner in enumerate(("kunde-a", "kunde-b")):
        assignment = Assignment(owner, NOW)
        with engine.begin() as connection:
            number = 492214710000 + index
            follow_version(connection, [NumberRange(number, number, assignment)], NOW, "anna")
        CustomerBlocks(engine).block(owner, NOW, "anna", "two months unpaid")
        AcdHistory(engine).insert(owner, [((1, 1), _ENTERED)])
        facts = RecordingFacts(f"r-{owner}", "c", owner, "q", "a", Consent("1", NOW), NOW, 1)
        RecordingArchive(engine, lambda: bytes(32)).add(facts, 1, [b"x"])
    _bill(engine)
    make_customer_role(engine, ROLE)
    yield engine
    with engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {ROLE}"))
        connection.execute(text(f"DROP ROLE {ROLE}"))


_ENTERED = '{"at":1,"is":"Entered","member_id":"c","queue_id":"q","came_from":null}'


def _bill(engine: Engine) -> None:
    """A charge with a correction, a posting, and an invoice with a line, of each customer."""
    facts = "call_id, customer_id, month, begins_ms, direction, called, billed_ms, free, currency, seconds, "
    facts += "blocks, billed_s, bundle_blocks, bundle_s, exact_ticks, ticks, rounding, carrier_ms, cost_s, "
    facts += "cost_ticks, tariff_revision"
    for owner in ("kunde-a", "kunde-b"):
        values = (
            f"'x', '{owner}', '2026-11-01', 0, 'in', '', 0, 'free.incoming', 'EUR', 0, 0, 0, 0, 0, 0, 0, "
        )
        values += "'call half-up 4', 0, 0, 0, 1"
        number = f"R-{owner}"
        with engine.begin() as connection:
            for statement in (
                f"INSERT INTO charge (leg_id, {facts}) VALUES ('call-{owner}', {values})",
                "INSERT INTO charge_correction (leg_id, number, reason, reversed_ticks, reversed_currency, "
                f"{facts}) VALUES ('call-{owner}', 1, 'x', 0, 'EUR', {values})",
                "INSERT INTO ledger_entry (kind, reference) VALUES ('usage', 'x')",
                "INSERT INTO ledger_posting SELECT max(id), 1, 'unbilled', "
                f"'{owner}', NULL, 'EUR', 5 FROM ledger_entry",
                "INSERT INTO ledger_posting SELECT max(id), 2, 'usage', NULL, NULL, 'EUR', -5"
                " FROM ledger_entry",
                "INSERT INTO invoice (number, kind, customer_id, month, issued_on, net_cents, vat_cents,"
                f" gross_cents, document, sha256) VALUES ('{number}', 'invoice', '{owner}', '2026-11-01',"
                " '2026-11-30', 0, 0, 0, '{}', sha256('{}'))",
                f"INSERT INTO invoice_line VALUES ('{number}', 1, 'usage', 'x', 0)",
            ):
                connection.execute(text(statement))


def _seen(connection: Connection) -> dict[str, list[str]]:
    keys = {
        "cdr": "leg_id",
        "cdr_raw": "leg_id",
        "charge_correction": "leg_id",
        "config_item": "id",
        "invoice_line": "number",
        "number_state": "number",
    }
    return {
        table: list(
            connection.scalars(
                text(f"SELECT DISTINCT {keys.get(table, 'customer_id')} FROM {table} ORDER BY 1")
            )
        )
        for table in CUSTOMER_TABLES
    }


def test_a_session_sees_its_own_customer_and_nothing_else(shared: Engine) -> None:
    for owner, number in (("kunde-a", "+492214710000"), ("kunde-b", "+492214710001")):
        with customer_session(shared, owner, role=ROLE) as connection:
            assert _seen(connection) == {
                "acd_contact": [owner],
                "acd_log": [owner],
                "cdr": [f"call-{owner}"],
                "cdr_raw": [f"call-{owner}"],
                "charge": [owner],
                "charge_correction": [f"call-{owner}"],
                "config_item": [owner],
                "customer_block": [owner],
                "invoice": [owner],
                "invoice_line": [f"R-{owner}"],
                "ledger_posting": [owner],
                "number_event": [owner],
                "number_state": [number],
                "recording": [owner],
            }


@pytest.mark.parametrize("owner", ["", "carrier", "kunde-c", "kunde-a' OR true --"])
def test_a_session_of_nobody_sees_nothing(shared: Engine, owner: str) -> None:
    with customer_session(shared, owner, role=ROLE) as connection:
        assert _seen(connection) == {table: [] for table in CUSTOMER_TABLES}


def test_without_a_customer_named_nothing_is_seen(shared: Engine) -> None:
    with shared.begin() as connection:
        connection.execute(text(f"SET LOCAL ROLE {ROLE}"))
        assert _seen(connection) == {table: [] for table in CUSTOMER_TABLES}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cdr SET mos = 5",
        "UPDATE number_state SET state = 'active'",
        "DELETE FROM customer_block",
        "DELETE FROM cdr",
        "INSERT INTO config_version (author) VALUES ('kunde-a')",
        "SELECT * FROM audit",
        "SELECT * FROM cdr_quarantine",
        "SELECT * FROM config_version",
    ],
)
def test_a_customer_changes_nothing_and_reads_no_other_table(shared: Engine, statement: str) -> None:
    with pytest.raises(DatabaseLoginRefused), customer_session(shared, "kunde-a", role=ROLE) as connection:
        connection.execute(text(statement))


def test_the_next_transaction_of_the_connection_is_the_owner_s_again(shared: Engine) -> None:
    with customer_session(shared, "kunde-a", role=ROLE):
        pass
    with shared.begin() as connection:
        assert len(_seen(connection)["cdr"]) == 3


def test_every_table_with_a_customer_has_a_policy(shared: Engine) -> None:
    """So that a new table is not forgotten."""
    query = """
        SELECT DISTINCT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE a.attname = 'customer_id' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        AND NOT c.relrowsecurity
    """
    with shared.connect() as connection:
        assert connection.scalars(text(query)).all() == []


def test_a_role_s_name_is_no_place_for_statements(engine: Engine) -> None:
    with pytest.raises(RecordRefused, match="no role name"), database_errors("test"):
        make_customer_role(engine, "portal; DROP TABLE cdr")
