"""A node that died and was back at once: the calls of its last moments are forgotten (guarantees 4 and 6)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from types import MappingProxyType

from gevent.queue import Queue

from acd.events import CallerJoined
from freeswitch.follow import Follower
from freeswitch.queue_events import LAG, OtherNode
from numbering.e164 import E164
from tests.protocol.scripted_node import PATIENCE_S, Peer, node

BACK_AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
HEARTBEAT_S = 20
NOBODY: Mapping[str, str] = MappingProxyType({})


class Notes:
    """The moments before which the node's list is the whole truth."""

    def __init__(self) -> None:
        self.as_of: Queue[datetime] = Queue()

    def resync(self, node: str, calls: Sequence[object], as_of: datetime) -> None:
        self.as_of.put(as_of)

    def listed(
        self,
        node: str,
        waiting: Sequence[tuple[str, CallerJoined]],
        legs: Mapping[str, bool],
        talking: Mapping[str, str],
        own: Sequence[tuple[str, str, str]],
        as_of: datetime,
    ) -> None:
        self.as_of.put(as_of)

    def asked(self) -> Sequence[str]:
        return ()

    def reachable(self, trunk_id: str, up: bool, why: str) -> None: ...
    def path_failed(self, trunk_id: str, call_id: str, cause: str) -> None: ...
    def answered(self, call_id: str, at: datetime) -> None: ...
    def ended(self, call_id: str) -> None: ...
    def heartbeat(self, node: str) -> None: ...
    def left_by_key(self, call_id: str, customer_id: str) -> None: ...
    def agent_leg_answered(self, leg_id: str) -> None: ...
    def agent_leg_ended(self, leg_id: str) -> None: ...
    def agent_leg_held(self, leg_id: str, *, held: bool) -> None: ...
    def own_call(self, node: str, customer_id: str, agent_id: str, leg_id: str, *, up: bool) -> None: ...
    def lost(self, node: str) -> None: ...
    def came(self, node: str, username: str, *, tls: str = "") -> None: ...
    def went(self, node: str, username: str) -> None: ...
    def listed_phones(
        self, node: str, usernames: Collection[str], by_tls: Mapping[str, str] = NOBODY
    ) -> None: ...

    def queued(
        self,
        node: str,
        customer_id: str,
        joined: CallerJoined,
        kept: bool,
        shown: E164 | None,
        called: E164 | None,
    ) -> None: ...


def _back(peer: Peer) -> None:
    """A node without calls; after the first question for them its heart beats four times."""
    peer.let_in()
    beats = 4
    while command := peer.command():
        job = command.partition("Job-UUID: ")[2]
        peer.reply(f"+OK Job-UUID: {job}" if job else "+OK")
        if job:
            peer.event("BACKGROUND_JOB", json.dumps({"row_count": 0}), Job_UUID=job)
        if "show channels" in command:
            for _ in range(beats):
                peer.event("HEARTBEAT")
            beats = 0


def _clock() -> Iterator[datetime]:
    return (BACK_AT + timedelta(seconds=HEARTBEAT_S * number) for number in count())


def _compared(notes: Notes, follower: Follower | OtherNode) -> list[datetime]:
    """When notes were compared with the node: at its return and at the first and fourth heartbeat."""
    follower.connection.start()
    try:
        found = [notes.as_of.get(timeout=PATIENCE_S) for _ in range(3)]
    finally:
        follower.connection.stop()
    assert notes.as_of.empty()
    return found


def test_the_first_heartbeat_after_a_return_forgets_calls_that_began_shortly_before_it() -> None:
    """At the return itself the list may lack what began less than two seconds ago, dead or not."""
    notes, clock = Notes(), _clock()
    with node(_back) as far:
        first, second, _ = _compared(
            notes,
            Follower("node-1", far.address, notes, notes, random=Random(1), clock=lambda: next(clock)),
        )
    assert first == BACK_AT - LAG
    assert second > BACK_AT


def test_the_same_holds_for_callers_who_waited_on_another_machines_node() -> None:
    notes, clock = Notes(), _clock()
    with node(_back) as far:
        first, second, _ = _compared(
            notes,
            OtherNode("node-2", far.address, notes, notes, random=Random(1), clock=lambda: next(clock)),
        )
    assert first == BACK_AT - LAG
    assert second > BACK_AT
