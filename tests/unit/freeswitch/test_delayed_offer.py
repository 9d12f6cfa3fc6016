"""Calls whose INVITE has no SDP: what the legs, the dialplan and the profiles are told (decision 45)."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from dialplan.causes import Cause
from dialplan.decide import decide
from dialplan.decision import Announce
from freeswitch.offer import decision_variables
from tests.unit.dialplan.carriers import (
    AT,
    BERLIN,
    MOBILE,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)
from tests.unit.dialplan.test_emergency import carrier
from tests.unit.freeswitch.node import DOMAIN, rendered
from tests.unit.freeswitch.test_offer import offered

FORGETS = "execute_on_originate=unset signal_bond"
RINGS = "{ignore_early_media=ring_ready}"


def test_a_channel_without_sdp_awaits_our_offer_until_it_is_answered() -> None:
    assert offered(variable_endpoint_disposition="RECEIVED_NOSDP").awaits_offer
    for other in ("RECEIVED", "DELAYED NEGOTIATION", "ANSWER", None):
        assert not offered(variable_endpoint_disposition=other).awaits_offer


@pytest.mark.parametrize("number", [MOBILE, "112"])
def test_a_carriers_leg_does_not_know_its_caller_and_follows_no_redirect(number: str) -> None:
    """What it says before it answers would be dropped; a leg that knows no caller follows a 3xx anywhere."""
    call = from_trunk(number, without_offer=True, awaits_offer=True)
    found = decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN)
    legs = [value for name, value in found.items() if name.startswith("fernamt_leg_")]
    assert len(legs) > 1
    for leg in legs:
        assert leg.startswith(RINGS)
        for each in leg.removeprefix(RINGS).split("|"):
            assert FORGETS in each
            assert "outbound_redirect_fatal=true" in each
            assert "leg_progress_timeout=" in each


def test_a_customers_leg_knows_its_caller_who_hears_at_once_that_it_rings() -> None:
    """It may redirect. Its 180 is dropped: without one it would be given up."""
    call = from_carrier(BERLIN, without_offer=True, awaits_offer=True)
    found = decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN)
    leg = found["fernamt_leg_1"]
    assert leg.startswith(RINGS)
    assert f"api_on_originate=uuid_ring_ready {call.call_id}" in leg
    assert "sip_redirect_context=redirected" in leg
    assert "leg_progress_timeout=" not in leg
    assert FORGETS not in leg


def test_the_legs_after_an_answer_are_made_in_the_same_way_but_are_heard() -> None:
    """What its called parties say before they answer is dropped to the end of the call."""
    for call in (
        from_trunk(MOBILE, without_offer=True),
        offered(variable_endpoint_disposition="ANSWER", variable_fernamt_without_offer="true"),
    ):
        assert call.without_offer
        assert not call.awaits_offer
    call = from_trunk(MOBILE, without_offer=True)
    found = decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN)
    assert FORGETS in found["fernamt_leg_1"]
    assert RINGS not in found["fernamt_leg_1"]
    call = from_carrier(BERLIN, without_offer=True)
    found = decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN)
    assert "leg_progress_timeout=" not in found["fernamt_leg_1"]
    assert RINGS not in found["fernamt_leg_1"]
    assert found["instant_ringback"] == "true"


def test_a_channel_keeps_in_mind_that_it_came_without_sdp() -> None:
    call = offered(variable_endpoint_disposition="RECEIVED_NOSDP")
    assert call.without_offer
    call = from_trunk(MOBILE, without_offer=True, awaits_offer=True)
    found = decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN)
    assert found["fernamt_without_offer"] == "true"
    assert "instant_ringback" not in found


def test_who_is_answered_before_is_told_by_an_announcement() -> None:
    call = from_phone("112", without_offer=True)
    found = decision_variables(decide(call, carrier(own_line=False), AT), call, domain=DOMAIN)
    assert found["fernamt_do"] == "announce"


def test_any_other_call_is_carried_out_as_ever() -> None:
    for call in (from_trunk(MOBILE), from_carrier(BERLIN), from_phone("112")):
        text = str(decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN))
        assert FORGETS not in text
        assert "api_on_originate" not in text
        assert RINGS not in text
        assert "fernamt_without_offer" not in text


def test_who_would_hear_nothing_is_refused_without_an_announcement() -> None:
    """Early media would end the call with 488, whatever its cause."""
    call = from_phone("112", without_offer=True, awaits_offer=True)
    decision = decide(call, carrier(own_line=False), AT)
    assert isinstance(decision.outcome, Announce)
    found = decision_variables(decision, call, domain=DOMAIN)
    assert (found["fernamt_do"], found["fernamt_cause"]) == ("refuse", Cause.OUTGOING_CALL_BARRED.switch_name)


def test_the_profiles_take_an_invite_without_sdp() -> None:
    tree = ElementTree.fromstring(rendered())  # noqa: S314 - made by ourselves
    found = {
        profile.get("name"): [
            each.get("value") for each in profile.iter("param") if each.get("name") == "enable-3pcc"
        ]
        for profile in tree.iter("profile")
    }
    assert found["carrier"] == found["trunk"] == found["phone"] == ["proxy"]
    assert not any(found.get(other) for other in ("teams", "node"))


def test_without_a_controller_an_emergency_call_without_sdp_is_told_apart() -> None:
    tree = ElementTree.fromstring(rendered())  # noqa: S314 - made by ourselves
    late = tree.find(".//extension[@name='emergency-late']")
    assert late is not None
    assert late.get("continue") == "true"
    *_, last = late.iter("condition")
    assert last.get("expression") == "^RECEIVED_NOSDP$"
    set_here = [each.get("data", "").partition("=")[0] for each in late.iter("action")]
    exported = next(
        text.partition("export_vars=")[2].partition(";")[0].split(",")
        for each in tree.iter("action")
        if "fernamt_reason=static.emergency" in (text := each.get("data", ""))
    )
    assert set(set_here) == {"ignore_early_media", "execute_on_originate"} <= set(exported)
    # A leg that knows no caller follows a 3xx to any host.
    bridges = [
        each.get("data", "")
        for each in tree.iterfind(".//context[@name='emergency']//action[@application='bridge']")
    ]
    assert bridges
    assert all("outbound_redirect_fatal=true" in each for each in bridges)
