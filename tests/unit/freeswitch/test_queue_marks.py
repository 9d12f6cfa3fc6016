"""What marks waiting callers and agents' legs, and how it is read again (C1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.events import CallerJoined
from acd.names import WaitCost
from dialplan.decision import CallBack, Wait
from dialplan.legs import Caller, leg_to_phone, leg_to_trunk
from freeswitch.dialstring import agents_leg
from freeswitch.errors import CommandRefused
from freeswitch.own_calls import own_call
from freeswitch.queue_calls import (
    Waiting,
    agent_variables,
    callback_leg,
    moved_mark,
    offer_leg,
    offer_of,
    pseudonym,
    queue_variables,
    waiting,
)
from freeswitch.settings import NodeDoor
from freeswitch.supervisor_calls import supervisor_variables
from numbering.e164 import E164
from tests.unit.dialplan.carriers import CARRIER_A, PHONE_1

WAIT = Wait("kunde-a", "verkauf", "tone_stream://%(1,1,440)", early=False, since_ms=1_700_000_000_000)
PLANS = "+493023125399"
CALLER = E164("+4915228817386")


def test_a_waiting_callers_mark_says_who_waits_where_since_when() -> None:
    mark = queue_variables(WAIT, "0", PLANS, CALLER)["presence_data"]
    joined = CallerJoined("c1", "verkauf", since_ms=1_700_000_000_000)
    assert waiting("c1", mark) == Waiting("kunde-a", joined, kept=False)


def test_a_mark_says_what_the_plan_knows_of_the_caller_and_never_the_number() -> None:
    """C1: priority, agent of last time. C9: by a pseudonym that differs from customer to customer."""
    known = replace(WAIT, priority=7, agent="anna", remembers=True, kept=True)
    mark = queue_variables(known, "0", PLANS, CALLER)["presence_data"]
    found = waiting("c1", mark)
    assert found is not None
    assert (found.joined.priority, found.joined.preferred, found.kept) == (7, "anna", True)
    assert found.joined.caller == pseudonym("kunde-a", CALLER) != pseudonym("kunde-b", CALLER)
    assert CALLER[1:] not in mark
    withheld = waiting("c1", queue_variables(known, "0", PLANS, None)["presence_data"])
    assert withheld is not None
    assert withheld.joined.caller is None


def test_one_who_is_to_be_called_back_has_number_and_line_in_the_mark() -> None:
    """C1: so that a successor finds the wish while the caller still hears that it is noted."""
    wish = replace(WAIT, kept=True, back=CallBack(CALLER, E164(PLANS), "/sounds/noted.wav"))
    variables = queue_variables(wish, "0", PLANS, CALLER)
    assert (variables["fernamt_do"], variables["fernamt_noted"]) == ("queue-callback", "/sounds/noted.wav")
    found = waiting("c1", variables["presence_data"])
    assert found is not None
    assert (found.joined.number, found.joined.line) == (CALLER, PLANS)
    assert callback_leg("a", 1, 0) != callback_leg("a", 1, 1) != offer_leg("a", 1)


@pytest.mark.parametrize(
    ("wait", "cost"),
    [
        (WAIT, WaitCost.UNTOLD),
        (replace(WAIT, early=True), WaitCost.FREE),
        (replace(WAIT, fixed_price=True), WaitCost.FIXED),
        (replace(WAIT, early=True, kept=True), WaitCost.UNTOLD),
    ],
)
def test_only_the_first_queue_has_to_tell_of_the_price(wait: Wait, cost: WaitCost) -> None:
    """C10, TKG § 115(2)."""
    found = waiting("c1", queue_variables(wait, "0", PLANS, CALLER)["presence_data"])
    assert found is not None
    assert found.joined.cost is cost


def test_a_moved_callers_mark_tells_the_present_queue_and_keeps_place_and_rank() -> None:
    """Guarantee 6; what the wait costs was told in the first queue."""
    first = replace(WAIT, priority=7, agent="anna", remembers=True, fixed_price=True)
    mark = moved_mark(queue_variables(first, "0", PLANS, CALLER)["presence_data"], "technik")
    there = replace(first, queue="technik", kept=True, fixed_price=False)
    assert mark == queue_variables(there, "0", PLANS, CALLER)["presence_data"]
    assert moved_mark(mark, "technik") == mark
    assert moved_mark("agent", "technik") is None


@pytest.mark.parametrize(
    ("music", "endless"),
    [
        ("tone_stream://%(1,1,440)", "tone_stream://%(1,1,440);loops=-1"),
        ("tone_stream://%(1,1,440);loops=3", "tone_stream://%(1,1,440);loops=3"),
        ("/sounds/m.wav", "file_string://" + "!".join(["/sounds/m.wav"] * 20)),
    ],
)
def test_music_goes_on_without_a_pause(music: str, endless: str) -> None:
    assert queue_variables(replace(WAIT, music=music), "0", PLANS, None)["fernamt_music"] == endless


def test_only_the_queues_own_keys_end_the_music() -> None:
    assert queue_variables(WAIT, "0", PLANS, None)["playback_terminators"] == "none"
    assert queue_variables(replace(WAIT, keys="1*"), "0", PLANS, None)["playback_terminators"] == "1*"


@pytest.mark.parametrize(
    "mark",
    [None, "", "agent", "carrier-a", "queue/a/b", "queue/a/b/x", "queue/a/b/1/2", "queue/a/b/1/p12345"],
)
def test_other_marks_are_no_waiting_callers(mark: str | None) -> None:
    assert waiting("c1", mark) is None


def test_who_pays_by_the_minute_waits_in_early_media() -> None:
    """C10."""
    early = Wait("kunde-a", "verkauf", WAIT.music, early=True, since_ms=0)
    assert queue_variables(WAIT, "0", PLANS, CALLER)["fernamt_do"] == "queue"
    assert queue_variables(early, "0", PLANS, CALLER)["fernamt_do"] == "queue-early"


def test_an_agents_leg_tells_its_offer_to_its_own_customer_only() -> None:
    leg = offer_leg("kunde-a", 70_000)
    assert offer_of("kunde-a", leg) == 70_000
    assert offer_of("kunde-b", leg) is None
    assert offer_of("kunde-a", "no uuid") is None
    assert offer_leg("kunde-a", 1) != offer_leg("kunde-b", 1)


@pytest.mark.parametrize(
    ("dialled", "kept"), [("+493023125300", "+493023125300"), ("${evil}", PLANS), ("a;b=1", PLANS)]
)
def test_only_a_number_is_kept_of_what_was_dialled(dialled: str, kept: str) -> None:
    assert queue_variables(WAIT, dialled, PLANS, CALLER)["fernamt_dialled"] == kept


def test_an_agents_phone_that_redirects_has_declined_and_early_media_is_no_answer() -> None:
    leg = leg_to_phone(PHONE_1, Caller(E164("+4915228817386")))
    written = agents_leg(leg, offer_leg("kanzlei", 3), "phones.example", agent_variables("kanzlei", {}))
    assert written.startswith("{ignore_early_media=true}[")
    assert "outbound_redirect_fatal=true" in written
    assert "sip_redirect_" not in written
    assert "force_transfer_context=transferred" in written


def test_a_phone_of_another_node_rings_through_that_nodes_door() -> None:
    leg = leg_to_phone(PHONE_1, Caller(E164("+4915228817386")))
    variables = agent_variables("kanzlei", {})
    written = agents_leg(
        leg, offer_leg("kanzlei", 3), "phones.example", variables, NodeDoor("192.0.2.7", 5090)
    )
    assert written.endswith(f"]sofia/node/sip:{PHONE_1.credentials.username}@192.0.2.7:5090")
    assert f"sip_h_X-Fernamt-Leg={offer_leg('kanzlei', 3)}" in written, "its node marks the phone with it"


def test_only_phones_are_behind_the_door_of_another_node() -> None:
    """B5: nothing else is dialled there."""
    leg = leg_to_trunk(CARRIER_A, "+494066969001", Caller(E164("+4915228817386")))
    with pytest.raises(CommandRefused):
        agents_leg(leg, offer_leg("kanzlei", 3), "phones.example", {}, NodeDoor("192.0.2.7", 5090))


def test_a_supervisor_who_serves_queues_is_in_a_call_of_the_own_while_attending() -> None:
    """Guarantee 6: no queue rings somebody who talks."""

    def mark(agent_id: str | None) -> str:
        leg = leg_to_phone(replace(PHONE_1, agent_id=agent_id), Caller(None, withheld=True))
        variables = supervisor_variables("kanzlei", 3, leg, {}, heard_by_caller=True, heard_by_agent=False)
        dialled = agents_leg(leg, offer_leg("kanzlei", 9), "phones.example", variables)
        return dialled.partition("presence_data=")[2].partition(",")[0].partition("]")[0]

    assert own_call(mark("anna")) == (PHONE_1.customer_id, "anna")
    assert mark(None) == "agent", "nobody's own; its end is followed all the same"
