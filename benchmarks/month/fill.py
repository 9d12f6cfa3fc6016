"""A carrier with its customers and a month of call records, made up: nobody's numbers, nobody's calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from provisioning.canonical import item_of
from provisioning.load import load
from provisioning.schema import CustomerEntry
from store.config_versions import ConfigStore
from store.rating_tariffs import TariffStore

_EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
_PORTION: Final = 200_000
#: Terms are those of the contracts; the file must not be empty.
_NO_CUSTOMERS: Final = b"customer;model;first_day\nkeiner;basis;2026-01-01\n"
#: By turns: no quota, one that is used up in the month, two that are not.
_CONTRACTS: Final[tuple[dict[str, Any], ...]] = (
    {"price_model": "basis"},
    {"price_model": "medium", "fair_use": {"counted_per": "customer", "fixed_minutes": 300}},
    {"price_model": "complete", "fair_use": {"fixed_minutes": 20_000, "mobile_minutes": 5_000}},
)
#: Some customers have many more calls than others. Of 20 calls 11 go to the fixed network, 3 to mobiles, 1
#: abroad, 4 come in, 1 is not answered; each has its A leg and its B leg.
_CALLS: Final = """
INSERT INTO cdr (leg_id, call_id, side, node, customer_id, direction, trunk_id, b_dialled, b_number,
    started_at, ringing_at, answered_at, ended_at, billed_ms, q850, cause, hung_up_by)
SELECT CASE side WHEN 'a' THEN id ELSE md5('b' || n)::uuid::text END, id, side, 'sw' || n % 4, customer,
    direction, CASE WHEN (side = 'b') = (direction = 'out') THEN 'carrier-a' ELSE customer || '-pbx' END,
    substr(number, 4), number, began, began + interval '1 second', answered,
    began + interval '4 seconds' + seconds * interval '1 second', seconds * 1000,
    CASE WHEN seconds > 0 THEN 16 ELSE 19 END,
    CASE WHEN seconds > 0 THEN 'NORMAL_CLEARING' ELSE 'NO_ANSWER' END, 'peer'
FROM (
    SELECT *, CASE WHEN kind BETWEEN 15 AND 18 THEN 'in' ELSE 'out' END AS direction,
        CASE WHEN kind < 19 THEN began + interval '4 seconds' END AS answered,
        CASE WHEN kind < 19 THEN 1 + (-150 * ln(1 - chance_3))::integer ELSE 0 END AS seconds,
        CASE WHEN kind < 11 OR kind = 19 THEN '+493023125' || lpad((n % 1000)::text, 3, '0')
            WHEN kind < 14 THEN '+4915228817386' WHEN kind = 14 THEN '+43' || 1000000 + n % 1000000
            ELSE '+492214710' || lpad((n % 1000)::text, 3, '0') END AS number
    FROM (
        SELECT n, md5('a' || n)::uuid::text AS id, floor(20 * chance_2)::integer AS kind, chance_3,
            'kunde-' || floor(:customers * chance_1 ^ 1.5)::integer AS customer,
            timestamptz '2026-11-01 00:00+01'
                + (n + 40 * chance_3) * interval '30 days' / (:calls + 40) AS began
        FROM generate_series(:first, :last) AS n, LATERAL (
            SELECT (hashint8extended(n, 1) & 16777215) / 16777216.0::float8 AS chance_1,
                (hashint8extended(n, 2) & 16777215) / 16777216.0::float8 AS chance_2,
                (hashint8extended(n, 3) & 16777215) / 16777216.0::float8 AS chance_3) AS drawn
    ) AS drawn
) AS calls CROSS JOIN (VALUES ('a'), ('b')) AS leg (side)
"""
_DUE: Final = """
INSERT INTO rating_due (call_id, started_at, share)
SELECT call_id, started_at, rating_share(customer_id) FROM cdr WHERE side = 'a'
"""


def apply_carrier(database: Engine, customers: int) -> None:
    """The example carrier with so many customers, and the example price lists."""
    config = load([_EXAMPLES / "carrier"]).config
    entries = [item_of(config.carrier), *(item_of(_customer(number)) for number in range(customers))]
    ConfigStore(database).apply(0, entries, [], author="benchmark")
    files = {path.name: path.read_bytes() for path in (_EXAMPLES / "tariffs").glob("*.csv")}
    del files["notices.csv"]
    files["customers.csv"] = _NO_CUSTOMERS
    TariffStore(database).import_files(files, author="benchmark", today=date(2026, 1, 1))


def _customer(number: int) -> CustomerEntry:
    return CustomerEntry.model_validate(
        {
            "id": f"kunde-{number}",
            "name": f"Beispiel Kunde {number}",
            "main_number": "+492214710100",
            "company": {"legal_name": f"Beispiel Kunde {number} GmbH", "legal_form": "GmbH"},
            "addresses": {
                "main": {
                    "street": "Beispielweg", "house_number": str(number), "postcode": "50667", "town": "Köln",
                    "country": "DE",
                }
            },
            "contacts": [
                {"role": "billing", "name": "Buchhaltung", "email": f"rechnung-{number}@kunde.example"}
            ],
            "contract": {
                "product": "teams", "start": "2026-01-01", "user_price": "3.90 EUR",
                **_CONTRACTS[number % len(_CONTRACTS)],
            },
        }
    )  # fmt: skip


def fill(database: Engine, calls: int, customers: int) -> None:
    """The month's records, all of them due, as if nobody had rated since its first day."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("ALTER TABLE cdr DISABLE TRIGGER cdr_is_due"))
        with _without_indexes(connection, "cdr"):
            for first in range(1, calls + 1, _PORTION):
                last = min(first + _PORTION - 1, calls)
                values = {"customers": customers, "calls": calls, "first": first, "last": last}
                connection.execute(text(_CALLS), values)
        connection.execute(text("ALTER TABLE cdr ENABLE TRIGGER cdr_is_due"))
        with _without_indexes(connection, "rating_due"):
            connection.execute(text(_DUE))
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


@contextmanager
def _without_indexes(connection: Connection, table: str) -> Iterator[None]:
    """Indexes are made when the rows are there: half the time."""
    values = {"table": table}
    keys = connection.execute(text(_KEYS), values).all()
    others = connection.execute(text(_INDEXES), values).all()
    for row in keys:
        connection.execute(text(f"ALTER TABLE {row.owner} DROP CONSTRAINT {row.name}"))
    for row in others:
        connection.execute(text(f"DROP INDEX {row.name}"))
    yield
    for row in others:
        connection.execute(text(row.definition))
    for row in reversed(keys):
        connection.execute(text(f"ALTER TABLE {row.owner} ADD CONSTRAINT {row.name} {row.definition}"))


#: Foreign keys to the table first, then its own key; indexes of no constraint.
_KEYS: Final = """
SELECT conrelid::regclass AS owner, conname AS name, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE contype = 'f' AND confrelid = CAST(:table AS regclass)
    OR contype = 'p' AND conrelid = CAST(:table AS regclass) ORDER BY contype
"""
_INDEXES: Final = """
SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index WHERE indrelid = CAST(:table AS regclass) AND NOT indisprimary
"""
