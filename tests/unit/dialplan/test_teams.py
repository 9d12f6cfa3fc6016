"""Calls from and to Microsoft Teams (A4, B1, B2, B8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dialplan.call import Behalf, CallOffered, Entry, Via
from dialplan.carrier import Srtp
from dialplan.decide import decide
from dialplan.decision import Direction, Reject, Route
from dialplan.legs import Caller
from dialplan.place import onward
from tests.unit.dialplan.carriers import (
    AT,
    BAU_1,
    BAU_2,
    BERLIN,
    CARRIER_A,
    CARRIER_B,
    KOELN,
    MOBILE,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)
from tests.unit.dialplan.teams_customer import (
    EDGE,
    OTHER_TENANT,
    TEAMS,
    TEAMS_NUMBER,
    TENANT,
    from_teams,
    with_teams,
)


def test_a_call_from_teams_is_its_tenants_customers() -> None:
    """B1, A4: the same addresses call for all customers; the tenant tells whose call it is."""
    decision = decide(from_teams(), with_teams(), AT)
    assert decision.reason.id == "out.carrier"
    assert (decision.facts.customer_id, decision.facts.trunk_in) == ("bau", TEAMS.id)
    assert decision.facts.a_presented == TEAMS_NUMBER


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param({"tenant_id": None}, "teams.unknown-tenant", id="no tenant"),
        pytest.param({"tenant_id": OTHER_TENANT}, "teams.unknown-tenant", id="an unknown tenant"),
        pytest.param({"tenant_id": "x" * 300}, "teams.unknown-tenant", id="no tenant id at all"),
        pytest.param({"from_user": BERLIN}, "teams.number-not-assigned", id="another customer's number"),
        pytest.param({"from_user": MOBILE}, "teams.number-not-assigned", id="nobody's number"),
        pytest.param({"from_user": KOELN}, "teams.number-of-no-tenant", id="own, not linked to the tenant"),
        pytest.param({"from_user": None}, "teams.number-of-no-tenant", id="none, the main one is not linked"),
        pytest.param({"encrypted": False}, "out.not-encrypted", id="sound in clear"),
    ],
)
def test_number_and_tenant_must_match(facts: dict[str, Any], reason: str) -> None:
    """A4: a number is linked to one tenant; TC 4.2."""
    decision = decide(from_teams(**facts), with_teams(), AT)
    assert decision.reason.id == reason
    assert isinstance(decision.outcome, Reject)
    assert decision.outcome.sip_code == (488 if reason == "out.not-encrypted" else 403)


def test_the_tenants_id_may_be_in_capitals() -> None:
    upper = with_teams()
    assert TENANT.lower() == TENANT
    assert decide(from_teams(tenant_id=TENANT.upper()), upper, AT).reason.id == "out.carrier"


@pytest.mark.parametrize("facts", [{}, {"from_user": BERLIN}, {"from_user": KOELN}, {"encrypted": False}])
def test_an_emergency_call_of_a_known_tenant_gets_through_whatever_its_number(facts: dict[str, Any]) -> None:
    """B8: nothing stops 110 and 112; guarantee 1."""
    decision = decide(from_teams("112", **facts), with_teams(), AT)
    assert (decision.reason.id, decision.facts.direction) == ("emergency.route", Direction.EMERGENCY)
    assert isinstance(decision.outcome, Route)
    number = TEAMS_NUMBER if "from_user" not in facts else None
    caller = decision.outcome.legs[0].caller.number
    assert caller == number if number else caller in (KOELN, TEAMS_NUMBER)


def test_the_tenant_counts_on_the_side_of_teams_alone() -> None:
    """A customer's telephone system cannot make itself Teams by a header."""
    decision = decide(from_trunk(tenant_id=OTHER_TENANT), with_teams(), AT)
    assert (decision.reason.id, decision.facts.trunk_in) == ("out.carrier", "bau-1")


def test_a_call_to_teams_tries_each_of_microsofts_servers_in_order() -> None:
    """B1: the next one when the path failed (408, 503, 504, silence), never when the called party said no."""
    decision = decide(from_carrier(TEAMS_NUMBER), with_teams(), AT)
    assert isinstance(decision.outcome, Route)
    found = [(leg.to.id, leg.to.address) for leg in decision.outcome.legs if not hasattr(leg.to, "own_line")]
    assert found == [("bau-teams", address) for address in EDGE.addresses]
    assert "USER_BUSY" not in {each.name for each in decision.outcome.next_leg_causes}


def test_without_an_edge_a_teams_trunk_is_one_leg_that_fails() -> None:
    decision = decide(from_phone(TEAMS_NUMBER), replace(with_teams(), teams=None), AT)
    assert isinstance(decision.outcome, Route)
    assert len(decision.outcome.legs) == 1


@pytest.mark.parametrize(
    ("srtp", "encrypted", "taken"),
    [
        (Srtp.REQUIRED, True, True),
        (Srtp.REQUIRED, False, False),
        (Srtp.OPTIONAL, False, True),
        (Srtp.OFF, True, True),
    ],
)
def test_a_trunk_that_requires_srtp_takes_no_call_without(srtp: Srtp, encrypted: bool, taken: bool) -> None:
    """Issue 7, trunks: SRTP. In both directions; 110 and 112 excepted (B8)."""
    strict = snapshot(trunks=(replace(CARRIER_A, srtp=srtp), CARRIER_B, replace(BAU_1, srtp=srtp), BAU_2))
    out = decide(from_trunk(encrypted=encrypted), strict, AT)
    incoming = decide(from_carrier(encrypted=encrypted), strict, AT)
    assert [isinstance(each.outcome, Route) for each in (out, incoming)] == [taken, taken]
    if not taken:
        assert [each.reason.id for each in (out, incoming)] == ["out.not-encrypted", "in.not-encrypted"]
        assert {each.outcome.sip_code for each in (out, incoming) if isinstance(each.outcome, Reject)} == {
            488
        }
    emergency = decide(from_trunk("110", encrypted=encrypted), strict, AT)
    assert emergency.reason.id == "emergency.route"


def test_teams_is_a_side_of_its_own() -> None:
    assert {each.value for each in Entry} == {"carrier", "trunk", "phone", "teams"}


HUB = "sip:sip2.teams.example:5061;transport=tls;x-m=8:orgid:0a1b;x-t=0c1d"
REFERRED_BY = "<sip:sip.teams.example:5061;x-m=8:orgid:9f;x-t=0c1d;x-tt=ahr0%3d>"


def transferred(**facts: Any) -> CallOffered:
    """A call from the public network to Teams, sent on by the user who was called."""
    behalf = Behalf("bau", TEAMS_NUMBER, None, TEAMS.id)
    known: dict[str, Any] = {"refer_to": HUB, "referred_by": REFERRED_BY, "original": Caller(MOBILE)}
    sent_on = onward(from_carrier(), "", Via.TRANSFER, behalf)
    return replace(sent_on, **{**known, **facts})


def test_a_transfer_within_teams_goes_back_as_it_is() -> None:
    """Microsoft: the Request-URI is the Refer-To, the Referred-By is not changed by a letter."""
    decision = decide(transferred(), with_teams(), AT)
    assert decision.reason.id == "teams.taken-back"
    assert isinstance(decision.outcome, Route)
    (leg,) = decision.outcome.legs
    assert (leg.request_uri, leg.headers) == (HUB, (("Referred-By", REFERRED_BY),))
    assert (leg.to.id, leg.caller.shown) == (TEAMS.id, MOBILE)
    assert decision.facts.direction is Direction.INCOMING


@pytest.mark.parametrize(
    ("uri", "called"),
    [
        ("sip:sip.teams.example", "sip:sip.teams.example;transport=tls"),
        (
            "sip:sip-du-a-eu.teams.example:5061;transport=tls",
            "sip:sip-du-a-eu.teams.example:5061;transport=tls",
        ),
        ("sip:SIP3.teams.example;transport=TLS", "sip:SIP3.teams.example;transport=TLS"),
    ],
)
def test_any_server_of_microsofts_may_be_named(uri: str, called: str) -> None:
    decision = decide(transferred(refer_to=uri), with_teams(), AT)
    assert isinstance(decision.outcome, Route)
    assert decision.outcome.legs[0].request_uri == called


@pytest.mark.parametrize(
    "uri",
    [
        "sip:evil.example",
        "sip:teams.example",
        "sip:x.sip.teams.example.evil.example",
        "sip:0900123@sip.teams.example",
        "sip:sip.teams.example?Replaces=x",
        "sip:sip.teams.example;x=${system}",
        "sip:sip.teams.example;x=a,b",
        "sip:sip.teams.example;x=a]sofia/external/0900",
        "tel:0900123",
        "",
    ],
)
def test_nothing_else_is_called_by_an_address(uri: str) -> None:
    """Guarantee 2: no indirection leads past the rules."""
    decision = decide(transferred(refer_to=uri), with_teams(), AT)
    assert isinstance(decision.outcome, Reject)


@pytest.mark.parametrize(
    "facts",
    [
        {"behalf": Behalf("bau", KOELN, None, "bau-1")},
        {"behalf": Behalf("kanzlei", BERLIN, None, TEAMS.id)},
        {"behalf": Behalf("kanzlei", BERLIN, "kanzlei-1")},
        {"via": Via.FORWARD},
        {"via": Via.API},
    ],
)
def test_only_teams_itself_takes_a_call_back(facts: dict[str, Any]) -> None:
    decision = decide(transferred(**facts), with_teams(), AT)
    assert decision.reason.id != "teams.taken-back"


def test_a_referred_by_that_could_be_syntax_is_left_out() -> None:
    decision = decide(transferred(referred_by="<sip:x>\r\nVia: y"), with_teams(), AT)
    assert isinstance(decision.outcome, Route)
    assert decision.outcome.legs[0].headers == ()
