"""Several workers rate at once: each customer by one at a time, nothing twice, nothing lost, whoever dies."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from rating.berlin import Month
from store.database import make_engine
from store.embedded.process import wait_until
from store.errors import DatabaseTimeout, DatabaseUnavailable
from store.ledger import Ledger
from store.rating_run import RatingRun
from store.rating_shares import ALONE, MAX_WORKERS, Part, Row, counting, lock
from tests.integration.store.billing import (
    KANZLEI,
    PRAXIS,
    Fixed,
    imported,
    in_force,
    outgoing,
    rate_all_due,
    rows,
    take_in,
)

ROOT = Path(__file__).resolve().parents[3]
BAU = "kunde-bau"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def _worker(database_url: str, moment: str, batches: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "tests.integration.store.rating_program", database_url, moment, str(batches),
    ]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT)


@pytest.mark.parametrize("moment", ["before-commit", "after-commit"])
def test_of_three_workers_one_is_killed(engine: Engine, database_url: str, moment: str) -> None:
    """Issue 5 and guarantee 4: nothing is charged twice, nothing is lost, and the order of workers gives what
    one alone gives."""
    tariff = Fixed(imported(engine))
    chance = random.Random(11)
    calls = [
        outgoing(f"c{n:03}", n / 2, chance.randint(1, 90), chance.choice((KANZLEI, PRAXIS, BAU)))
        for n in range(120)
    ]
    chance.shuffle(calls)
    take_in(engine, *calls[:80])
    with engine.begin() as starting:
        lock(starting)
        workers = [_worker(database_url, moment, 2), *(_worker(database_url, "never", 0) for _ in range(2))]
        assert wait_until(lambda: rows(engine, WAITING) == [(3,)], 30)
    take_in(engine, *calls[80:])
    ended = [worker.wait(timeout=60) for worker in workers]
    assert ended == [-signal.SIGKILL, 0, 0]
    rate_all_due(RatingRun(engine, tariff))
    assert rows(engine, "SELECT count(*), count(DISTINCT leg_id) FROM charge") == [(120, 120)]
    assert rows(engine, "SELECT count(*) FROM rating_due") == [(0,)]
    charged = sum(ticks for ticks, _, _ in in_force(engine).values())
    assert Ledger(engine).balances() == {("unbilled", "EUR"): charged, ("usage", "EUR"): -charged}
    for customer in (KANZLEI, PRAXIS, BAU):
        again = RatingRun(engine, tariff).rerate(customer, Month(2026, 11), "asked for")
        assert (again.added, again.corrected) == (0, 0), customer


def test_each_worker_takes_the_calls_of_its_share_of_the_customers(engine: Engine) -> None:
    tariff = Fixed(imported(engine))
    customers = (KANZLEI, PRAXIS, BAU)
    take_in(engine, *(outgoing(f"{who}-{n}", n, 30, who) for n in range(5) for who in customers))
    share = dict(rows(engine, "SELECT customer_id, rating_share(customer_id) % 2 FROM cdr"))
    for rank in (0, 1):
        RatingRun(engine, tariff).batch(part=Part(rank, 2))
        charged = {str(who) for (who,) in rows(engine, "SELECT DISTINCT customer_id FROM charge")}
        assert charged == {who for who in customers if int(str(share[who])) <= rank}
    assert rows(engine, "SELECT count(*) FROM charge") == [(15,)]


@contextmanager
def _in_row(engine: Engine) -> Iterator[Row]:
    with engine.connect() as connection:
        row = Row(connection)
        row.join()
        try:
            yield row
        finally:
            row.leave()


def test_a_worker_s_place_is_free_when_its_connection_is_gone(engine: Engine) -> None:
    with _in_row(engine) as first:
        assert first.part() == ALONE
        with _in_row(engine) as second:
            assert (first.part(), second.part()) == (Part(0, 2), Part(1, 2))
            with _in_row(engine) as third:
                assert third.part() == Part(2, 3)
            assert wait_until(lambda: first.part() == Part(0, 2), 20)
        assert wait_until(lambda: first.part() == ALONE, 20)


def test_a_worker_that_lost_its_place_says_so(engine: Engine) -> None:
    """Its connection was cut: it becomes a worker again, as after any loss of the database."""
    with engine.connect() as connection, engine.begin() as operator:
        row = Row(connection)
        row.join()
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        operator.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DatabaseUnavailable, match="looking who rates"):
            row.part()
        row.leave()
    with _in_row(engine) as other:
        assert other.part() == ALONE


def test_more_workers_than_there_are_places_are_refused(database_url: str) -> None:
    engine = make_engine(database_url, pool_size=MAX_WORKERS + 1)
    places = text("SELECT pg_advisory_lock(:kind, number) FROM generate_series(0, :last) AS number")
    with engine.connect() as holder:
        holder.execute(places, {"kind": int.from_bytes(b"plac"), "last": MAX_WORKERS - 1})
        holder.commit()
        with pytest.raises(DatabaseTimeout, match="16 work already"), _in_row(engine):
            pass
        holder.invalidate()
    engine.dispose()


def test_counters_are_set_only_while_nobody_books(engine: Engine) -> None:
    """What one worker has booked and not counted yet must not be in the sums that another one sets."""
    with engine.connect() as booking, engine.connect() as second, engine.connect() as setting:
        with counting(booking), counting(second):
            setting.execute(text("SET lock_timeout = '50ms'"))
            with pytest.raises(DatabaseTimeout, match="lock timeout"), counting(setting, alone=True):
                pass
            setting.rollback()
        with counting(setting, alone=True):
            pass
    assert rows(engine, WAITING) == [(0,)]
