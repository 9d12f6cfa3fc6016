"""Key figures (C9): the worked example of docs/figures.md, and what must hold in every random world."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from acd.effects import Abandoned, AgentChanged, Answered, CallbackNoted, Effect, Entered
from acd.figures import LEAST_CALLERS, OF_CALLS, AgentFigures, Rules, figures
from acd.intervals import HOUR_MS, around
from acd.names import AgentState, AgentStatus, CancelReason
from acd.repeats import repeats
from tests.unit.acd.worked import sentences, worked_example
from tests.unit.acd.world import worlds

PAGE = (Path(__file__).parents[3] / "docs" / "figures.md").read_text()


def test_the_worked_example_of_the_page_comes_out() -> None:
    made = figures(worked_example(), 900_000)
    queue, anna = made.queues[0, "verkauf"], made.agents[0, "anna"]
    said = sentences(queue, anna)
    page = re.sub(r"\s+", " ", PAGE)
    assert [each for each in said if each not in page] == []
    assert (anna.paused_ms, queue.is_small) == (0, False)
    other = made.queues[0, "technik"]
    assert (other.offered, other.moved_on, other.abandoned) == (1, 1, 0)


def test_what_an_agent_did_in_a_few_calls_is_not_given_out() -> None:
    """C9: the page's agent has 3 calls in a quarter, 6 in an hour of two such quarters."""
    log = worked_example()
    anna = figures(log, 900_000).agents[0, "anna"]
    twice = [*log, *((at_ms + 900_000, each) for at_ms, each in log)]
    hour = figures(twice, 1_800_000, Rules(HOUR_MS)).agents[0, "anna"]
    assert (anna.calls, anna.is_small) == (3, True)
    assert (hour.calls, hour.is_small, hour.talk_ms, hour.occupancy) == (6, False, 480_000, 0.3)
    page = re.sub(r"\s+", " ", PAGE)
    assert (
        f"given out are `<{LEAST_CALLERS}` calls, logged in {anna.logged_in_ms // 1000} s, paused 0 s" in page
    )
    assert f"{hour.calls} calls and given out whole, hour by hour: talk {hour.talk_ms // 1000} s" in page


def test_a_conversation_that_goes_on_tells_of_one_caller_before_it_counts() -> None:
    """It is a call of the interval in which it ends."""
    assert AgentFigures(calls=0, talk_ms=900_000, logged_in_ms=900_000).is_small
    assert AgentFigures(calls=4, talk_ms=1).is_small
    assert not AgentFigures(calls=5, talk_ms=1).is_small
    assert not AgentFigures(logged_in_ms=900_000, paused_ms=60_000).is_small


def test_whatever_a_row_has_is_of_calls_or_of_time_at_work() -> None:
    """A figure that comes later must not be forgotten among those that are left out."""
    assert {each.name for each in fields(AgentFigures)} == {*OF_CALLS, "logged_in_ms", "paused_ms"}


def test_the_wait_is_the_time_in_this_queue_of_those_who_gave_up_as_of_the_answered() -> None:
    """One minute in the first queue, two seconds in the second."""
    log: list[tuple[int, Effect]] = []
    for name in ("gives up", "talks"):
        log += [(0, Entered(name, "technik", None)), (60_000, Entered(name, "verkauf", "technik"))]
    log += [
        (62_000, Abandoned("gives up", "verkauf", 62_000, CancelReason.BREAK_OUT)),
        (62_000, Answered("talks", "anna", "verkauf", 62_000)),
    ]
    queue = figures(log, 70_000).queues[0, "verkauf"]
    assert (queue.abandoned_short, queue.abandoned_past_target, queue.answered_in_target) == (1, 0, 1)
    assert (queue.longest_wait_ms, queue.wait_ms) == (2_000, 2_000)


def test_every_caller_counts_once_and_no_time_is_lost_at_the_borders_of_intervals() -> None:
    for world in islice(worlds(3), 5):
        log: list[tuple[int, Effect]] = []
        world.observe = lambda at_ms, effects, log=log: log.extend((at_ms, each) for each in effects)
        world.run(2_000)
        whole = figures(log, world.now_ms, Rules(interval_ms=10**12))
        cut = figures(log, world.now_ms, Rules(interval_ms=60_000))
        for name in ("talk_ms", "hold_ms", "wrap_up_ms", "paused_ms", "logged_in_ms", "calls"):
            sums = [sum(getattr(each, name) for each in made.agents.values()) for made in (whole, cut)]
            assert sums[0] == sums[1]
        entered = Counter(each.queue_id for _, each in log if isinstance(each, Entered))
        standing = Counter(
            each.wait.queue_id
            for each in world.state.members.values()
            if each.state.value in ("Waiting", "Trying")
        )
        for (_, queue_id), queue in whole.queues.items():
            left = queue.answered + queue.abandoned + queue.sent_on + queue.moved_on + queue.lost
            assert entered[queue_id] == queue.offered == left + standing[queue_id]
        assert all((each.occupancy or 0) <= 1 for made in (whole, cut) for each in made.agents.values())


def test_the_log_knows_what_every_agent_does_also_of_those_who_were_removed() -> None:
    for world in islice(worlds(4), 5):
        log: list[tuple[int, Effect]] = []
        world.observe = lambda at_ms, effects, log=log: log.extend((at_ms, each) for each in effects)
        last = {each.id: (each.status, each.state) for each in world.state.agents.values()}
        world.run(2_000)
        changed = [each for _, each in log if isinstance(each, AgentChanged)]
        last |= {each.agent_id: (each.status, each.state) for each in changed}
        away = (AgentStatus.LOGGED_OUT, AgentState.IDLE)
        there = {each.id: (each.status, each.state) for each in world.state.agents.values()}
        assert {name: each for name, each in last.items() if each != away} == {
            name: each for name, each in there.items() if each != away
        }


def test_small_groups_are_not_given_out() -> None:
    log: list[tuple[int, Effect]] = [(1, Entered(f"c{n}", "verkauf", None)) for n in range(LEAST_CALLERS)]
    assert not figures(log, 2).queues[0, "verkauf"].is_small
    assert figures(log[1:], 2).queues[0, "verkauf"].is_small


def _ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type,misc]


def test_a_german_day_has_as_many_hours_as_it_has() -> None:
    for noon, hours in ((_ms(2026, 3, 29, 12), 23), (_ms(2026, 10, 25, 12), 25), (_ms(2026, 11, 22, 12), 24)):
        begin, end = around(noon, None)
        assert begin <= noon < end
        assert end - begin == hours * HOUR_MS
        assert around(begin, None) == (begin, end)
        assert around(end - 1, None) == (begin, end)


def test_who_calls_a_queue_again_on_the_same_day_is_counted_where_he_calls_again() -> None:
    """C9: the hashes of two days have nothing in common."""
    first, later = _ms(2026, 11, 22, 9), _ms(2026, 11, 22, 10, 20)
    entered = [
        (later, "verkauf", b"a"),
        (first, "verkauf", b"a"),
        (first + 1, "technik", b"a"),
        (later + 1, "verkauf", b"b"),
        (later + 2, "verkauf", b"a"),
    ]
    assert repeats(entered, later, HOUR_MS) == {(_ms(2026, 11, 22, 10), "verkauf"): 2}
    assert repeats(entered[:1], later, HOUR_MS) == {}


def test_who_wishes_to_be_called_back_is_one_caller_who_keeps_the_place() -> None:
    """Also one who left by the key for it, which the log tells first."""
    log: list[tuple[int, Effect]] = [
        (10, Entered("hangs up", "verkauf", None)),
        (20, Entered("key", "verkauf", None)),
        (30, CallbackNoted("hangs up")),
        (40, CallbackNoted("hangs up")),
        (50, Abandoned("key", "verkauf", 30, CancelReason.EXIT_WITH_KEY)),
        (60, CallbackNoted("key")),
        (60, Entered("key", "verkauf", None)),
        (70, CallbackNoted("at once")),
        (70, Entered("at once", "verkauf", None)),
        (1_020, Answered("key", "anna", "verkauf", 1_000)),
        (2_000, Abandoned("hangs up", "verkauf", 1_990, CancelReason.CALLBACK_FAILED)),
    ]
    queue = figures(log, 9_000).queues[0, "verkauf"]
    assert (queue.offered, queue.callbacks, queue.called_back) == (3, 3, 1)
    assert (queue.answered, queue.abandoned, queue.sent_on) == (1, 1, 0)
    assert queue.wait_ms == 1_000
