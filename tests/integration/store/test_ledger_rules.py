"""What the database itself refuses about the ledger, invoices and charges: one test for each rule."""

# ruff: noqa: S608 - statements of our own words

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Connection, Engine, text

from store.database import make_engine
from store.errors import RecordRefused
from store.foreign_errors import database_errors
from store.rating_run import RatingRun
from tests.integration.store.billing import PRAXIS, Fixed, imported, outgoing, take_in
from tests.servers import Databases

ENTRY = "INSERT INTO ledger_entry (kind, reference) VALUES ('usage', 'beispiel') RETURNING id"
POSTING = "INSERT INTO ledger_posting (entry_id, line, account, customer_id, month, currency, ticks) VALUES "
INVOICE = """
INSERT INTO invoice (number, kind, corrects, customer_id, month, issued_on, net_cents, vat_cents, gross_cents,
    document, sha256, entry_id)
VALUES ('R-2', 'invoice', NULL, 'kunde-a', '2026-11-01', '2026-11-30', 0, 0, 0, '{}', sha256('{}'), NULL)
"""


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    """One database with one rated call and one invoice: nothing that is refused leaves anything behind."""
    with databases.migrated() as url:
        engine = make_engine(url)
        take_in(engine, outgoing("one", 0, 61, PRAXIS))
        RatingRun(engine, Fixed(imported(engine))).batch()
        with engine.begin() as connection:
            connection.execute(text(INVOICE.replace("R-2", "R-1")))
            connection.execute(text("INSERT INTO number_sequence VALUES ('invoice', 1)"))
            connection.execute(text("INSERT INTO exchange_rate VALUES ('SEK', '2026-10-30', 11.5)"))
            connection.execute(text(_correction("1")))
        yield engine
        engine.dispose()


def _correction(number: str) -> str:
    return f"""
    INSERT INTO charge_correction SELECT leg_id, {number}, 'beispiel', ticks, currency, call_id, customer_id,
        month, begins_ms, direction, called, billed_ms, free, price_id, currency, seconds, blocks, billed_s,
        bundle, bundle_blocks, bundle_s, pieces, exact_ticks, ticks, rounding, carrier_id, carrier_ms,
        cost_price_id, cost_s, cost_ticks, tariff_revision, entry_id FROM charge
    """


def _refused(engine: Engine, *statements: str) -> str | None:
    with pytest.raises(RecordRefused) as refused:
        _execute(engine, statements)
    return refused.value.constraint


def _execute(engine: Engine, statements: Sequence[str]) -> None:
    with database_errors("trying"), engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _entry(connection: Connection, *postings: str) -> None:
    number = connection.execute(text(ENTRY)).scalar_one()
    for line, posting in enumerate(postings, start=1):
        connection.execute(text(f"{POSTING} ({number}, {line}, {posting})"))


@pytest.mark.parametrize(
    "postings",
    [
        (),
        ("'usage', NULL, NULL, 'EUR', 1",),
        ("'usage', NULL, NULL, 'EUR', 1", "'unbilled', 'kunde-a', '2026-11-01', 'EUR', -2"),
        ("'usage', NULL, NULL, 'EUR', 1", "'unbilled', 'kunde-a', '2026-11-01', 'USD', -1"),
    ],
)
def test_an_entry_that_does_not_sum_to_zero_is_refused(engine: Engine, postings: tuple[str, ...]) -> None:
    with pytest.raises(RecordRefused) as refused, database_errors("posting"), engine.begin() as connection:
        _entry(connection, *postings)
    assert refused.value.constraint == "ledger_entry_is_balanced"


def test_nothing_is_posted_to_an_entry_afterwards(engine: Engine) -> None:
    both = "(SELECT min(id) FROM ledger_entry)"
    later = [f"({both}, {line}, 'usage', NULL, NULL, 'EUR', {ticks})" for line, ticks in ((8, 5), (9, -5))]
    assert _refused(engine, POSTING + ", ".join(later)) == "ledger_posting_in_time"


@pytest.mark.parametrize(
    ("posting", "rule"),
    [
        ("'nothing', NULL, NULL, 'EUR', 1", "ledger_posting_account_of_ledger_account"),
        ("'usage', NULL, NULL, 'EUR', 0", "ledger_posting_ticks"),
        ("'usage', NULL, NULL, 'euro', 1", "ledger_posting_currency"),
        ("'usage', '', NULL, 'EUR', 1", "ledger_posting_customer_id_length"),
        ("'usage', NULL, '2026-11-02', 'EUR', 1", "ledger_posting_month"),
    ],
)
def test_a_posting_that_cannot_be_is_refused(engine: Engine, posting: str, rule: str) -> None:
    with pytest.raises(RecordRefused) as refused, database_errors("posting"), engine.begin() as connection:
        _entry(connection, posting)
    assert refused.value.constraint == rule


def test_an_entry_s_kind_is_known(engine: Engine) -> None:
    assert _refused(engine, ENTRY.replace("usage", "gift")) == "ledger_entry_kind"


FINAL = [
    ("ledger_entry", "kind = 'payment'"),
    ("ledger_posting", "ticks = 5"),
    ("invoice", "net_cents = 5"),
    ("invoice_line", "net_cents = 5"),
    ("invoice_sent", "recipient = 'another'"),
    ("invoice_usage", "ticks = 5"),
    ("credited_line", "net_cents = 5"),
    ("invoice_item_use", "item_id = 5"),
    ("invoice_item", "price_ticks = 60"),
    ("charge", "ticks = 0"),
    ("charge_correction", "ticks = 0"),
    ("charged_price", "price = 0"),
    ("exchange_rate", "per_euro = 1"),
    ("tariff_revision", "note = 'another'"),
    ("tariff_file", "sha256 = ''"),
]


@pytest.mark.parametrize(("table", "change"), FINAL)
def test_what_is_booked_is_never_changed(engine: Engine, table: str, change: str) -> None:
    stays = f"{table}_stays" if table in ("tariff_file", "invoice_item") else f"{table}_is_final"
    assert _refused(engine, f"UPDATE {table} SET {change}") == f"{table}_is_final"
    assert _refused(engine, f"DELETE FROM {table}") == stays
    assert _refused(engine, f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("'invoice', NULL", "'credit_note', NULL", "invoice_credit_note_corrects"),
        ("'invoice', NULL", "'invoice', 'R-1'", "invoice_credit_note_corrects"),
        ("'invoice', NULL", "'credit_note', 'R-9'", "invoice_corrects_of_invoice"),
        ("'invoice', NULL", "'bill', NULL", "invoice_kind"),
        ("2026-11-01", "2026-11-02", "invoice_month"),
        ("0, 0, 0", "0, 19, 0", "invoice_sum"),
        ("0, 0, 0", "100, 19, 119", "invoice_in_ledger"),
        ("sha256('{}')", "sha256('[]')", "invoice_sha256"),
        ("R-2", "R-1", "invoice_key"),
    ],
)
def test_an_invoice_that_cannot_be_is_refused(engine: Engine, old: str, new: str, rule: str) -> None:
    assert _refused(engine, INVOICE.replace(old, new)) == rule


def test_an_invoice_is_credited_once_as_a_whole(engine: Engine) -> None:
    credit = INVOICE.replace("'invoice', NULL", "'credit_note', 'R-1'")
    assert _refused(engine, credit, credit.replace("R-2", "R-3")) == "invoice_once_corrected"


@pytest.mark.parametrize(
    ("columns", "values", "rule"),
    [
        ("scope", "'part'", "invoice_scope"),
        ("scope", "'some'", "invoice_scope"),
        ("set_off_cents", "1", "invoice_set_off"),
        ("set_off_cents", "-1", "invoice_set_off"),
    ],
)
def test_scope_and_set_off_are_those_of_an_invoice(
    engine: Engine, columns: str, values: str, rule: str
) -> None:
    given = INVOICE.replace("entry_id)", f"entry_id, {columns})").replace("NULL)", f"NULL, {values})")
    assert _refused(engine, given) == rule


def test_credit_notes_give_back_no_more_than_a_line_has(engine: Engine) -> None:
    """Guarantee 5; E10."""
    line = "INSERT INTO invoice_line VALUES ('R-2', {}, 'usage', 'Verbindungen', {})"
    note = INVOICE.replace("'invoice', NULL", "'credit_note', 'R-2'").replace("('R-2'", "('G-{0}'")
    parts = note.replace("entry_id)", "entry_id, scope)").replace("NULL)", "NULL, 'part')")
    made = (INVOICE, line.format(1, 500), line.format(2, -500), parts.replace("{0}", "1"))
    back = "INSERT INTO credited_line VALUES ('G-1', {}, {})"
    for position, cents in ((1, 501), (1, -1), (2, 1), (2, -501), (3, 1)):
        assert _refused(engine, *made, back.format(position, cents)) == "credited_line_within"
    second = (
        parts.replace("{0}", "2"),
        back.format(1, 300),
        "INSERT INTO credited_line VALUES ('G-2', 1, 201)",
    )
    assert _refused(engine, *made, *second) == "credited_line_within"


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ("'kunde-a', 'x', 0, 1", "invoice_item_price"),
        ("'kunde-a', 'x', 61, 1", "invoice_item_price"),
        ("'kunde-a', 'x', 60, 0", "invoice_item_quantity"),
        ("'', 'x', 60, 1", "invoice_item_customer_id_length"),
        ("'kunde-a', '', 60, 1", "invoice_item_name_length"),
    ],
)
def test_an_item_that_cannot_be_is_refused(engine: Engine, values: str, rule: str) -> None:
    columns = "customer_id, name, price_ticks, quantity, done_on, actor"
    assert (
        _refused(engine, f"INSERT INTO invoice_item ({columns}) VALUES ({values}, '2026-11-30', 'a')") == rule
    )


def test_lines_sum_to_the_invoice_and_come_with_it(engine: Engine) -> None:
    line = "INSERT INTO invoice_line VALUES ('{}', 1, 'usage', 'Verbindungen', 5)"
    assert _refused(engine, INVOICE, line.format("R-2")) == "invoice_is_sum_of_lines"
    assert _refused(engine, line.format("R-1")) == "invoice_line_sums_up"


@pytest.mark.parametrize("change", ["next = next + 2", "next = next - 1", "name = 'x', next = next + 1"])
def test_numbers_of_invoices_have_no_gaps(engine: Engine, change: str) -> None:
    assert _refused(engine, f"UPDATE number_sequence SET {change}") == "number_sequence_without_gaps"
    assert _refused(engine, "DELETE FROM number_sequence") == "number_sequence_stays"


def test_a_number_that_was_taken_in_vain_is_given_back(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("UPDATE number_sequence SET next = next + 1"))
        connection.rollback()
        assert connection.scalar(text("SELECT next FROM number_sequence")) == 1


CHARGE = "INSERT INTO charge SELECT (jsonb_populate_record(c, '{}'::jsonb)).* FROM charge AS c"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ('{"rounding": "call half-up 4"}', "charge_key"),
        ('{"leg_id": "x", "price_id": null}', "charge_free_or_priced"),
        ('{"leg_id": "x", "free": "free.incoming", "price_id": null}', "charge_free_costs_nothing"),
        ('{"leg_id": "x", "entry_id": null}', "charge_in_ledger"),
        ('{"leg_id": "x", "ticks": 0}', "charge_in_ledger"),
        ('{"leg_id": "x", "ticks": -1}', "charge_ticks"),
        ('{"leg_id": "x", "month": "2026-11-02"}', "charge_month"),
        ('{"leg_id": "x", "bundle_s": 100, "bundle_blocks": 1, "bundle": "fixed_minutes"}',
         "charge_bundle_within"),
        ('{"leg_id": "x", "bundle": "fixed_minutes"}', "charge_bundle_named"),
        ('{"leg_id": "x", "seconds": -1}', "charge_durations"),
        ('{"leg_id": "x", "customer_id": ""}', "charge_customer_id_length"),
        ('{"leg_id": "x", "price_id": 999}', "charge_price_id_of_charged_price"),
        ('{"leg_id": "x", "entry_id": 999}', "charge_entry_id_of_ledger_entry"),
    ],
)  # fmt: skip
def test_a_charge_that_cannot_be_is_refused(engine: Engine, change: str, rule: str) -> None:
    assert _refused(engine, CHARGE.replace("{}", change.replace(":", r"\:"))) == rule


@pytest.mark.parametrize("number", ["1", "0", "1001"])
def test_corrections_are_numbered(engine: Engine, number: str) -> None:
    rule = "charge_correction_key" if number == "1" else "charge_correction_number"
    assert _refused(engine, _correction(number)) == rule


VERSION = "INSERT INTO price_list_version VALUES "


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ("'standard', '2026-01', 'standard', 'EUR', '2027-01-01', NULL", "price_list_version_key"),
        ("'standard', 'x', 'standard', 'EUR', '2026-01-01', NULL", "price_list_version_no_overlap"),
        ("'standard', 'x', 'standard', 'EUR', '2025-01-01', '2026-01-01'", "price_list_version_no_overlap"),
        ("'x', 'x', 'other', 'EUR', '2026-01-01', NULL", "price_list_version_kind"),
        ("'x', 'x', 'cost', 'EURO', '2026-01-01', NULL", "price_list_version_currency"),
        ("'x', 'x', 'cost', 'EUR', '2026-01-02', '2026-01-01'", "price_list_version_until_after_from"),
    ],
)
def test_a_version_that_cannot_be_is_refused(engine: Engine, values: str, rule: str) -> None:
    assert _refused(engine, f"{VERSION} ({values}, sha256('x'), 1)") == rule


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE price_list_version SET currency = 'CHF' WHERE version = '2026-01'",
        "UPDATE price_list_version SET valid_until = '2026-01-02' WHERE version = '2026-01'",
        "DELETE FROM price_list_version WHERE version = '2026-01'",
    ],
)
def test_a_version_that_is_valid_does_not_change_backwards(engine: Engine, statement: str) -> None:
    assert _refused(engine, statement) == "price_list_version_is_final"


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ("'EUR', '2026-11-30', 1", "exchange_rate_currency"),
        ("'USD', '2025-11-30', 0", "exchange_rate_per_euro"),
        ("'SEK', '2026-10-30', 12", "exchange_rate_key"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(engine: Engine, values: str, rule: str) -> None:
    assert _refused(engine, f"INSERT INTO exchange_rate VALUES ({values})") == rule
