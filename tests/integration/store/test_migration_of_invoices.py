"""Invoices of before the step that keeps what each billed: what they billed is found in the charges."""

# ruff: noqa: S608 - statements of our own words

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from rating.berlin import Month
from store.database import make_engine
from store.invoices import Invoices
from store.schema import upgrade
from store.schema_steps import alembic_config, climb
from tests.servers import Databases

_COLUMNS: Final = (
    "leg_id, call_id, customer_id, month, begins_ms, direction, called, billed_ms, price_id, currency,"
    " seconds, blocks, billed_s, bundle_blocks, bundle_s, exact_ticks, ticks, rounding, carrier_ms, cost_s,"
    " cost_ticks, tariff_revision, entry_id"
)


def _before() -> str:
    """The step before the one that is tested."""
    script = ScriptDirectory.from_config(alembic_config())
    wanted = next(each for each in script.walk_revisions() if each.path.endswith("_invoice_sums.py"))
    assert isinstance(wanted.down_revision, str)
    return wanted.down_revision


@pytest.fixture
def earlier(databases: Databases) -> Iterator[Engine]:
    with databases.empty() as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            climb(connection, _before())
        yield engine
        engine.dispose()


def _entry(connection: Connection, kind: str, *postings: str) -> int:
    made = f"INSERT INTO ledger_entry (kind, reference) VALUES ('{kind}', 'x') RETURNING id"
    number = int(connection.execute(text(made)).scalar_one())
    for line, posting in enumerate(postings, start=1):
        connection.execute(text(f"INSERT INTO ledger_posting VALUES ({number}, {line}, {posting})"))
    return number


def _used(connection: Connection, ticks: int) -> int:
    return _entry(
        connection, "usage", f"'unbilled', 'a', '2026-11-01', 'EUR', {ticks}",
        f"'usage', NULL, NULL, 'EUR', {-ticks}",
    )  # fmt: skip


def _charge(leg: str, ticks: int, entry: int) -> str:
    values = (
        f"'{leg}', '{leg}', 'a', '2026-11-01', 0, 'out', '+49', 60000, 1, 'EUR', 60, 1, 60, 0, 0, {ticks},"
    )
    return f"{values} {ticks}, 'call half-up 4', 0, 0, 0, 1, {entry}"


def test_what_an_invoice_billed_is_what_was_charged_before_it(earlier: Engine) -> None:
    """A correction and a call that came after the invoice are billed by the next one."""
    document = "'{}', sha256('{}')"
    with earlier.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO charged_price (list_id, version, currency, prefix, exact, destination, zone,"
                " kind, price, fee, minimum, first_s, next_s, free_s, time_window, line) VALUES ('l', '1',"
                " 'EUR', '+49', false, 'x', 'national_fixed', 'minute', 10000, 0, 0, 60, 60, 0, '', 2)"
            )
        )
        first = _used(connection, 600_000)
        connection.execute(text(f"INSERT INTO charge ({_COLUMNS}) VALUES ({_charge('one', 600_000, first)})"))
        booked = _entry(
            connection, "invoice", "'receivable', 'a', '2026-11-01', 'EUR', 714000", "'vat', NULL, NULL,"
            " 'EUR', -114000", "'usage', NULL, NULL, 'EUR', -600000", "'unbilled', 'a', '2026-11-01', 'EUR',"
            " -600000", "'usage', NULL, NULL, 'EUR', 600000",
        )  # fmt: skip
        connection.execute(
            text(
                "INSERT INTO invoice (number, kind, corrects, customer_id, month, issued_on, net_cents,"
                " vat_cents, gross_cents, document, sha256, entry_id) VALUES ('R-1', 'invoice', NULL, 'a',"
                f" '2026-11-01', '2026-11-30', 1, 0, 1, {document}, {booked}), ('R-2', 'invoice', NULL, 'b',"
                f" '2026-11-01', '2026-11-30', 0, 0, 0, {document}, NULL), ('G-2', 'credit_note', 'R-2', 'b',"
                f" '2026-11-01', '2026-11-30', 0, 0, 0, {document}, NULL)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO invoice_line VALUES ('R-1', 1, 'usage', 'Verbindungen', 1),"
                " ('R-2', 1, 'fee', 'x', 0), ('G-2', 1, 'fee', 'x', 0)"
            )
        )
    with earlier.begin() as connection:
        late = _used(connection, 120_000)
        connection.execute(text(f"INSERT INTO charge ({_COLUMNS}) VALUES ({_charge('late', 120_000, late)})"))
    upgrade(earlier)
    due = Invoices(earlier).due("a", Month(2026, 12))
    assert [(str(each.month), each.usage.total.ticks) for each in due.late] == [("2026-11", 120_000)]
    with earlier.connect() as connection:
        kept = connection.execute(text("SELECT number, calls, ticks FROM invoice_usage")).all()
        assert [tuple(row) for row in kept] == [("R-1", 1, 600_000)]
        credited = connection.execute(text("SELECT number, position FROM credited_line")).all()
        assert [tuple(row) for row in credited] == [("G-2", 1)]
