"""How many calls a customer's trunk carries at once: to it, from it, and never 110 and 112. B1, B8, B11."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.call import Behalf, CallOffered, Via
from dialplan.carrier import AssignedNumber, ToPlan, ToTrunks, Trunk
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Decision, Reject, Route
from dialplan.place import onward
from dialplan.plans.nodes import ForwardNode, Plan, RingNode
from dialplan.plans.position import NOT_REACHED, Resume
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from tests.unit.dialplan.carriers import (
    BAU,
    BAU_1,
    BAU_2,
    CARRIER_A,
    CARRIER_B,
    KANZLEI,
    KOELN,
    KOELN_FREE,
    MOBILE,
    NOW,
    blocked,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)
from tests.unit.dialplan.login_customer import SYSTEM, from_system, with_system
from tests.unit.dialplan.teams_customer import TEAMS, TEAMS_NUMBER, from_teams, with_teams

#: Both trunks of "bau" carry two calls at once.
SMALL = tuple(replace(each, capacity=2) for each in (BAU_1, BAU_2))
CARRIER = snapshot(trunks=(CARRIER_A, CARRIER_B, *SMALL))


def at(**calls: int) -> Circumstances:
    """The moment at which the trunks carry this many other calls; "_" stands for "-"."""
    return Circumstances(NOW, trunk_calls={name.replace("_", "-"): count for name, count in calls.items()})


def legs(decision: Decision) -> list[str]:
    return [leg.to.id for leg in decision.outcome.legs] if isinstance(decision.outcome, Route) else []


def refusal(decision: Decision) -> tuple[str, int, int]:
    """Reason, Q.850 cause and SIP code."""
    assert isinstance(decision.outcome, Reject)
    return decision.reason.id, decision.outcome.cause.q850, decision.outcome.sip_code


def with_trunks(snapshot: Snapshot, *changed: Trunk) -> Snapshot:
    return replace(snapshot, trunks={**snapshot.trunks, **{each.id: each for each in changed}})


# -- calls to the trunk ----------------------------------------------------------------------------


def test_a_call_goes_to_the_next_trunk_of_the_number_when_the_first_one_is_full() -> None:
    assert legs(decide(from_carrier(KOELN), CARRIER, at(bau_1=1))) == ["bau-1", "bau-2"]
    assert legs(decide(from_carrier(KOELN), CARRIER, at(bau_1=2))) == ["bau-2"]
    assert legs(decide(from_carrier(KOELN), CARRIER, at(bau_2=3))) == ["bau-1"]


@pytest.mark.parametrize(
    ("offered", "how"), [(from_carrier(KOELN), "in"), (from_phone(KOELN), "onnet")], ids=["network", "on net"]
)
def test_when_all_are_full_the_number_is_busy(offered: CallOffered, how: str) -> None:
    decision = decide(offered, CARRIER, at(bau_1=2, bau_2=2))
    assert refusal(decision) == (f"{how}.trunks-full", 17, 486)
    assert "bau-1, bau-2" in decision.reason.sentence


def test_a_full_trunk_is_named_and_one_that_may_not_be_called_is_not() -> None:
    """The caller may try again: busy, as one of them would take the call later."""
    moment = replace(at(bau_1=2), trunks_in_clear=frozenset({"bau-2"}))
    decision = decide(from_carrier(KOELN), CARRIER, moment)
    assert refusal(decision) == ("in.trunks-full", 17, 486)
    assert "bau-2" not in decision.reason.sentence


def test_a_trunk_that_is_down_is_better_than_a_full_one() -> None:
    moment = replace(at(bau_1=2), trunks_down=frozenset({"bau-2"}))
    assert legs(decide(from_carrier(KOELN), CARRIER, moment)) == ["bau-2"]


def test_a_number_that_called_112_is_called_back_though_its_trunk_is_full() -> None:
    """RFC 7090: it may be the control centre. Where a place is free it goes there first."""
    moment = replace(at(bau_1=2, bau_2=2), call_backs=frozenset({KOELN}))
    assert legs(decide(from_carrier(KOELN), CARRIER, moment)) == ["bau-1", "bau-2"]
    one = replace(moment, trunk_calls={"bau-1": 2})
    assert legs(decide(from_carrier(KOELN), CARRIER, one)) == ["bau-2", "bau-1"]
    another = replace(moment, call_backs=frozenset({E164("+492214710101")}))
    assert refusal(decide(from_carrier(KOELN), CARRIER, another))[0] == "in.trunks-full"


def test_microsofts_servers_carry_the_calls_of_one_trunk() -> None:
    """The next server is no way round a full trunk."""
    known = with_trunks(with_teams(), replace(TEAMS, capacity=1))
    assert legs(decide(from_carrier(TEAMS_NUMBER), known, at())) == 3 * [TEAMS.id]
    assert refusal(decide(from_carrier(TEAMS_NUMBER), known, at(bau_teams=1)))[0] == "in.trunks-full"


def with_plan(ring: RingNode) -> Snapshot:
    """The main number rings so; then the mobile number is called, when the trunks are busy another one."""
    nodes = {"ring": ring, "busy": ForwardNode(E164("+494066969901")), "none": ForwardNode(MOBILE)}
    target = ToPlan(Plan("forwarding", "bau", "ring", nodes))
    return replace(CARRIER, numbers={**CARRIER.numbers, KOELN: AssignedNumber(KOELN, "bau", target)})


@pytest.mark.parametrize(("busy", "called"), [("busy", "+494066969901"), (None, MOBILE)])
def test_a_full_trunk_is_a_busy_one_for_the_numbers_forwarding(busy: str | None, called: str) -> None:
    """Of a plan without a way for busy the way for everything else is taken."""
    known = with_plan(RingNode(trunk_ids=("bau-1", "bau-2"), busy=busy, otherwise="none"))
    assert legs(decide(from_carrier(KOELN), known, at(bau_1=2))) == ["bau-2"]
    decision = decide(from_carrier(KOELN), known, at(bau_1=2, bau_2=2))
    assert decision.reason.id == "plan.forward"
    assert isinstance(decision.outcome, Route)
    assert {leg.number for leg in decision.outcome.legs} == {called}
    assert decision.plan is not None
    assert decision.plan.position.path.startswith("ring=busy,busy" if busy else "ring=none,none")


def test_a_plan_without_a_way_for_it_ends_busy() -> None:
    decision = decide(from_carrier(KOELN), with_plan(RingNode(trunk_ids=("bau-1",))), at(bau_1=2))
    assert refusal(decision) == ("plan.trunks-full", 17, 486)
    assert "bau-1" in decision.reason.sentence


# -- calls from the trunk --------------------------------------------------------------------------

WHO = {
    "by address": (from_trunk, "bau-1", CARRIER),
    "by login": (from_system, SYSTEM.id, with_system(replace(SYSTEM, capacity=2))),
    "Teams": (from_teams, TEAMS.id, with_trunks(with_teams(), replace(TEAMS, capacity=2))),
}


@pytest.mark.parametrize("kind", WHO)
def test_a_call_from_a_full_trunk_is_refused_as_by_every_limit_of_calls(kind: str) -> None:
    offered, trunk, known = WHO[kind]
    moment = Circumstances(NOW, trunk_calls={trunk: 2})
    decision = decide(offered(), known, moment)
    assert refusal(decision) == ("limit.trunk-simultaneous-calls", 34, 480)
    assert trunk in decision.reason.sentence
    assert "2" in decision.reason.sentence
    assert (decision.facts.customer_id, decision.facts.trunk_in, decision.claims) == ("bau", trunk, ())
    assert legs(decide(offered(), known, Circumstances(NOW, trunk_calls={trunk: 1})))[0] == "carrier-a"


def test_what_is_refused_anyhow_keeps_its_reason() -> None:
    known = replace(CARRIER, customers={"bau": blocked(BAU), "kanzlei": KANZLEI})
    assert decide(from_trunk(), known, at(bau_1=2)).reason.id == "out.customer-blocked"


def test_a_call_that_was_let_in_goes_on_though_the_trunk_is_full_now() -> None:
    """A smaller capacity, or an emergency call beside it: what is up is not cut off."""
    known = with_plan(RingNode(trunk_ids=("bau-2",), otherwise="none"))
    new = from_trunk(KOELN)
    assert decide(new, known, at(bau_1=2)).reason.id == "limit.trunk-simultaneous-calls"
    rung = decide(new, known, at()).plan
    assert rung is not None
    went_on = replace(new, resume=Resume(KOELN, rung.position, NOT_REACHED))
    assert decide(went_on, known, at(bau_1=2)).reason.id == "plan.forward"
    assert decide(replace(new, round=1), known, at(bau_1=5)).reason.id == "plan.ring"


def test_a_call_that_comes_and_goes_over_one_trunk_takes_two_places() -> None:
    """Of a trunk with two places: one is left beside another call, and the call itself came in on it."""
    assert legs(decide(from_trunk(KOELN), CARRIER, at())) == ["bau-1", "bau-2"]
    assert legs(decide(from_trunk(KOELN), CARRIER, at(bau_1=1))) == ["bau-2"]


def test_a_carriers_trunk_counts_the_call_that_it_brought_too() -> None:
    """Forwarded out again where it came in: two places."""
    known = with_plan(RingNode(trunk_ids=("bau-1",), otherwise="none"))
    known = with_trunks(known, replace(CARRIER_A, capacity=2))
    full = at(bau_1=2, carrier_a=1)
    assert legs(decide(from_carrier(KOELN), known, full)) == ["carrier-b"]
    assert legs(decide(from_carrier(KOELN), known, replace(full, trunk_calls={"bau-1": 2}))) == [
        "carrier-a",
        "carrier-b",
    ]


def test_a_transfer_takes_the_place_that_the_transferor_leaves() -> None:
    """The count is of the other calls: the transferor's own is over with the transfer."""
    behalf = Behalf("bau", KOELN, None, "bau-1")
    sent_on = onward(from_carrier(KOELN), E164("+492214710101"), Via.TRANSFER, behalf)
    assert legs(decide(sent_on, CARRIER, at(bau_1=1))) == ["bau-2", "bau-1"]
    assert legs(decide(sent_on, CARRIER, at(bau_1=2))) == ["bau-2"]


def test_without_a_capacity_no_count_matters() -> None:
    crowd = at(bau_1=100_000, bau_2=100_000)
    assert legs(decide(from_carrier(KOELN), snapshot(), crowd)) == ["bau-1", "bau-2"]
    assert decide(from_trunk(), snapshot(), crowd).reason.id == "out.carrier"


# -- 110 and 112 -----------------------------------------------------------------------------------


@given(
    st.sampled_from(sorted(WHO)),
    st.sampled_from(["110", "112", "*31#112", "01033110", "112#"]),
    st.dictionaries(
        st.sampled_from(["bau-1", "bau-2", "carrier-a", "carrier-b", SYSTEM.id, TEAMS.id]),
        st.integers(0, 200_000),
    ),
    st.integers(0, 3),
    st.frozensets(st.sampled_from(["bau-1", "carrier-a", "carrier-b"])),
)
def test_no_count_refuses_an_emergency_call_or_takes_a_trunk_from_it(
    kind: str, dialled: str, calls: dict[str, int], round_: int, down: frozenset[str]
) -> None:
    """Guarantee 1, B8, TKG § 164: whichever trunks are full, every emergency trunk is tried, twice."""
    offered, _, known = WHO[kind]
    known = with_trunks(known, *(replace(each, capacity=1) for each in known.trunks.values()))
    moment = Circumstances(NOW, trunk_calls=calls, trunks_down=down)
    decision = decide(replace(offered(dialled), round=round_), known, moment)
    assert decision.reason.id == "emergency.route"
    assert sorted(legs(decision)) == [*3 * ["carrier-a"], *3 * ["carrier-b"]]
    assert legs(decision) == legs(decide(offered(dialled), known, replace(moment, trunk_calls={})))


@given(
    st.dictionaries(st.sampled_from(["bau-1", "bau-2"]), st.integers(0, 4)),
    st.tuples(*2 * [st.none() | st.integers(1, 3)]),
    st.sampled_from([from_carrier(KOELN), from_phone(KOELN), from_trunk(KOELN)]),
)
def test_no_leg_goes_where_no_place_is_left(
    calls: dict[str, int], capacities: tuple[int | None, int | None], offered: CallOffered
) -> None:
    """And no trunk is left out that has one: in the order of the number's trunks."""
    trunks = [replace(each, capacity=most) for each, most in zip(SMALL, capacities, strict=True)]
    known = with_trunks(CARRIER, *trunks)
    decision = decide(offered, known, Circumstances(NOW, trunk_calls=calls))
    came_in = decision.facts.trunk_in
    if decision.reason.id == "limit.trunk-simultaneous-calls":
        assert calls.get("bau-1", 0) >= (capacities[0] or 0)
        assert came_in == "bau-1"
        return
    free = [
        each.id
        for each in trunks
        if each.capacity is None or calls.get(each.id, 0) + (came_in == each.id) < each.capacity
    ]
    assert legs(decision) == free
    assert isinstance(decision.outcome, Route) == bool(free)


def test_a_number_of_nobody_is_not_busy() -> None:
    decision = decide(from_carrier(KOELN_FREE), CARRIER, at(bau_1=2, bau_2=2))
    assert refusal(decision) == ("in.unassigned", Cause.UNALLOCATED_NUMBER.q850, 404)
    assert isinstance(CARRIER.numbers[KOELN].target, ToTrunks)
