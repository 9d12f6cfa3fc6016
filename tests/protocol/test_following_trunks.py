"""What a node tells of trunks: by its events, and when it is asked after each connect. B1."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

import pytest
from gevent.queue import Queue

from dialplan.causes import PATH_FAILURES
from freeswitch.follow import Follower
from tests.protocol.scripted_node import PATIENCE_S, Peer, node

STATUS = "Name    \tcarrier-a\nPingTime\t0.41\nPingState\t0/0/1\nState   \tNOREG\n"
LEG = {
    "Unique_ID": "leg-1",
    "Call_Direction": "outbound",
    "Channel_Call_State": "HANGUP",
    "Channel_Call_UUID": "call-1",
    "Channel_Presence_Data": "carrier-a",
    "Answer_State": "hangup",
    "Hangup_Cause": "NORMAL_TEMPORARY_FAILURE",
}


class Notes:
    """Everything that was told, in its order."""

    def __init__(self, asked: Sequence[str] = ()) -> None:
        self.said: Queue[tuple[object, ...]] = Queue()
        self._asked = asked

    def asked(self) -> Sequence[str]:
        return self._asked

    def reachable(self, trunk_id: str, up: bool, why: str) -> None:
        self.said.put((trunk_id, up, why))

    def path_failed(self, trunk_id: str, call_id: str, cause: str) -> None:
        self.said.put((trunk_id, call_id, cause))

    def answered(self, call_id: str, at: datetime) -> None:
        self.said.put(("answered", call_id))

    def ended(self, call_id: str) -> None:
        self.said.put(("ended", call_id))

    def heartbeat(self, node: str) -> None: ...

    def resync(self, node: str, calls: Sequence[object], as_of: datetime) -> None: ...


def told(
    *events: tuple[str, dict[str, str]],
    asked: Sequence[str] = (),
    statuses: Sequence[str] = (),
    wanted: int = 1,
) -> list[object]:
    """What is told of these events of a node that has no call; its filters are answered before."""
    filters: list[str] = []

    def script(peer: Peer) -> None:
        peer.let_in()
        while (command := peer.command()).startswith("filter "):
            filters.append(command)
            peer.reply()
        _background(peer, command, json.dumps({"row_count": 0}))
        for status in statuses:
            command = peer.command()
            name = status.partition("\n")[0].rpartition("\t")[2]
            assert f"status gateway {name}" in command
            _background(peer, command, status)
        for name, headers in events:
            peer.event(name, **headers)
        peer.wait_closed()

    notes = Notes(asked)
    with node(script) as far:
        follower = Follower(
            "node-1", far.address, notes, notes, random=Random(1), clock=lambda: datetime.now(UTC)
        )
        follower.connection.start()
        try:
            found: list[object] = [notes.said.get(timeout=PATIENCE_S) for _ in range(wanted)]
        finally:
            follower.connection.stop()
    assert {f"filter Hangup-Cause {cause.switch_name}" for cause in PATH_FAILURES} <= set(filters)
    assert notes.said.empty()
    return found


def _background(peer: Peer, command: str, result: str) -> None:
    job = command.partition("Job-UUID: ")[2]
    peer.reply(f"+OK Job-UUID: {job}")
    peer.event("BACKGROUND_JOB", result, Job_UUID=job)


def test_an_answer_to_options_says_that_the_trunk_is_there() -> None:
    event = {"Event_Subclass": "sofia::gateway_state", "Gateway": "carrier-a", "State": "NOREG"}
    said = told(("CUSTOM", {**event, "Status": "408", "Phrase": "Request Timeout"}))
    assert said == [("carrier-a", False, "OPTIONS: 408 Request Timeout")]


def test_after_a_connect_the_node_is_asked_for_its_gateways() -> None:
    assert told(asked=["carrier-a"], statuses=[STATUS]) == [("carrier-a", False, "does not answer OPTIONS")]


def test_where_we_register_it_is_asked_for_the_gateway_that_does() -> None:
    """The one that calls take tells nothing; on a node of an earlier release it is the one that registers."""
    calls = STATUS.replace("0.41", "0.00")
    registers = calls.replace("carrier-a", "carrier-a.R").replace("NOREG", "FAIL_WAIT")
    earlier = calls.replace("NOREG", "FAIL_WAIT")
    found = [("carrier-a", False, "not registered (FAIL_WAIT)")]
    for statuses in ((calls, registers), (earlier,)):
        assert told(asked=["carrier-a"], statuses=statuses) == found


@pytest.mark.parametrize(
    "other",
    [
        {"Channel_Presence_Data": ""},
        {"Hangup_Cause": "USER_BUSY"},
        {"Channel_Call_State": "ACTIVE"},
        {"Answer_State": "answered"},
    ],
)
def test_only_a_leg_that_found_no_path_is_held_against_its_trunk(other: dict[str, str]) -> None:
    said = told(("CHANNEL_CALLSTATE", {**LEG, **other}), ("CHANNEL_CALLSTATE", LEG))
    assert said == [("carrier-a", "call-1", "NORMAL_TEMPORARY_FAILURE")]


def test_legs_of_ours_are_no_calls() -> None:
    caller = {"Unique_ID": "call-1", "Call_Direction": "inbound", "Channel_Call_State": "HANGUP"}
    said = told(("CHANNEL_CALLSTATE", LEG), ("CHANNEL_CALLSTATE", caller), wanted=2)
    assert said == [("carrier-a", "call-1", "NORMAL_TEMPORARY_FAILURE"), ("ended", "call-1")]
