"""What a node's list of channels says of waiting callers (C1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from acd.events import CallerJoined
from freeswitch.events import Event
from freeswitch.queue_calls import AGENT, agents_leg_behind, agents_phone
from freeswitch.queue_events import QueueEvents
from numbering.e164 import E164

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MARK = "queue/kunde/verkauf/1700000000000/p0"


class Sink:
    """Who waits and who talks, as it was listed last."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.talking: Mapping[str, str] = {}
        self.over: list[str] = []
        self.joined_ms: dict[str, int | None] = {}

    def listed(
        self,
        node: str,
        waiting: Sequence[tuple[str, CallerJoined]],
        legs: Mapping[str, bool],
        talking: Mapping[str, str],
        own: Sequence[tuple[str, str, str]],
        as_of: datetime,
    ) -> None:
        self.waiting, self.talking = [joined.member_id for _, joined in waiting], talking
        self.joined_ms = {joined.member_id: joined.joined_ms for _, joined in waiting}

    def queued(
        self,
        node: str,
        customer_id: str,
        joined: CallerJoined,
        kept: bool,
        shown: E164 | None,
        called: E164 | None,
    ) -> None: ...
    def left_by_key(self, call_id: str, customer_id: str) -> None: ...
    def agent_leg_answered(self, leg_id: str) -> None: ...
    def agent_leg_ended(self, leg_id: str) -> None:
        self.over.append(f"agent {leg_id}")

    def agent_leg_held(self, leg_id: str, *, held: bool) -> None: ...
    def own_call(self, node: str, customer_id: str, agent_id: str, leg_id: str, *, up: bool) -> None: ...
    def ended(self, call_id: str) -> None:
        self.over.append(call_id)

    def lost(self, node: str) -> None: ...


def row(uuid: str, call_uuid: str, mark: str = "") -> dict[str, Any]:
    return {"uuid": uuid, "call_uuid": call_uuid, "presence_data": mark, "callstate": "ACTIVE"}


def test_a_caller_whom_an_agent_has_passed_on_waits_no_longer_though_the_mark_is_still_there() -> None:
    """Guarantee 6: a conversation is not torn apart for the next agent."""
    sink = Sink()
    QueueEvents("node-1", sink).listed(
        [
            row("waits", "", MARK),
            row("waits-too", "", MARK),
            row("waits-again", "waits-again", MARK),
            row("with-agent", "with-agent", MARK),
            row("agent", "with-agent", AGENT),
            row("passed-on", "passed-on", MARK),
            row("far", "passed-on"),
            row("rings", "rings", AGENT),
        ],
        NOW,
    )
    assert sink.waiting == ["waits", "waits-too", "waits-again"]
    assert sink.talking == {"agent": "with-agent"}


def test_the_mark_tells_since_when_a_caller_is_in_his_first_queue_and_not_in_a_later_one() -> None:
    """So that who is found there again does not begin to wait anew."""
    sink = Sink()
    later = MARK.replace("/p0", "/kp0")
    QueueEvents("node-1", sink).listed([row("first", "", MARK), row("later", "", later)], NOW)
    assert sink.joined_ms == {"first": 1_700_000_000_000, "later": None}


def test_an_agents_phone_on_another_node_ends_the_agents_part_whatever_becomes_of_the_leg_to_it() -> None:
    """An attended transfer joins the caller with somebody else there: the leg that led to the phone stays."""
    sink = Sink()
    events = QueueEvents("node-2", sink)
    leg_id = "0b8f6a0e-51b1-4b0e-9d7e-0c6f6c1c3b11"

    def state(name: str) -> Event:
        mark = {"Channel-Presence-Data": agents_phone(leg_id), "Unique-ID": "over-there"}
        return Event({"Event-Name": "CHANNEL_CALLSTATE", "Channel-Call-State": name, **mark})

    assert events.changed(state("ACTIVE"))
    assert sink.over == []
    assert events.changed(state("HANGUP"))
    assert sink.over == [f"agent {leg_id}", leg_id]


def test_a_mark_that_is_not_ours_is_no_agents_phone() -> None:
    for mark in (None, "", "agent", "agent-at/", "agent-at/x", "own/a/b"):
        assert agents_leg_behind(mark) is None
