"""Ways into a queue and out of it: hours, keys, priority, the place in time (C1, C10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from dialplan.call import CallOffered
from dialplan.decide import decide
from dialplan.decision import CallBack, Converse, Decision, Wait
from dialplan.plans.nodes import AnnouncementNode, CallbackNode, CallbackSpeech, Node, QueueNode
from dialplan.plans.position import Given, Happened, Position, Resume, read_resume
from dialplan.plans.waiting import FIXED_PRICE, PAID_BY_THE_MINUTE, has_fixed_price, waits_unpaid
from numbering.e164 import E164
from tests.unit.dialplan.carriers import AT
from tests.unit.dialplan.plans import HOTLINE, OFFICE, again, call, plan, with_plans

BERLINER: Final = "+493023125500"
QUEUE: Final = QueueNode("sales", "phones", exits={"1": "box", "*": "boss"}, priority=5, agent="anna")


def decided(node: QueueNode, offered: CallOffered | None = None) -> Decision:
    return decide(offered or call(BERLINER), with_plans(n300=plan("queue", queue=node)), AT)


def waits(decision: Decision) -> Wait:
    assert isinstance(decision.outcome, Wait)
    return decision.outcome


def test_the_plan_says_keys_priority_and_agent() -> None:
    """C1."""
    wait = waits(decided(replace(QUEUE, remembers=True)))
    assert (wait.keys, wait.priority, wait.agent, wait.remembers) == ("*1", 5, "anna", True)
    assert not wait.kept


def test_a_key_leads_to_its_node_and_an_unknown_one_back_to_the_queue() -> None:
    first = decided(QUEUE)
    assert first.plan is not None
    pressed = decided(QUEUE, again(call(BERLINER), first.plan.position, Happened.KEYS, "*"))
    assert pressed.reason.id == "plan.forward"
    other = waits(decided(QUEUE, again(call(BERLINER), first.plan.position, Happened.KEYS, "7")))
    assert other.queue == "sales"


@pytest.mark.parametrize(("hour", "taken"), [(9, True), (20, False)])
def test_outside_of_its_hours_a_queue_takes_nobody(hour: int, taken: bool) -> None:
    """C1: by own hours or the carrier's."""
    now = replace(AT, now=datetime(2026, 11, 18, hour, tzinfo=UTC))
    decision = decide(call(BERLINER), with_plans(n300=plan("queue", queue=replace(QUEUE, hours=OFFICE))), now)
    assert isinstance(decision.outcome, Wait) == taken
    if not taken:
        assert decision.plan is not None
        assert decision.plan.position.path == "queue=closed,phones"


def test_hours_that_are_gone_close_nothing() -> None:
    assert waits(decided(replace(QUEUE, hours="nobodys"))).queue == "sales"


def test_who_comes_from_another_queue_keeps_the_place_in_time() -> None:
    """Guarantee 6."""
    resume = read_resume(HOTLINE, "queue/1/0", "queue", "arrived", "7", "1700000000000")
    wait = waits(decided(QUEUE, replace(call(BERLINER), resume=resume)))
    assert (wait.since_ms, wait.kept) == (1_700_000_000_000, True)


def test_the_music_goes_on_in_the_next_queue_unless_something_else_is_heard_in_between() -> None:
    """C1: out of the queue by a key, or by what the queue's overflow says."""
    nodes: dict[str, Node] = {
        "queue": replace(QUEUE, overflow="other", exits={"2": "other", "3": "word"}),
        "other": QueueNode("support", "phones"),
        "word": AnnouncementNode("word", "other"),
    }
    carrier = with_plans(n300=plan("queue", **nodes))

    def next_wait(what: Happened, keys: str = "", at: str = "queue") -> Wait:
        return waits(decide(again(call(BERLINER), Position(at, path=at), what, keys), carrier, AT))

    assert not waits(decide(call(BERLINER), carrier, AT)).goes_on
    for wait in (next_wait(Happened.KEYS, "2"), next_wait(Happened.OVERFLOWED)):
        assert (wait.queue, wait.goes_on) == ("support", True)
    assert next_wait(Happened.KEYS, "9").goes_on, "an unknown key"
    told = next_wait(Happened.KEYS, "3")
    assert (told.queue, told.goes_on) == ("support", False)
    assert not next_wait(Happened.ARRIVED, at="word").goes_on


@pytest.mark.parametrize("written", ["", "x", "-1", "1" * 16])
def test_a_place_that_we_did_not_write_is_none(written: str) -> None:
    resume = read_resume(HOTLINE, "queue/1/0", "queue", "arrived", "7", written)
    assert resume is not None
    assert resume.queued_ms is None


@pytest.mark.parametrize("prefix", [*PAID_BY_THE_MINUTE, *FIXED_PRICE])
def test_a_price_is_by_the_minute_or_fixed(prefix: str) -> None:
    """C10, TKG § 115."""
    number = E164(f"{prefix}55551234")
    assert waits_unpaid(number) != has_fixed_price(number)
    assert not has_fixed_price(E164("+493023125300"))


SPEECH: Final = CallbackSpeech("offer", "enter", "is it", tuple("0123456789"), "check", "refused", "noted")
BACK: Final = plan("back", back=CallbackNode("bau", "sales", "phones", SPEECH))


def test_a_callback_is_offered_then_noted_with_the_place_kept() -> None:
    """C1: the caller's own number is the one that is shown when he is called back."""
    offered = decide(call(BERLINER), with_plans(n300=BACK), AT)
    assert isinstance(offered.outcome, Converse)
    assert offered.reason.id == "plan.callback-offered"
    assert offered.plan is not None
    given = Given(Happened.NUMBER, "+494066969100")
    resume = Resume(HOTLINE, offered.plan.position, given, 1_700_000_000_000)
    noted = decide(replace(call(BERLINER), resume=resume), with_plans(n300=BACK), AT)
    wait = waits(noted)
    assert wait.back == CallBack(E164("+494066969100"), HOTLINE, "noted")
    assert (wait.queue, wait.since_ms, wait.kept) == ("sales", 1_700_000_000_000, True)
    assert noted.reason.id == "plan.callback"


@pytest.mark.parametrize(("what", "why"), [(Happened.SILENCE, "no"), (Happened.OVERFLOWED, "full")])
def test_who_is_not_called_back_goes_on_with_the_plan(what: Happened, why: str) -> None:
    offered = again(call(BERLINER), Position("back", path="back"), what)
    decision = decide(offered, with_plans(n300=BACK), AT)
    assert decision.plan is not None
    assert decision.plan.position.path == f"back={why},phones"


def test_where_nobody_serves_queues_nobody_is_promised_a_callback() -> None:
    decision = decide(call(BERLINER), with_plans(n300=BACK), replace(AT, served=frozenset()))
    assert decision.reason.id == "plan.ring"
