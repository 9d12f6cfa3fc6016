"""Calls that a program asks for: what is refused before anything rings, and who rings in what order (B5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

import gevent
import pytest

from controller.errors import LegFailed, NodeAway, StoreAway
from controller.originating import CallProgress, CallRequest, Originating, Progress
from dialplan.call import Behalf, CallOffered, Via
from dialplan.carrier import AssignedNumber, ToPhones, ToPlan
from dialplan.decide import decide
from dialplan.decision import Decision
from dialplan.legs import Leg
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from tests.unit.dialplan.carriers import AT, MOBILE, PHONE_1, snapshot
from tests.unit.dialplan.plans import plan

HUNT = E164("+493023125000")
PLANNED = E164("+493023125300")
MY_PHONE = "030 23125-001"


@dataclass
class MemoryDesk:
    """Requests in order, and every word about them."""

    waiting: list[CallRequest] = field(default_factory=list)
    words: list[CallProgress] = field(default_factory=list)
    away: bool = False

    def oldest(self) -> str | None:
        if self.away:
            raise StoreAway("Redis")
        return self.waiting[0].id if self.waiting else None

    def take(self, text: str) -> CallRequest | None:
        found = next((each for each in self.waiting if each.id == text), None)
        if found is not None:
            self.waiting.remove(found)
        return found

    def tell(self, request_id: str, word: CallProgress) -> None:
        self.words.append(word)


@dataclass
class MemoryDecider:
    """The real rules on an example; `noted` is what was decided and not only thought of."""

    snapshot: Snapshot | None = field(default_factory=snapshot)
    noted: list[Decision] = field(default_factory=list)

    def think(self, offered: CallOffered) -> Decision:
        assert self.snapshot is not None
        return decide(offered, self.snapshot, AT)

    def decide(self, offered: CallOffered) -> Decision:
        self.noted.append(found := self.think(offered))
        return found


@dataclass
class MemoryNode:
    """A switch on which these phones do not answer, with the cause."""

    failing: dict[str, Exception] = field(default_factory=dict)
    rung: list[tuple[str, Behalf, str, CallOffered]] = field(default_factory=list)

    def ring(self, offered: CallOffered, decision: Decision, leg: Leg, behalf: Behalf, second: str) -> None:
        self.rung.append((leg.to.id, behalf, second, offered))
        if leg.to.id in self.failing:
            raise self.failing[leg.to.id]


class World:
    """Who asks, the rules, the switch."""

    def __init__(self) -> None:
        self.desk, self.decider, self.node = MemoryDesk(), MemoryDecider(), MemoryNode()
        self.over: list[str] = []
        ids: Callable[[], str] = map("leg-{}".format, count()).__next__
        self.drained, self.now_s = False, 0.0
        self.originating = Originating(
            self.desk,
            self.node,
            self.decider,
            self.over.append,
            ids,
            "node-1",
            lambda: self.drained,
            lambda: self.now_s,
        )

    def ask(
        self, first: str, second: str, user: str | None = None, customer: str = "kanzlei"
    ) -> CallProgress:
        """The last word about a request."""
        self.desk.waiting.append(CallRequest("1", customer, user, first, second))
        self.originating.look()
        with gevent.Timeout(5):
            while not self.desk.words or self.desk.words[-1].progress is Progress.RINGING:
                gevent.sleep(0)
        return self.desk.words[-1]


@pytest.fixture
def world() -> World:
    return World()


def test_the_phone_rings_and_the_other_number_is_told_in_one_spelling(world: World) -> None:
    word = world.ask(MY_PHONE, "0152 / 288 173 86")
    ((phone, behalf, second, offered),) = world.node.rung
    assert (phone, second) == ("kanzlei-1", MOBILE)
    assert behalf == Behalf("kanzlei", PHONE_1.number, "kanzlei-1"), "the phone that rings pays and is shown"
    assert (offered.via, offered.node) == (Via.API, "node-1")
    assert (word.progress, word.call_id) == (Progress.ANSWERED, offered.call_id)
    assert [each.progress for each in world.desk.words] == [Progress.RINGING, Progress.ANSWERED]


@pytest.mark.parametrize(
    ("first", "second", "user", "reason_id"),
    [
        (MY_PHONE, "0900 512345", None, "out.barred"),
        (MY_PHONE, "+49 (0) 900 512345", None, "out.barred"),
        (MY_PHONE, "0181 12345", None, "out.unreachable"),
        (MY_PHONE, "112", None, "emergency.automatic"),
        (MY_PHONE, "110", "kanzlei-1", "emergency.automatic"),
        (MY_PHONE, "somebody", None, "out.not-a-number"),
        ("112", MOBILE, None, "emergency.automatic"),
        ("0900 512345", MOBILE, None, "out.barred"),
        (MY_PHONE, MOBILE, "bau-1", "place.no-user"),
        (MY_PHONE, MOBILE, "nobody", "place.no-user"),
    ],
)
def test_nothing_rings_for_a_call_that_is_refused(
    world: World, first: str, second: str, user: str | None, reason_id: str
) -> None:
    """Guarantee 2; NotrufV § 4(6)."""
    word = world.ask(first, second, user)
    assert (word.progress, word.reason.id) == (Progress.REFUSED, reason_id)
    assert world.node.rung == []


def test_an_emergency_number_is_noted_as_every_attempt_is(world: World) -> None:
    """B8: it raises its alarm."""
    world.ask(MY_PHONE, "112")
    assert [each.reason.id for each in world.decider.noted] == ["emergency.automatic"]


def test_nobody_rings_for_a_customer_that_there_is_not(world: World) -> None:
    assert world.ask(MY_PHONE, MOBILE, customer="nobody").reason.id == "place.no-customer"


def test_a_number_that_leads_to_a_plan_is_not_rung(world: World) -> None:
    """A menu has nobody who picks up and wants to talk."""
    menu = replace(plan("menu"), customer_id="kanzlei")
    numbers = {PLANNED: AssignedNumber(PLANNED, "kanzlei", ToPlan(menu))}
    known = snapshot()
    world.decider.snapshot = replace(known, numbers={**known.numbers, **numbers})
    word = world.ask(PLANNED, MOBILE)
    assert (word.progress, word.reason.id) == (Progress.REFUSED, "place.no-phone")
    assert world.node.rung == []


def test_a_named_phone_is_the_one_on_whose_behalf_it_is(world: World) -> None:
    world.ask(MOBILE, "+494066969077", "kanzlei-2")
    ((trunk, behalf, _, _),) = world.node.rung
    assert trunk.startswith("carrier")
    assert behalf.phone_id == "kanzlei-2"


def hunting(world: World) -> None:
    numbers = {HUNT: AssignedNumber(HUNT, "kanzlei", ToPhones(("kanzlei-1", "kanzlei-2")))}
    known = snapshot()
    world.decider.snapshot = replace(known, numbers={**known.numbers, **numbers})


def test_the_next_phone_of_the_number_rings_when_one_is_busy(world: World) -> None:
    hunting(world)
    world.node.failing["kanzlei-1"] = LegFailed("USER_BUSY")
    word = world.ask(HUNT, MOBILE)
    assert [phone for phone, *_ in world.node.rung] == ["kanzlei-1", "kanzlei-2"]
    first, second = (offered.call_id for *_, offered in world.node.rung)
    assert first != second, "each try has a record of its own"
    assert world.over == [first]
    assert (word.progress, word.call_id) == (Progress.ANSWERED, second)


@pytest.mark.parametrize("error", [LegFailed("NO_ANSWER"), NodeAway("no switch")])
def test_when_nobody_is_reached_the_cause_is_told_and_nothing_stays_taken(
    world: World, error: Exception
) -> None:
    world.node.failing = {"kanzlei-1": error, "kanzlei-2": error}
    word = world.ask(MY_PHONE, MOBILE)
    assert word.progress is Progress.FAILED
    assert word.cause
    assert world.over == [offered.call_id for *_, offered in world.node.rung]
    assert word.call_id == world.over[-1]


def test_without_redis_nobody_asks(world: World) -> None:
    world.desk.away = True
    world.originating.look()
    assert world.node.rung == []


def test_a_drained_node_leaves_the_call_to_another_one(world: World) -> None:
    """One that nobody takes within two seconds is made here all the same."""
    world.drained = True
    world.desk.waiting.append(CallRequest("1", "kanzlei", None, MY_PHONE, MOBILE))
    world.originating.look()
    world.now_s = 1.9
    world.originating.look()
    assert len(world.desk.waiting) == 1
    world.now_s = 2.1
    world.originating.look()
    assert world.desk.waiting == []


def test_each_request_is_left_to_others_for_a_time_of_its_own(world: World) -> None:
    world.drained = True
    for name in ("1", "2"):
        world.desk.waiting.append(CallRequest(name, "kanzlei", None, MY_PHONE, MOBILE))
    world.originating.look()
    world.now_s = 2.1
    world.originating.look()
    assert [each.id for each in world.desk.waiting] == ["2"]
