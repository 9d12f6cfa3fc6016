"""Callers who stand in a queue and are found there by an owner who did not know them (guarantee 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from acd.effects import Announce, SendAway
from acd.events import Compared, StatusChosen
from acd.journal import checkpoint, read, restored, written
from acd.names import AgentStatus, CancelReason, WaitCost
from acd.spec import Overflow, QueueSpec
from tests.unit.acd.centre import SECOND, START, Centre, agent

QUEUE: Final = QueueSpec("verkauf", wrap_up_ms=0)


@pytest.mark.parametrize("overflow", [Overflow("out", length=0), Overflow("out", expected_wait_ms=0)])
def test_who_stood_there_is_not_asked_at_the_door_again(overflow: Overflow) -> None:
    centre = Centre([replace(QUEUE, overflow=overflow)], [agent("anna", "verkauf")])
    centre.tell(StatusChosen("anna", AgentStatus.ON_DEMAND))
    centre.joins("talks", since_ms=START - 90 * SECOND, joined_ms=START - 60 * SECOND)
    centre.talks("anna")
    centre.joins("found", since_ms=START - 90 * SECOND, joined_ms=START - 60 * SECOND)
    centre.joins("new")
    assert [each.member_id for each in centre.of(SendAway)] == ["new"]
    found = centre.state.members["found"]
    assert (found.since_ms, found.joined_ms) == (START - 90 * SECOND, START - 60 * SECOND)


def test_the_time_until_the_overflow_goes_on_and_does_not_begin_anew() -> None:
    overflow = Overflow("mailbox", after_ms=60 * SECOND)
    centre = Centre([replace(QUEUE, overflow=overflow)], [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1", since_ms=START - 50 * SECOND, joined_ms=START - 50 * SECOND)
    centre.after(9)
    assert centre.of(SendAway) == []
    centre.after(2)
    assert centre.of(SendAway) == [SendAway("c1", "mailbox", CancelReason.TIMEOUT)]


def test_who_waited_too_long_while_nobody_knew_him_is_sent_on_at_once() -> None:
    overflow = Overflow("mailbox", after_ms=60 * SECOND)
    centre = Centre([replace(QUEUE, overflow=overflow)], [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1", since_ms=START - 70 * SECOND, joined_ms=START - 70 * SECOND)
    centre.after(0)
    assert centre.of(SendAway) == [SendAway("c1", "mailbox", CancelReason.TIMEOUT)]


def test_what_is_said_first_is_said_once() -> None:
    centre = Centre([replace(QUEUE, greets=True, announce_ms=30 * SECOND)], [])
    centre.joins("c1", since_ms=START - 5 * SECOND, joined_ms=START - 5 * SECOND, cost=WaitCost.FIXED)
    assert centre.of(Announce) == []
    centre.after(31)
    assert [each.first for each in centre.of(Announce)] == [False]


def test_the_time_for_the_agent_of_last_time_does_not_begin_anew() -> None:
    prefers = replace(QUEUE, preferred_ms=20 * SECOND)
    centre = Centre([prefers], [agent("anna", "verkauf"), agent("bert", "verkauf")])
    centre.joins("busy", preferred="bert")
    centre.talks("bert")
    centre.joins("c1", preferred="bert", since_ms=START - 15 * SECOND, joined_ms=START - 15 * SECOND)
    assert centre.rung() == []
    centre.after(6)
    assert centre.rung() == [("anna", "c1")]


def test_what_was_listed_before_he_was_found_does_not_judge_him() -> None:
    """Two nodes list at once: the other one's list was made while nobody knew whose he is."""
    centre = Centre([QUEUE], [])
    centre.joins("c1", since_ms=START - 60 * SECOND, joined_ms=START - 60 * SECOND)
    centre.tell(Compared(frozenset(), frozenset(), START - 2 * SECOND))
    assert "c1" in centre.state.members
    centre.now_ms += 5 * SECOND
    centre.tell(Compared(frozenset(), frozenset(), START + 3 * SECOND))
    assert "c1" not in centre.state.members


def test_a_time_to_come_counts_as_now() -> None:
    centre = Centre([QUEUE], [])
    centre.joins("c1", since_ms=START + SECOND, joined_ms=START + SECOND)
    assert centre.state.members["c1"].joined_ms == START


def test_the_journal_reads_records_and_states_of_before() -> None:
    """They know neither when somebody was found nor that he stood there."""
    event, _ = read('{"at":7,"is":"CallerJoined","member_id":"c1","queue_id":"verkauf","since_ms":5}')
    assert '"joined_ms"' not in written(event, 7)
    centre = Centre([QUEUE], [])
    centre.tell(event)
    before = checkpoint(centre.state)
    assert "found_ms" not in before
    centre.joins("c2", since_ms=START - SECOND, joined_ms=START - SECOND)
    assert restored(checkpoint(centre.state)) == centre.state
    assert restored(before).members["c1"].found_ms is None
