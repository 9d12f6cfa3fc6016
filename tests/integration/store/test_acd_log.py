"""The contact centres' log: from the owner over Redis into the database, once, without numbers (C9)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, text

from acd.events import CallerJoined, CallerLeft, StatusChosen
from acd.figures import Rules
from acd.journal import logged
from acd.names import AgentStatus
from cli.centre.centre_figures import CentreFigures, centre_figures, queue_rows
from cli.wiring.centre_log import KeptInDatabase, LeftInRedis
from controller.centre_log import CentreLog
from controller.errors import StoreAway
from store import acd_journals
from store.acd_history import LINK_DAYS, SALT_DAYS, AcdHistory
from store.acd_journals import AcdJournals
from store.acd_log import AcdLog
from store.cdr_repository import CdrRepository
from store.leases import Lease, Leases
from tests.integration.store.legs import leg, with_raw
from tests.integration.store.test_contact_centre_owner import SPEC, crash, owner, wait_until
from tests.unit.acd.worked import sentences, worked_example

CUSTOMER = "beispiel"
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
NINE_MS = int(NINE.timestamp() * 1000)
PAGE = re.sub(r"\s+", " ", (Path(__file__).parents[3] / "docs" / "figures.md").read_text())
NUMBER = "+4915228817386"


@pytest.fixture
def history(engine: Engine) -> AcdHistory:
    return AcdHistory(engine)


def mover(client: redis.Redis, history: AcdHistory, now: datetime = NINE) -> CentreLog:
    return CentreLog(LeftInRedis(AcdLog(client)), KeptInDatabase(history, 400, lambda _: True), lambda: now)


def worked_records() -> list[str]:
    """The worked example from nine o'clock on, as an owner writes it."""
    return [record for at_ms, each in worked_example() for record in logged([each], NINE_MS + at_ms)]


def numbered(records: Sequence[str], run: int = 1) -> list[tuple[tuple[int, int], str]]:
    return [((run, place), each) for place, each in enumerate(records, start=1)]


def lease(client: redis.Redis) -> Lease:
    found = Leases(client, ttl_s=30).acquire(f"acd-{CUSTOMER}", "tester")
    assert found is not None
    return found


def figures_of(engine: Engine, minutes: int = 15, begin: datetime = NINE) -> CentreFigures:
    end = begin + timedelta(minutes=minutes)
    with engine.connect() as connection:
        return centre_figures(connection, CUSTOMER, begin, end, Rules(), end)


def rows(engine: Engine, table: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(f"SELECT * FROM {table}")).mappings())  # noqa: S608


def test_the_worked_example_of_the_page_comes_out_of_the_database(
    redis_client: redis.Redis, engine: Engine, history: AcdHistory
) -> None:
    """docs/figures.md."""
    AcdJournals(redis_client).append(lease(redis_client), CUSTOMER, [], numbered(worked_records()), written=0)
    mover(redis_client, history).round()
    assert AcdLog(redis_client).waiting(CUSTOMER) == 0
    found = figures_of(engine).figures
    said = sentences(found.queues[NINE_MS, "verkauf"], found.agents[NINE_MS, "anna"])
    assert [each for each in said if each not in PAGE] == []


def test_a_call_counts_where_it_came_in_also_when_its_end_lies_beyond_the_period(
    engine: Engine, history: AcdHistory
) -> None:
    history.insert(CUSTOMER, numbered(worked_records()))
    with engine.connect() as connection:
        parts = [
            centre_figures(
                connection, CUSTOMER, NINE + timedelta(minutes=minute), NINE + timedelta(minutes=minute + 1),
                Rules(interval_ms=60_000), NINE + timedelta(hours=1),
            )
            for minute in range(15)
        ]  # fmt: skip
        whole = centre_figures(
            connection, CUSTOMER, NINE, NINE + timedelta(minutes=15), Rules(interval_ms=60_000),
            NINE + timedelta(hours=1),
        )  # fmt: skip
    merged = {key: each for part in parts for key, each in part.figures.queues.items()}
    assert merged == whole.figures.queues
    agents = {key: each for part in parts for key, each in part.figures.agents.items()}
    assert agents == whole.figures.agents
    assert sum(each.logged_in_ms for each in agents.values()) == 900_000


def test_entries_that_are_brought_twice_are_there_once(engine: Engine, history: AcdHistory) -> None:
    entries = numbered(worked_records())
    assert history.insert(CUSTOMER, entries[:7]) == ()
    assert history.insert(CUSTOMER, entries) == ()
    history.insert(CUSTOMER, entries[3:])
    assert len(rows(engine, "acd_log")) == len(entries)
    assert len(rows(engine, "acd_contact")) == 6


def test_what_an_owner_sends_again_after_a_timeout_waits_once(redis_client: redis.Redis) -> None:
    """The answer was lost, the entries were not."""
    journals, held = AcdJournals(redis_client), lease(redis_client)
    run = journals.new_run(CUSTOMER)
    entries = numbered(worked_records(), run)
    for _ in range(2):
        journals.append(held, CUSTOMER, [], entries[:5], written=0)
    journals.append(held, CUSTOMER, [], entries[5:], written=0)
    log = AcdLog(redis_client)
    assert [each for each, _ in log.oldest(CUSTOMER)] == [each for each, _ in entries]
    log.remove(CUSTOMER, [each for each, _ in entries])
    journals.append(held, CUSTOMER, [], entries, written=0)
    assert log.waiting(CUSTOMER) == 0
    assert journals.new_run(CUSTOMER) > run


def test_a_full_log_counts_what_finds_no_room(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acd_journals, "MAX_LOG", 3)
    entries = numbered(worked_records()[:5])
    AcdJournals(redis_client).append(lease(redis_client), CUSTOMER, ["{}"], entries, written=0)
    assert AcdLog(redis_client).waiting(CUSTOMER) == 3
    assert AcdLog(redis_client).lost() == 2


def test_nothing_is_lost_or_doubled_when_the_owner_dies_and_the_database_is_away(
    redis_client: redis.Redis, engine: Engine, history: AcdHistory
) -> None:
    """Guarantee 6's neighbour: what is acted upon is logged, by the one step that journals it."""

    class Away:
        def insert(self, *_: object) -> Sequence[tuple[tuple[int, int], str]]:
            raise StoreAway("the database")

        def tend(self, now: datetime) -> None:
            raise StoreAway("the database")

    with owner(redis_client, "first") as (first, _, _):
        wait_until(lambda: first.is_owner)
        first.tell(StatusChosen("anna", AgentStatus.ON_BREAK))
        for number in range(3):
            first.tell(CallerJoined(f"c{number}", "verkauf"))
        wait_until(lambda: len(first.state.members) == 3)
        crash(first)
        CentreLog(LeftInRedis(AcdLog(redis_client)), Away(), lambda: NINE).round()
        with owner(redis_client, "second") as (second, _, _):
            wait_until(lambda: second.is_owner)
            second.tell(CallerLeft("c1"))
            wait_until(lambda: len(second.state.members) == 2)
    for _ in range(2):
        mover(redis_client, history).round()
    kinds = sorted((row["kind"], row["run"]) for row in rows(engine, "acd_log"))
    assert [kind for kind, _ in kinds] == ["Abandoned", "AgentChanged", "AgentChanged", *["Entered"] * 3]
    assert len({run for _, run in kinds}) == 2
    assert {row["customer_id"] for row in rows(engine, "acd_log")} == {SPEC.id}


def test_an_entry_that_nobody_can_read_holds_up_no_other(engine: Engine, history: AcdHistory) -> None:
    good = worked_records()
    long_name = json.dumps(
        {"at": NINE_MS, "is": "Entered", "member_id": "x" * 200, "queue_id": "q", "came_from": None}
    )
    bad = ['{"at":5,"is":"Ente', '{"at":5,"is":"CallerJoined","member_id":"c","queue_id":"q"}', long_name]
    refused = history.insert(CUSTOMER, numbered([*bad, *good]))
    assert [number for (_, number), _ in refused] == [1, 2, 3]
    assert len(rows(engine, "acd_log")) == len(good)


def test_callers_are_told_apart_for_their_day_and_nobody_can_say_who_they_were(
    engine: Engine, history: AcdHistory, repository: CdrRepository
) -> None:
    """CC 3.3: no number, and after the salt is gone no way back to one."""
    history.insert(CUSTOMER, numbered(worked_records()))
    repository.insert_legs(
        [
            with_raw(leg(leg_id=name, customer_id=CUSTOMER, direction="in", a_presented=number))
            for name, number in (("c1", NUMBER), ("c2", None), ("c3", NUMBER), ("c5", "+493023125007"))
        ]
    )
    assert history.tend(NINE, 400).callers == 3
    assert history.tend(NINE, 400).callers == 0
    hashes = {row["call_id"]: row["caller"] for row in rows(engine, "acd_contact")}
    assert hashes["c1"] == hashes["c3"] != hashes["c5"]
    assert hashes["c2"] is hashes["c4"] is None
    assert figures_of(engine).repeats == {(NINE_MS, "verkauf"): 1}
    assert history.tend(NINE + timedelta(days=SALT_DAYS + 1), 400).salts == 1
    assert rows(engine, "acd_salt") == []
    assert figures_of(engine).repeats == {(NINE_MS, "verkauf"): 1}
    for table in ("acd_log", "acd_contact"):
        assert NUMBER[1:] not in repr(rows(engine, table))


def test_what_leads_to_people_goes_step_by_step(engine: Engine, history: AcdHistory) -> None:
    """TDDDG § 9: figures stay for longer than the calls' ids."""
    history.insert(CUSTOMER, numbered(worked_records()))
    before = figures_of(engine)
    assert history.tend(NINE + timedelta(days=LINK_DAYS), 400).links == 0
    assert history.tend(NINE + timedelta(days=LINK_DAYS + 1), 400).links == 6
    assert {row["call_id"] for row in rows(engine, "acd_contact")} == {None}
    assert figures_of(engine) == before
    assert history.tend(NINE + timedelta(days=31), 30).entries == len(worked_records())
    assert rows(engine, "acd_log") == rows(engine, "acd_contact") == rows(engine, "acd_salt") == []


def test_a_small_group_is_not_given_out(engine: Engine, history: AcdHistory) -> None:
    four = [each for each in worked_records() if not re.search('"c[56]"', each)]
    history.insert(CUSTOMER, numbered(four))
    (row,) = queue_rows(figures_of(engine))
    shown = {name for name, value in row.items() if value is not None}
    assert (row["offered"], shown) == ("<5", {"interval", "queue", "small", "offered"})


def test_figures_of_one_customer_hold_nothing_of_another(engine: Engine, history: AcdHistory) -> None:
    """Guarantee 8."""
    history.insert("other", numbered(worked_records()))
    assert figures_of(engine).figures.queues == {}


def test_a_call_that_went_on_after_the_agent_was_transferred(
    engine: Engine, history: AcdHistory, repository: CdrRepository
) -> None:
    """c1 talked until 74 s; its leg's record says that it went on."""
    history.insert(CUSTOMER, numbered(worked_records()))
    ends = {"c1": NINE + timedelta(seconds=200), "c2": NINE + timedelta(seconds=208.3)}
    legs = [
        leg(
            leg_id=name, customer_id=CUSTOMER, started_at=NINE, ringing_at=None, answered_at=NINE,
            ended_at=at, billed_ms=round((at - NINE).total_seconds() * 1000),
        )
        for name, at in ends.items()
    ]  # fmt: skip
    repository.insert_legs([with_raw(each) for each in legs])
    history.tend(NINE, 400)
    assert figures_of(engine).transferred == {(NINE_MS, "verkauf"): 1}
