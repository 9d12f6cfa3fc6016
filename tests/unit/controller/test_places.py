"""Which node a queued call is on, and what may be concluded when one says nothing (guarantee 6)."""

from __future__ import annotations

import pytest

from controller.places import AWAY_MS, GIVEN_UP_MS, Places

NODES = ("node-1", "node-2")


class Clock:
    def __init__(self) -> None:
        self.ms = 1_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def places(clock: Clock) -> Places:
    """Both nodes have listed their calls."""
    made = Places(NODES, clock)
    for each in NODES:
        assert made.listed(each, (), clock.ms)
    return made


def test_a_call_is_where_its_node_said_until_it_has_ended(places: Places) -> None:
    places.put("node-2", "c1")
    assert places.of("c1") == "node-2"
    assert places.may_be_elsewhere("c1", "node-1")
    assert not places.may_be_elsewhere("c1", "node-2")
    places.drop("c1")
    assert places.of("c1") is None


def test_a_list_replaces_what_was_known_of_that_node_alone(places: Places) -> None:
    places.put("node-1", "c1")
    places.put("node-2", "c2")
    assert not places.listed("node-2", ("c3",), 1_001)
    assert [places.of(each) for each in ("c1", "c2", "c3")] == ["node-1", None, "node-2"]


def test_a_call_of_no_node_is_nowhere_when_all_have_said_what_they_have(places: Places) -> None:
    assert not places.may_be_elsewhere("c1", "node-1")
    assert not places.is_lost("c1", AWAY_MS)


def test_a_call_of_no_known_node_may_be_on_one_that_is_silent(places: Places, clock: Clock) -> None:
    places.lost("node-2")
    assert places.may_be_elsewhere("c1", "node-1")
    clock.ms += AWAY_MS + 1
    assert places.is_lost("c1", AWAY_MS)
    assert not places.may_be_elsewhere("c1", "node-1")


def test_a_silent_node_has_lost_its_calls_after_a_while(places: Places, clock: Clock) -> None:
    places.put("node-2", "c2")
    places.lost("node-2")
    clock.ms += AWAY_MS
    places.lost("node-2")  # said twice: it is silent since the first time
    assert not places.is_lost("c2", AWAY_MS)
    clock.ms += 1
    assert places.is_lost("c2", AWAY_MS)
    assert not places.is_lost("c2", GIVEN_UP_MS)
    assert places.listed("node-2", ("c2",), clock.ms)
    assert not places.is_lost("c2", AWAY_MS)


def test_a_node_that_never_answered_is_silent_from_the_beginning(clock: Clock) -> None:
    places = Places(NODES, clock)
    places.listed("node-1", ("c1",), clock.ms)
    assert places.reached == {"node-1", "node-2"}
    clock.ms += AWAY_MS + 1
    assert places.reached == {"node-1"}
    assert not places.is_lost("c1", AWAY_MS)
    assert places.is_lost("unknown", AWAY_MS)


def test_a_list_that_lags_behind_does_not_forget_who_just_came(places: Places, clock: Clock) -> None:
    places.put("node-1", "old")
    clock.ms += 2_000
    places.put("node-1", "new")
    places.listed("node-1", (), clock.ms - 1_000)
    assert [places.of(each) for each in ("old", "new")] == [None, "node-1"]


def test_the_time_in_a_queue_is_known_of_the_one_alone_that_the_plan_named_last(
    places: Places, clock: Clock
) -> None:
    places.entered("c1", "verkauf")
    clock.ms += 500
    assert places.since_entered_ms("c1", "verkauf") == 500
    places.entered("c1", "technik")
    assert places.since_entered_ms("c1", "verkauf") is None
    assert places.since_entered_ms("c1", "technik") == 0
    places.drop("c1")
    assert places.since_entered_ms("c1", "technik") is None
