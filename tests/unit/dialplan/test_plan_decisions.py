"""Calls to numbers with routing plans, decided: legs, refusals, conversations, reasons (C2, C10, B12)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialplan.call import CallOffered
from dialplan.causes import Cause
from dialplan.decide import decide
from dialplan.decision import Converse, Direction, Reject, Route, Wait
from dialplan.plans.nodes import AnnouncementNode, ForwardNode, MenuNode, Plan, RingNode
from dialplan.plans.position import Happened
from dialplan.plans.waiting import PAID_BY_THE_MINUTE, waits_unpaid
from numbering.e164 import E164
from tests.unit.dialplan.carriers import AT, BERLIN, KOELN, MOBILE, from_phone
from tests.unit.dialplan.plans import CLOSED, HELLO, HOTLINE, again, call, plan, with_plans

BERLINER = "+493023125500"
SECOND = E164("+492214710301")

#: Reason, plan; expected: SIP code, legs, or "asks".
CASES: dict[str, tuple[Plan, int | list[str] | str]] = {
    "plan.menu": (plan("menu"), "asks"),
    "plan.mailbox": (plan("box"), "asks"),
    "plan.listen": (plan("listen"), "asks"),
    "plan.ring": (plan("phones"), ["kanzlei-1", "kanzlei-2"]),
    "plan.forward": (plan("boss"), ["carrier-a", "carrier-b"]),
    "plan.end": (plan("closed"), 480),
    "plan.nobody": (plan("empty", empty=RingNode()), 480),
    "plan.too-long": (plan("round", round=AnnouncementNode(HELLO, "round")), 483),
    "out.barred": (plan("dear", dear=ForwardNode(E164("+49900512345"))), 403),
    "onnet.phone": (plan("own", own=ForwardNode(BERLIN)), ["kanzlei-1", "kanzlei-2"]),
}


@pytest.mark.parametrize("reason_id", CASES)
def test_every_outcome_of_a_plan_has_its_reason_and_tells_the_path(reason_id: str) -> None:
    """B12."""
    each, expected = CASES[reason_id]
    decision = decide(call(BERLINER), with_plans(n300=each), AT)
    if reason_id == "onnet.phone":
        reason_id = "plan.forward"
    assert decision.reason.id == reason_id
    assert decision.plan is not None
    assert decision.plan.plan_id == "main"
    assert decision.plan.position.path
    match decision.outcome:
        case Route(legs):
            assert [leg.to.id for leg in legs] == expected
        case Reject(_, code):
            assert code == expected
        case Converse():
            assert expected == "asks"
    if reason_id.startswith("plan."):
        assert f"({decision.plan.position.path})" in decision.reason.sentence


@pytest.mark.parametrize(
    "number",
    ["+49900512345", "+4911833", "+491371234567", "+80012345678", "+49181123456", "+8816123456", "+49112"],
)
def test_a_plan_reaches_no_barred_number(number: str) -> None:
    """Guarantee 2, B5: whatever way out the plan has then."""
    hopeless = decide(call(), with_plans(n300=plan("out", out=ForwardNode(E164(number)))), AT)
    assert isinstance(hopeless.outcome, Reject)
    with_way_out = plan("out", out=ForwardNode(E164(number), "phones"))
    rung = decide(call(), with_plans(n300=with_way_out), AT)
    assert isinstance(rung.outcome, Route)
    assert [leg.to.id for leg in rung.outcome.legs] == ["kanzlei-1", "kanzlei-2"]
    assert rung.plan is not None
    assert rung.plan.position.path == "out=none,phones"


def test_a_forwarded_call_is_the_customers_own() -> None:
    """B2, B5: it pays, and its number is the one we vouch for."""
    decision = decide(call(BERLINER), with_plans(n300=plan("boss")), AT)
    assert (decision.facts.direction, decision.facts.customer_id) == (Direction.OUTGOING, "bau")
    assert decision.facts.b_number == MOBILE


def test_announcements_on_the_way_are_heard_before_the_outcome() -> None:
    decision = decide(call(BERLINER), with_plans(n300=plan("closed")), AT)
    assert decision.plan is not None
    assert (decision.plan.sounds, decision.plan.answer) == ((CLOSED,), False)
    answered = plan("hi", hi=AnnouncementNode(HELLO, "phones", answer=True))
    decision = decide(call(BERLINER), with_plans(n300=answered), AT)
    assert decision.plan is not None
    assert (decision.plan.sounds, decision.plan.answer) == ((HELLO,), True)


def test_when_a_plan_goes_on_every_failure_lets_it() -> None:
    decision = decide(call(BERLINER), with_plans(n300=plan("phones")), AT)
    assert isinstance(decision.outcome, Route)
    assert decision.outcome.next_leg_causes == frozenset(Cause)
    assert decision.plan is not None
    assert decision.plan.goes_on
    then = decide(
        again(call(BERLINER), decision.plan.position, Happened.NOT_REACHED), with_plans(n300=plan()), AT
    )
    assert then.reason.id == "plan.forward"
    assert then.plan is not None
    assert then.plan.position.path == "phones=none,boss"


def test_a_call_inside_our_network_follows_the_plan_too() -> None:
    decision = decide(from_phone(HOTLINE), with_plans(n300=plan("menu")), AT)
    assert isinstance(decision.outcome, Converse)
    assert decision.facts.direction is Direction.ON_NET


def test_a_plan_may_forward_to_a_number_with_a_plan_and_the_call_goes_on_there() -> None:
    """The second plan asks; the keys belong to it, and the nodes of both are counted."""
    first = plan("second", second=ForwardNode(SECOND))
    carrier = with_plans(n300=first, n301=plan("menu"))
    decision = decide(call(BERLINER), carrier, AT)
    assert isinstance(decision.outcome, Converse)
    assert decision.plan is not None
    assert (decision.plan.number, decision.plan.position.entered) == (SECOND, 2)
    assert decision.plan.position.path == "second,menu"
    offered = again(call(BERLINER), decision.plan.position, Happened.KEYS, "2")
    assert offered.resume is not None
    resumed = CallOffered(
        **{name: getattr(offered, name) for name in offered.__slots__ if name != "resume"},
        resume=type(offered.resume)(SECOND, offered.resume.position, offered.resume.given),
    )
    then = decide(resumed, carrier, AT)
    assert isinstance(then.outcome, Route)
    assert [leg.to.id for leg in then.outcome.legs] == ["bau-1"]


def test_plans_that_forward_to_each_other_are_a_loop() -> None:
    """C2: refused as any forwarding loop."""
    carrier = with_plans(n300=plan("on", on=ForwardNode(SECOND)), n301=plan("on", on=ForwardNode(HOTLINE)))
    decision = decide(call(BERLINER), carrier, AT)
    assert decision.reason.id == "forward.loop"


@pytest.mark.parametrize("number", PAID_BY_THE_MINUTE)
def test_who_pays_by_the_minute_does_not_pay_for_menus(number: str) -> None:
    """C10, TKG § 115(1): early media."""
    assert waits_unpaid(E164(number + "123456"))


@pytest.mark.parametrize("number", ["+498001234567", "+491802123456", "+491804123456", KOELN, MOBILE])
def test_free_fixed_price_geographic_and_mobile_numbers_may_answer(number: str) -> None:
    """C10, TKG § 115(1) Nr. 1 to 4."""
    assert not waits_unpaid(E164(number))


def test_a_menu_of_a_geographic_number_answers() -> None:
    decision = decide(
        call(BERLINER), with_plans(n300=plan("menu", menu=MenuNode(HELLO, {"1": "boss"}, "boss", "boss"))), AT
    )
    assert isinstance(decision.outcome, Converse)
    assert not decision.outcome.early


def test_a_caller_waits_in_a_queue_where_an_owner_serves_it_and_else_goes_on() -> None:
    """C1: without an owner the static overflow."""
    snapshot = with_plans(n300=plan("queue"))
    decision = decide(call(BERLINER), snapshot, AT)
    assert isinstance(decision.outcome, Wait)
    assert (decision.outcome.queue, decision.outcome.early) == ("sales", False)
    assert decision.outcome.since_ms == int(AT.now.timestamp() * 1000)
    assert decision.reason.id == "plan.queue"
    nobody = decide(call(BERLINER), snapshot, replace(AT, served=frozenset()))
    assert nobody.reason.id == "plan.ring"
    assert nobody.plan is not None
    assert nobody.plan.position.path == "queue=overflow,phones"


def test_a_plan_goes_on_where_the_system_may_not_be_called_in_clear() -> None:
    """B1: as when nobody is there; without a way for that the call ends."""
    at = replace(AT, trunks_in_clear=frozenset({"bau-1"}))
    one = replace(AT, trunks_in_clear=frozenset({"bau-2"}))
    ring = RingNode(trunk_ids=("bau-1", "bau-2"))
    rung = decide(call(BERLINER), with_plans(n300=plan("first", first=ring)), one)
    assert isinstance(rung.outcome, Route)
    assert [leg.to.id for leg in rung.outcome.legs] == ["bau-1"]
    ended = decide(call(BERLINER), with_plans(n300=plan("trunks")), at)
    assert ended.reason.id == "plan.trunk-in-clear"
    assert isinstance(ended.outcome, Reject)
    assert (ended.outcome.cause, ended.outcome.sip_code) == (Cause.SUBSCRIBER_ABSENT, 480)
    way_out = RingNode(trunk_ids=("bau-1",), otherwise="boss")
    forwarded = decide(call(BERLINER), with_plans(n300=plan("first", first=way_out)), at)
    assert forwarded.reason.id == "plan.forward"
