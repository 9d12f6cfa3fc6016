"""The month is made, rated and invoiced by `fernamt` itself, then looked at: every call has its charge."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text

from benchmarks.month.fill import apply_carrier, fill
from benchmarks.month.watch import Watch
from store.database import make_engine
from store.embedded import EmbeddedPostgres, EmbeddedRedis
from store.schema import upgrade

LIMIT_S: Final = 1_200
LIMIT_MB: Final = 2_048
_CDRS: Final = 10_000_000
_CUSTOMERS: Final = 10_000
#: What docs/operation.md advises for a server of so many calls.
_POSTGRES: Final = {
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "on",
}
_RATE: Final = ("rate", "run", "--json")
_ISSUE: Final = (
    "invoice", "issue", "--month", "2026-11", "--all", "--on", "2026-12-01", "--actor", "benchmark", "--json",
)  # fmt: skip
#: Everything that must hold afterwards, each true.
_CHECKS: Final = {
    "every_cdr_charged": "SELECT count(*) = :calls AND count(DISTINCT call_id) = :calls FROM charge",
    "nothing_due": "SELECT count(*) = 0 FROM rating_due",
    "nothing_waits": "SELECT count(*) = 0 FROM rating_quarantine",
    "ledger_is_zero": "SELECT sum(ticks) = 0 FROM ledger_posting",
    # A call that was answered after midnight of the last day belongs to the next month.
    "all_is_billed": "SELECT sum(ticks) = 0 FROM ledger_posting WHERE account = 'unbilled' "
    "AND month = '2026-11-01'",
    "numbers_without_gaps": "SELECT count(*) = right(max(number), 6)::integer FROM invoice",
}


def main(argv: Sequence[str] | None = None) -> int:
    """0 when the goals are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks billing-month")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="20,000 CDRs of 200 customers")
    parser.add_argument("--cdrs", type=int, default=_CDRS, help="calls of two records each")
    parser.add_argument("--customers", type=int, default=_CUSTOMERS)
    parser.add_argument("--workers", type=int, default=2, help="rating workers")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="where the database lies. Default: a new one"
    )
    options = parser.parse_args(argv)
    calls, customers = (20_000, 200) if options.quick else (options.cdrs, options.customers)
    with ExitStack() as stack:
        folder = options.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="fernamt-month-"))
        )
        folder.chmod(0o711)  # the embedded server runs as another user when we are root
        found = measure(folder, calls, customers, options.workers)
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name:24}{value:,}" if type(value) is int else f"{name:24}{value}"
            for name, value in found.items()))  # fmt: skip
    right = all(found[name] for name in _CHECKS)
    reached = found["minutes"] * 60 <= LIMIT_S and found["memory_mb"] <= LIMIT_MB
    return 0 if right and (reached or options.quick) else 1


def measure(folder: Path, calls: int, customers: int, workers: int) -> dict[str, Any]:
    """Fill, rate, invoice, check."""
    with _servers(folder) as (database, settings, pids):
        _say("making customers and records")
        apply_carrier(database, customers)
        fill(database, calls, customers)
        watch = Watch(pids)
        with watch:
            _say("rating")
            rated_s = _run(settings, [_RATE] * workers, watch)
            rating_cpu = watch.cpu_s()
            _say("invoicing")
            invoiced_s = _run(settings, [_ISSUE], watch)
        cpu = watch.cpu_s()
        with database.connect() as connection:
            connection.execute(text("SET statement_timeout = 0"))
            checks = {
                name: bool(connection.scalar(text(query), {"calls": calls}))
                for name, query in _CHECKS.items()
            }
            invoices = int(connection.scalar(text("SELECT count(*) FROM invoice")) or 0)
            size = int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    return {
        "cdrs": calls,
        "call_records": 2 * calls,
        "customers": customers,
        "workers": workers,
        "rated_s": round(rated_s, 1),
        "invoiced_s": round(invoiced_s, 1),
        "minutes": round((rated_s + invoiced_s) / 60, 2),
        "limit_minutes": LIMIT_S // 60,
        "cdrs_per_second_wall": int(calls / rated_s),
        "rating_cpu_s": rating_cpu,
        "invoicing_cpu_s": {name: round(seconds - rating_cpu[name], 1) for name, seconds in cpu.items()},
        "invoices": invoices,
        "memory_mb": watch.most_mb,
        "limit_mb": LIMIT_MB,
        "database_mb": size >> 20,
        **checks,
    }


@contextmanager
def _servers(folder: Path) -> Iterator[tuple[Engine, Path, list[int]]]:
    postgres, live = EmbeddedPostgres(folder, settings=_POSTGRES), EmbeddedRedis(folder)
    try:
        url, redis_url = postgres.start(), live.start()
        settings = folder / "fernamt.yaml"
        document = {
            "state_dir": str(folder),
            "carrier": [str(folder)],
            "database": {"url": url},
            "redis": {"url": redis_url},
            "node": {"event_socket_password": {"env": "UNUSED"}, "cdr_dir": str(folder)},
        }
        settings.write_text(json.dumps(document))
        database = make_engine(url, name="fernamt benchmark", pool_size=2)
        upgrade(database)
        yield database, settings, [postgres.pid or 0, live.pid or 0]
        database.dispose()
    finally:
        live.stop()
        postgres.stop()


def _run(settings: Path, commands: Sequence[Sequence[str]], watch: Watch) -> float:
    """All at once; the wall clock until the last one ends. Raises RuntimeError when one fails."""
    began = time.perf_counter()
    fernamt = [sys.executable, "-m", "cli.entry", "--settings", str(settings)]
    with (settings.parent / "said").open("w+") as said:
        running = [subprocess.Popen([*fernamt, *command], stdout=said) for command in commands]
        watch.follow([each.pid for each in running])
        ended = [each.wait() for each in running]
        if any(ended):
            said.seek(0)
            raise RuntimeError(f"{' '.join(commands[0])} ended with {ended}: {said.read()[-2_000:]}")
    return time.perf_counter() - began


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
