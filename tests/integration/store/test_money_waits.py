"""Money is not booked while every commit waits, and an answer that is lost is told (guarantee 4, E9)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from store import settling
from store.database import make_engine
from store.embedded.process import wait_until
from store.schema import upgrade
from tests.integration.store.billing_program import ANNA, Program
from tests.integration.store.claims import BAU, NUMBER, november_invoiced
from tests.integration.store.standby import Server, servers

_EXPORT = ("sepa", "export", "--due", "2026-12-07")
_WAIT = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"
_LOCKED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def primary() -> Iterator[Server]:
    with servers() as (first, _):
        yield first
        first.set("synchronous_standby_names", "")


@pytest.fixture
def engine(primary: Server) -> Iterator[Engine]:
    found = make_engine(primary.url.render_as_string(hide_password=False))
    upgrade(found)
    yield found
    found.dispose()


def test_money_is_not_booked_while_commits_wait_and_a_lost_answer_is_told(
    primary: Server, engine: Engine, tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gets no answer looks before doing it again: the debits are booked, and nobody handed them in."""
    url = primary.url.render_as_string(hide_password=False)
    run = november_invoiced(tmp_path, url, redis_url, engine, monkeypatch)
    told, looked = _answer_lost(run, primary, engine, tmp_path)
    assert "[program.perhaps-done]" in told
    assert "`fernamt sepa runs`" in told
    (made,) = looked
    assert not (tmp_path / f"{made}.xml").exists()
    primary.set("synchronous_standby_names", "nobody")
    for words in (
        (*_EXPORT, "--out", tmp_path),
        ("sepa", "withdraw", made, "--reason", "x"),
        ("invoice", "issue", "--customer", BAU, "--month", "2026-11"),
        ("invoice", "credit", NUMBER, "--reason", "x"),
    ):
        refused = run.refused(*words, *ANNA)
        assert "[program.commits-wait]" in refused, words
        assert "(nobody)" in refused
    assert "Nothing is to be debited" in run.good(*_EXPORT, "--out", tmp_path, "--dry-run", *ANNA)
    primary.set("synchronous_standby_names", "")
    run.good("sepa", "again", made, "--out", tmp_path, *ANNA)
    assert (tmp_path / f"{made}.xml").stat().st_size


def _answer_lost(run: Program, primary: Server, engine: Engine, out: Path) -> tuple[str, list[str]]:
    """What an export says whose standby goes away when it has begun, and which files there are then."""
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as other:
            other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": settling._LOCK})
            waiting = pool.submit(run.refused, *_EXPORT, "--out", out, *ANNA)
            assert wait_until(lambda: primary.ask(_LOCKED) == [(1,)], 30)
            primary.set("synchronous_standby_names", "nobody")
        assert wait_until(lambda: len(primary.ask(f"SELECT pid {_WAIT}")) == 1, 30)
        primary.ask(f"SELECT pg_terminate_backend(pid) {_WAIT}")
        told = waiting.result(30)
    primary.set("synchronous_standby_names", "")
    return told, [each["name"] for each in run.json("sepa", "runs")]
