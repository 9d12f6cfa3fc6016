"""Call records to charges and ledger, from PostgreSQL to PostgreSQL, as `fernamt rate run` does it.

    python -m benchmarks billing [--json] [--quick] [--calls N]

A CDR counts when somebody pays for it: calls have two legs each, the customer's and the carrier's, and one
charge. The time is CPU time of the rating process and of all the database's processes together: "a core" is
one core for both, wall clock is told beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text

from cli.billing.rate_worker import few_collections
from store.database import make_engine
from store.embedded import EmbeddedPostgres
from store.ledger import Ledger
from store.rating_run import RatingRun
from store.rating_tariffs import AppliedTariff, TariffStore
from store.schema import upgrade

TARGET: Final = 15_000
_CALLS: Final = 200_000
_CUSTOMERS: Final = 10_000
_EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples" / "tariffs"
_HEADER: Final = (
    "customer;model;first_day;last_day;list;counted_per;users;"
    "fixed_minutes;mobile_minutes;fixed_and_mobile_minutes"
)
#: Terms by turns: no quota, a quota that is used up in the month, one that is not.
_TERMS: Final = (
    "basis;2026-01-01;;;;;;;",
    "medium;2026-01-01;;;customer;;20;;",
    "complete;2026-01-01;;;user;10;1000;250;",
)
#: A month of calls, a tenth of them mobile, ends in the order of their records.
_FILL: Final = """
INSERT INTO cdr (leg_id, call_id, side, node, customer_id, direction, trunk_id, b_dialled, b_number,
    started_at, answered_at, ended_at, billed_ms, q850, cause, hung_up_by)
SELECT md5(id || leg.suffix)::uuid::text, md5(id)::uuid::text, leg.side, 'sw1',
    'kunde-' || (n * 7919) % :customers, 'out',
    CASE leg.side WHEN 'b' THEN 'carrier-a' END, '030', number, began, began + interval '4 seconds',
    began + interval '4 seconds' + seconds * interval '1 second', seconds * 1000, 16, 'NORMAL_CLEARING',
    'peer'
FROM (
    SELECT n, 'call-' || n AS id, 5 + (n * 31) % 300 AS seconds,
        timestamptz '2026-11-01 00:00+01' + n * interval '30 days' / :calls AS began,
        CASE n % 10 WHEN 0 THEN '+4915228817386'
            ELSE '+493023125' || lpad((n % 1000)::text, 3, '0') END AS number
    FROM generate_series(:first, :last) AS n
) AS calls CROSS JOIN (VALUES ('a', ''), ('b', '-b')) AS leg (side, suffix)
"""


class _Fixed:
    def __init__(self, store: TariffStore) -> None:
        self._applied = store.current()

    def current(self) -> AppliedTariff:
        return self._applied


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every call has its charge, the books are right and, but for `--quick`, the goal is reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.billing", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="few calls, to see that it works")
    parser.add_argument("--calls", type=int, default=_CALLS, help="calls of two legs each")
    options = parser.parse_args(argv)
    calls = 4_000 if options.quick else options.calls
    with _database() as (database, server):
        found = measure(database, server, calls)
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name:24}{_shown(value)}" for name, value in found.items()))
    return 0 if right(found) and (options.quick or found["per_second_of_cpu"] >= TARGET) else 1


def right(found: Mapping[str, Any]) -> bool:
    """Every call was charged once, the ledger's sum is zero and what customers owe is the charges."""
    charged = found["charges"] == found["billable_cdrs"]
    return charged and bool(found["ledger_is_zero"] and found["charges_equal_ledger"])


def _shown(value: Any) -> str:
    return f"{value:,}" if type(value) is int else str(value)


@contextmanager
def _database() -> Iterator[tuple[Engine, int]]:
    with tempfile.TemporaryDirectory(prefix="fernamt-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the embedded server runs as another user when we are root
        postgres = EmbeddedPostgres(folder)
        try:
            database = make_engine(postgres.start(), name="fernamt benchmark", pool_size=1)
            upgrade(database)
            yield database, postgres.pid or 0
            database.dispose()
        finally:
            postgres.stop()


def measure(database: Engine, server: int, calls: int) -> dict[str, Any]:
    """Fill in a month, rate it, look that nothing is missing."""
    _import_tariff(database)
    _fill(database, calls)
    run = RatingRun(database, _Fixed(TariffStore(database)))
    batches = charged = corrected = 0
    cpu_before, server_before, wall_before = time.process_time(), _cpu_s(server), time.perf_counter()
    with few_collections():
        while (done := run.batch()).calls:
            batches, charged, corrected = batches + 1, charged + done.charged, corrected + done.corrected
    wall_s = time.perf_counter() - wall_before
    cpu_s = time.process_time() - cpu_before
    server_s = _cpu_s(server) - server_before
    ledger = Ledger(database).balances()
    with database.connect() as connection:
        ticks = connection.scalar(text("SELECT coalesce(sum(ticks), 0)::bigint FROM charge"))
        size = connection.scalar(text("SELECT pg_total_relation_size('charge')"))
    return {
        "billable_cdrs": calls,
        "call_records": 2 * calls,
        "customers": _CUSTOMERS,
        "charges": charged,
        "corrections": corrected,
        "batches": batches,
        "wall_s": round(wall_s, 2),
        "rating_cpu_s": round(cpu_s, 2),
        "postgresql_cpu_s": round(server_s, 2),
        "per_second_wall": int(calls / wall_s),
        "per_second_of_cpu": int(calls / (cpu_s + server_s)),
        "target_per_second": TARGET,
        "ledger_is_zero": sum(ledger.values()) == 0,
        "charges_equal_ledger": ticks == ledger.get(("unbilled", "EUR"), 0) or corrected > 0,
        "bytes_per_charge": int(size // max(charged, 1)),
    }


def _import_tariff(database: Engine) -> None:
    files = {path.name: path.read_bytes() for path in _EXAMPLES.glob("*.csv")}
    del files["notices.csv"]
    lines = [f"kunde-{n};{_TERMS[n % len(_TERMS)]}" for n in range(_CUSTOMERS)]
    files["customers.csv"] = "\n".join((_HEADER, *lines, "")).encode()
    TariffStore(database).import_files(files, author="benchmark", today=date(2026, 1, 1))


def _fill(database: Engine, calls: int) -> None:
    for first in range(1, calls + 1, 50_000):
        with database.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = '300s'"))
            last = min(first + 49_999, calls)
            values = {"customers": _CUSTOMERS, "calls": calls, "first": first, "last": last}
            connection.execute(text(_FILL), values)
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = '300s'"))
        connection.execute(text("VACUUM ANALYZE"))


def _cpu_s(server: int) -> float:
    """CPU seconds of a server and its processes, those that ended too."""
    ticks = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(entry.name) == server:
            ticks += sum(int(each) for each in fields[11:15])
        elif int(fields[1]) == server:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
