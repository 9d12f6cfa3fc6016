"""Minutes of the flat rate as operators see them while calls go on, end, and are rated (E2)."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import Result
from sqlalchemy import Engine
from structlog.testing import capture_logs

from cli.billing.rate_worker import tell_used_up
from dialplan.cdr import LegRecord
from dialplan.live import LiveCall, LiveState
from provisioning.canonical import items_of
from provisioning.load import load
from rating.berlin import Month
from store.config_versions import ConfigStore
from store.live_calls import LiveCalls
from store.rating_run import QuotaUsedUp, RatingRun
from store.rating_shares import Part
from tests.integration.store.billing import (
    KANZLEI,
    NOVEMBER,
    PRAXIS,
    TARIFFS,
    Fixed,
    imported,
    outgoing,
    rate_all_due,
    rows,
    take_in,
)
from tests.typed import Run, parsed, settings_of, typed

#: Ten minutes of fixed network for the whole customer.
QUOTA_S = 600
NOW = NOVEMBER + timedelta(minutes=2)


@pytest.fixture
def run(
    tmp_path: Path, database_url: str, redis_url: str, redis_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:  # fmt: skip
    monkeypatch.setattr("cli.billing.rate_quota.now", lambda: NOW)
    fernamt = typed(settings_of(tmp_path, database_url, redis_url))
    return lambda *words: fernamt("rate", "quota", *words)


def shown(result: Result) -> dict[str, Any]:
    (row,) = parsed(result)["quotas"]
    assert isinstance(row, dict)
    return row


def live(call: LegRecord) -> LiveCall:
    return LiveCall(
        call.leg_id, call.node, call.customer_id, "out", call.a_network, call.b_number, LiveState.ANSWERED,
        None, call.started_at, call.answered_at, None,
    )  # fmt: skip


def test_fifty_parallel_calls_never_overdraw_a_quota(
    engine: Engine, redis_client: redis.Redis, run: Run
) -> None:
    """Issue 5: in real time by what live calls have taken, in the charges by the order of beginnings."""
    tariff = Fixed(imported(engine))
    chance = random.Random(5)
    calls = [outgoing(f"c{n:02}", chance.random(), chance.uniform(61, 90)) for n in range(50)]
    store = LiveCalls(redis_client)
    for call in calls:
        store.put(live(call))
    up = shown(run(KANZLEI, "--json"))
    assert (up["used_s"], up["left_s"], up["exceeded"]) == (0, QUOTA_S - up["reserved_s"], True)
    assert QUOTA_S - 60 < up["reserved_s"] <= QUOTA_S

    chance.shuffle(calls)
    for call in calls[:30]:
        store.remove(call.leg_id)
    take_in(engine, *calls[:30])
    ended = shown(run(KANZLEI, "--json"))
    assert ended["reserved_s"] + ended["left_s"] == QUOTA_S, "records that wait take their part"

    for call in calls[30:]:
        store.remove(call.leg_id)
    take_in(engine, *calls[30:])
    runs = [RatingRun(engine, tariff, most=4) for _ in range(3)]
    workers = [threading.Thread(target=rate_all_due, args=(each,)) for each in runs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    rate_all_due(runs[0])
    rated = shown(run(KANZLEI, "--json"))
    assert (rated["reserved_s"], rated["calls"]) == (0, 0)
    assert QUOTA_S - 60 < rated["used_s"] <= QUOTA_S
    again = runs[0].rerate(KANZLEI, Month(2026, 11), "asked for")
    assert (again.added, again.corrected) == (0, 0), "what three workers made is what the whole month gives"
    assert rows(engine, "SELECT count(*) FROM charge") == [(50,)]


def test_who_used_much_of_a_quota_is_listed(engine: Engine, run: Run) -> None:
    tariff = Fixed(imported(engine))
    take_in(engine, outgoing("one", 0, 540), outgoing("other", 0, 540, PRAXIS))
    rate_all_due(RatingRun(engine, tariff))
    assert KANZLEI in run("--over", "90").output
    assert run("--over", "91", "--month", "2026-11").output == "Nobody in 2026-11.\n"
    without = run(PRAXIS)
    assert without.exit_code == 1
    assert "no minutes in its flat rate in 2026-11" in without.output


def test_the_first_call_that_is_not_covered_is_told_once(engine: Engine) -> None:
    run = RatingRun(engine, Fixed(imported(engine)))
    told = []
    for number, seconds in enumerate((540, 61, 61)):
        take_in(engine, outgoing(f"c{number}", 20 * number, seconds))
        told.append(run.batch(part=Part()).used_up)
    assert told == [(), (QuotaUsedUp(KANZLEI, Month(2026, 11), "fixed_minutes"),), ()]


def test_operators_are_told_where_the_contract_asks_for_it(engine: Engine) -> None:
    config = load([TARIFFS.parent / "carrier"]).config
    ConfigStore(engine).apply(0, list(items_of(config).values()), [], author="anna")
    november = Month(2026, 11)
    used_up = [QuotaUsedUp(who, november, "fixed_minutes") for who in ("kunde-bau", KANZLEI, "nobody")]
    with capture_logs() as said:
        tell_used_up(engine, used_up)
    assert [(each["log_level"], each["customer"], each["month"]) for each in said] == [
        ("warning", "kunde-bau", "2026-11")
    ]
