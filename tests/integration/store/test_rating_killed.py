"""A rating worker that is killed at any moment loses nothing and charges nothing twice (guarantee 4)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import redis
from sqlalchemy import Engine

from rating.berlin import Month
from store.embedded.process import wait_until
from store.ledger import Ledger
from store.rating_run import RatingRun
from tests.integration.store.billing import KANZLEI, Fixed, imported, in_force, outgoing, rows, take_in
from tests.typed import settings_file, settings_of

ROOT = Path(__file__).resolve().parents[3]


def _work(database_url: str, moment: str, batches: int) -> int:
    command = [
        sys.executable, "-m", "tests.integration.store.rating_program", database_url, moment, str(batches),
    ]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode


def test_the_worker_rates_what_comes_in_until_it_is_told_to_end(
    engine: Engine, database_url: str, redis_url: str, redis_client: redis.Redis, tmp_path: Path
) -> None:
    imported(engine)
    path = settings_file(settings_of(tmp_path, database_url, redis_url))
    command = [sys.executable, "-m", "cli.entry", "--settings", str(path), "rate", "run", "--follow"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as worker:
        try:
            take_in(engine, outgoing("one", 0, 61), outgoing("two", 1, 61))
            assert wait_until(lambda: len(in_force(engine)) == 2, 30)
        finally:
            worker.terminate()
        assert worker.wait(timeout=30) == 0


def test_each_call_is_charged_once_whatever_dies(engine: Engine, database_url: str) -> None:
    tariff = Fixed(imported(engine))
    take_in(engine, *(outgoing(f"c{n:02}", 40 - n, 60 + n) for n in range(20)))
    for moment, batches in (("before-commit", 1), ("before-commit", 2), ("after-commit", 1)):
        assert _work(database_url, moment, batches) == -9
    take_in(engine, *(outgoing(f"d{n:02}", n + 0.5, 60 + n) for n in range(10)))
    assert _work(database_url, "before-commit", 2) == -9
    assert _work(database_url, "never", 0) == 0
    assert rows(engine, "SELECT count(*), count(DISTINCT leg_id) FROM charge") == [(30, 30)]
    assert rows(engine, "SELECT count(*) FROM rating_due") == [(0,)]
    charged = sum(ticks for ticks, _, _ in in_force(engine).values())
    assert Ledger(engine).balances() == {("unbilled", "EUR"): charged, ("usage", "EUR"): -charged}
    again = RatingRun(engine, tariff).rerate(KANZLEI, Month(2026, 11), "asked for")
    assert (again.added, again.corrected) == (0, 0), "what the pieces came to is what the whole month gives"
