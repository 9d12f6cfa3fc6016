"""What is up now, told to a live store that may be away; calls never wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from gevent.event import Event as Flag

from controller import following as module
from controller.following import Following
from dialplan.live import LiveCall, LiveState
from tests.unit.controller.fakes import NOW, MemoryLive, listed, ringing

WAIT_S = 5.0


@pytest.fixture
def live() -> MemoryLive:
    return MemoryLive()


@pytest.fixture
def following(live: MemoryLive) -> Iterator[Following]:
    """Running; `stop` writes what is queued."""
    made = Following(live)
    made.start()
    yield made
    made.stop(WAIT_S)


def answered(call: LiveCall) -> LiveCall:
    return replace(call, state=LiveState.ANSWERED, answered_at=NOW)


def test_a_call_is_noted_answered_and_forgotten(following: Following, live: MemoryLive) -> None:
    following.begun(ringing("c1"))
    following.begun(ringing("c2"))
    following.answered("c1", NOW)
    following.ended("c2")
    following.stop(WAIT_S)
    assert live.calls == {"c1": answered(ringing("c1"))}


def test_a_late_answer_does_not_bring_an_ended_call_back(following: Following, live: MemoryLive) -> None:
    following.begun(ringing("c1"))
    following.ended("c1")
    following.answered("c1", NOW)
    following.stop(WAIT_S)
    assert not live.calls


def test_a_heartbeat_refreshes_the_nodes_calls(following: Following, live: MemoryLive) -> None:
    following.heartbeat("node-1")
    following.stop(WAIT_S)
    assert live.refreshed == ["node-1"]


def test_ghosts_go_with_a_resync_and_noted_words_stay(following: Following, live: MemoryLive) -> None:
    following.begun(ringing("c1"))
    following.begun(ringing("ghost"))
    following.resync("node-1", [listed("c1"), listed("new")], NOW)
    following.stop(WAIT_S)
    assert set(live.calls) == {"c1", "new"}
    assert live.calls["c1"].reason_id == "in.trunk"
    assert live.calls["c1"].customer_id == "bau"


def test_a_call_that_has_just_ended_and_is_still_listed_is_no_ghost(
    following: Following, live: MemoryLive
) -> None:
    following.begun(ringing("c1"))
    following.ended("c1")
    following.ended("heard-of-only-now")
    following.resync("node-1", [listed("c1"), listed("heard-of-only-now")], NOW)
    following.stop(WAIT_S)
    assert not live.calls


def test_a_call_that_begins_while_the_switch_lists_its_calls_is_no_ghost(
    following: Following, live: MemoryLive
) -> None:
    following.begun(ringing("c1", after_s=1))
    following.resync("node-1", [], NOW)
    following.stop(WAIT_S)
    assert set(live.calls) == {"c1"}


def test_an_answer_that_nobody_heard_is_learnt_by_a_resync(following: Following, live: MemoryLive) -> None:
    following.begun(ringing("c1"))
    following.resync("node-1", [listed("c1", LiveState.ANSWERED)], NOW)
    following.stop(WAIT_S)
    assert live.calls["c1"] == answered(ringing("c1"))


def test_calls_do_not_wait_for_a_store_that_is_away_and_it_is_told_when_it_is_back() -> None:
    live = MemoryLive(away=True)
    returned = Flag()
    following = Following(live, on_return=returned.set)
    following.start()
    following.begun(ringing("lost"))
    following.heartbeat("node-1")
    assert live.failed.wait(WAIT_S)
    assert following.dropped == 2
    live.away = False
    following.begun(ringing("kept"))
    following.stop(WAIT_S)
    assert returned.is_set()
    assert set(live.calls) == {"kept"}


def test_words_of_a_call_that_began_while_the_store_was_away_are_not_lost() -> None:
    """The switch's list is short of words: without them no emergency call could have the call make room."""
    live = MemoryLive(away=True)
    following = Following(live)
    following.start()
    following.begun(ringing("c1"))
    assert live.failed.wait(WAIT_S)
    live.away = False
    following.resync("node-1", [listed("c1")], NOW)
    following.stop(WAIT_S)
    assert live.calls == {"c1": ringing("c1")}


def test_changes_beyond_the_bound_are_dropped_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_QUEUE_LIMIT", 3)
    live = MemoryLive()
    following = Following(live)
    for number in range(5):
        following.begun(ringing(f"c{number}"))
    assert following.dropped == 2
    following.start()
    following.stop(WAIT_S)
    assert set(live.calls) == {"c0", "c1", "c2"}


def test_stopping_what_never_started_is_no_error() -> None:
    Following(MemoryLive()).stop(WAIT_S)
