"""Contact centres of one customer in a controller: lease, commands, nodes and clock in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from gevent.event import Event as Moment

from acd.centre import Centre
from acd.effects import Because
from acd.events import CallerJoined, Event
from acd.orders import InHand
from acd.spec import AgentSpec, Membership, QueueSpec, TenantSpec
from acd.state import State
from controller import centre_desk, contact_centre, node_lists
from controller.centres import Centres
from controller.errors import StoreAway
from controller.places import Places
from dialplan.legs import Leg
from numbering.e164 import E164
from tests.unit.controller.callbacks import nobody_called_back
from tests.unit.controller.recording import RecordsEverything
from tests.unit.controller.supervising import SupervisingSwitch
from tests.unit.dialplan.carriers import snapshot

CUSTOMER = "kanzlei"
NONE: Mapping[str, str] = {}
CENTRE = Centre(
    TenantSpec(CUSTOMER, (QueueSpec("verkauf"),), (AgentSpec("anna", (Membership("verkauf"),)),)),
    {},
    {"anna": "kanzlei-1"},
)


class MemoryJournal:
    """A lease that nobody else wants, until it is `held_by_another`; `away` as when Redis is."""

    def __init__(self) -> None:
        self.away = False
        self.held_by_another = False
        self.kept: tuple[str | None, Sequence[str]] = (None, ())

    def acquire(self) -> tuple[str | None, Sequence[str]] | None:
        if self.away:
            raise StoreAway("nobody there")
        return None if self.held_by_another else self.kept

    def renew(self) -> bool:
        if self.away:
            raise StoreAway("nobody there")
        return not self.held_by_another

    def append(self, records: Sequence[str], log: Sequence[str]) -> int | None:
        return len(records)

    def checkpoint(self, state: str) -> bool:
        return True

    def release(self) -> None:
        """Nobody waits for it."""


class MemoryDesk:
    """Commands to come, answers given, the last screen."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, Event | InHand]] = []
        self.passed_on: list[Event] = []
        self.answers: dict[str, str] = {}
        self.screen: State | None = None
        self.noted: dict[str, frozenset[str]] = {}

    def command(self, customer_id: str) -> tuple[str, Event | InHand] | None:
        return self.commands.pop(0) if self.commands else None

    def pass_on(self, customer_id: str, event: Event) -> None:
        self.passed_on.append(event)

    def answer(self, command_id: str, text: str) -> None:
        self.answers[command_id] = text

    def show(self, customer_id: str, state: State, now_ms: int) -> None:
        self.screen = state

    def reach(self, owned: Collection[str], nodes: Collection[str]) -> None:
        self.noted.update(dict.fromkeys(owned, frozenset(nodes)))

    def reached(self, customer_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        return {name: self.noted[name] for name in customer_ids if name in self.noted}


class QuietNode:
    """Phones ring and are never answered; legs are called `leg-N`."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.stopped: list[int] = []
        self.sent_on: list[str] = []
        self.said_to: list[str] = []
        self.moved_into: list[tuple[str, str]] = []
        self.joined: list[tuple[int, str]] = []
        self.over = Moment()

    def ring(self, customer_id: str, offer_id: int, leg: Leg, ring_s: int, facts: Mapping[str, str]) -> None:
        self.rung.append(facts["fernamt_call"])
        self.over.wait(5)

    def stop(self, customer_id: str, offer_id: int, because: Because | None = None) -> bool:
        self.stopped.append(offer_id)
        return True

    def join(self, customer_id: str, offer_id: int, call_id: str, leg: Leg | None) -> None:
        self.joined.append((offer_id, call_id))

    def whisper(self, customer_id: str, offer_id: int, call_id: str, sounds: Sequence[str]) -> None:
        """Nobody answers."""

    def called_number(self, call_id: str) -> E164 | None:
        return None

    def send_away(self, call_id: str) -> None:
        self.sent_on.append(call_id)

    def announce(self, call_id: str, sounds: Sequence[str]) -> None:
        self.said_to.append(call_id)

    def moved(self, call_id: str, queue_id: str) -> None:
        self.moved_into.append((call_id, queue_id))

    def callback_noted(self, call_id: str) -> None:
        """Nobody is told."""

    def shown_number(self, call_id: str) -> E164 | None:
        return None

    def offer_of(self, customer_id: str, leg_id: str) -> int | None:
        return int(leg_id[4:]) if leg_id.startswith("leg-") else None

    def leg_of(self, customer_id: str, offer_id: int) -> str:
        return f"leg-{offer_id}"


class World:
    """Centres of one customer, with a clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_ms = 1_000_000
        #: How far somebody set the wall clock.
        self.set_ms = 0
        self.node, self.desk, self.journal, self.looks = QuietNode(), MemoryDesk(), MemoryJournal(), [0]
        self.supervising = SupervisingSwitch()
        self.centres = Centres(
            self.node,
            self.desk,
            lambda _: self.journal,
            {"node-1": self._look, "node-2": self._look},
            Places(("node-1", "node-2"), self.clock),
            self.clock,
            self.wall_clock,
            self.supervising,
            RecordsEverything(),
            nobody_called_back,
        )
        for each in ("node-1", "node-2"):
            self.lists(each)

    def clock(self) -> int:
        return self.now_ms

    def wall_clock(self) -> int:
        return self.now_ms + self.set_ms

    def _look(self) -> None:
        self.looks[0] += 1

    def comes(
        self, call_id: str, node: str = "node-1", customer_id: str = CUSTOMER, *, kept: bool = False
    ) -> None:
        """A caller begins to wait."""
        self.centres.queued(node, customer_id, caller(call_id), kept=kept, shown=None)

    def lists(
        self,
        node: str,
        *waiting: tuple[str, int],
        more: Sequence[str] = (),
        talking: Mapping[str, str] = NONE,
        own: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        """The node lists its calls: callers with the time of their mark, other legs, who talks with whom."""
        legs = {name: True for name, _ in waiting} | dict.fromkeys((*more, *talking), True)
        marks = [
            (CUSTOMER, replace(caller(name, since_ms), joined_ms=since_ms)) for name, since_ms in waiting
        ]
        self.centres.listed(node, marks, legs, talking, own, moment(self.wall_clock()))

    def waiting(self) -> list[str]:
        if self.desk.screen is None:
            return []
        members = sorted(self.desk.screen.members.values(), key=lambda each: each.since_ms)
        return [each.id for each in members]


@contextmanager
def running(centre: Centre = CENTRE, records: Sequence[str] = ()) -> Iterator[World]:
    world = World()
    world.journal.kept = (None, records)
    world.centres.swap(snapshot(), {CUSTOMER: centre})
    world.centres.start()
    try:
        wait_until(lambda: world.desk.screen is not None)
        yield world
    finally:
        world.node.over.set()
        world.centres.stop(2.0)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centre_desk, "_LOOK_S", 0.01)
    monkeypatch.setattr(node_lists, "_LOOK_AGAIN_S", (0.05,))
    monkeypatch.setattr(node_lists, "_SILENT_S", 0.01)
    monkeypatch.setattr(contact_centre, "RENEW_S", 0.02)


@pytest.fixture
def world(quickly: None) -> Iterator[World]:
    with running() as found:
        yield found


def wait_until(holds: Callable[[], bool]) -> None:
    """Let the others run until it is so, for at most 20 s."""
    for _ in range(2_000):
        if holds():
            return
        Moment().wait(0.01)
    pytest.fail("it did not come true in time")


def caller(name: str, since_ms: int = 999_000) -> CallerJoined:
    return CallerJoined(name, "verkauf", since_ms=since_ms)


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
