"""Calls that are encrypted on the wire: dial strings of SRTP, Teams and browsers (B1, C6)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialplan.call import Entry
from dialplan.carrier import Srtp
from dialplan.decide import decide
from dialplan.decision import Decision
from freeswitch.offer import decision_variables, offered_call
from tests.unit.dialplan.carriers import (
    AT,
    BAU_1,
    BAU_2,
    CARRIER_A,
    CARRIER_B,
    KOELN,
    PHONE_1,
    PHONE_2,
    from_carrier,
    snapshot,
)
from tests.unit.dialplan.teams_customer import TEAMS_NUMBER, TENANT, with_teams
from tests.unit.freeswitch.node import DOMAIN, GOLDEN_TLS


def variables(decision: Decision, **facts: Any) -> dict[str, str]:
    return decision_variables(decision, from_carrier(**facts), domain=DOMAIN)


def test_a_leg_to_teams_rings_for_itself_is_encrypted_and_names_our_host() -> None:
    """field-notes.md, Teams: local ringback, no silent 183, several 180s; FQDN in From and Contact."""
    found = variables(decide(from_carrier(TEAMS_NUMBER), with_teams(), AT))
    legs = [found[f"fernamt_leg_{n}"] for n in (1, 2, 3)]
    assert "fernamt_leg_4" not in found
    for way, leg in enumerate(legs, start=1):
        assert leg.startswith("{ignore_early_media=ring_ready}[")
        assert leg.endswith(f"sofia/gateway/bau-teams.W{way}/{TEAMS_NUMBER}")
        assert "rtp_secure_media=mandatory:AEAD_AES_256_GCM_8:AES_CM_128_HMAC_SHA1_80" in leg
        assert "@bau.teams.carrier.example>" in leg
        assert "fernamt_trunk=bau-teams" in leg


def test_many_ways_share_the_last_attempt_with_one_ringing_tone() -> None:
    carrier = with_teams()
    assert carrier.teams is not None
    many = replace(carrier.teams, addresses=carrier.teams.addresses * 3)
    found = variables(decide(from_carrier(TEAMS_NUMBER), replace(carrier, teams=many), AT))
    last = found["fernamt_leg_8"]
    assert last.count("{") == 1
    assert last.startswith("{ignore_early_media=ring_ready}[")
    assert [part.rpartition("/")[0].rpartition("/")[2] for part in last.split("|")] == [
        "bau-teams.W8",
        "bau-teams.W9",
    ]


def test_srtp_is_offered_as_the_trunk_says() -> None:
    for srtp, written in ((Srtp.OFF, None), (Srtp.OPTIONAL, "optional:"), (Srtp.REQUIRED, "mandatory:")):
        trunks = (CARRIER_A, CARRIER_B, replace(BAU_1, srtp=srtp), BAU_2)
        leg = variables(decide(from_carrier(KOELN), snapshot(trunks=trunks), AT))["fernamt_leg_1"]
        assert ("rtp_secure_media" in leg) == (written is not None)
        assert f"rtp_secure_media={written or ''}" in leg or written is None


def test_a_browser_is_offered_opus() -> None:
    """C6: Opus, G.722 and G.711 (RFC 7874)."""
    browser = snapshot(phones=(replace(PHONE_1, webrtc=True), PHONE_2))
    found = variables(decide(from_carrier(PHONE_1.number), browser, AT))
    assert "absolute_codec_string=^^:OPUS:G722:PCMA:PCMU" in found["fernamt_leg_1"]
    assert "absolute_codec_string" not in found["fernamt_leg_2"]


CHANNEL = {
    "variable_sofia_profile_name": "teams",
    "Unique-ID": "call-1",
    "FreeSWITCH-Switchname": "node-1",
    "variable_sip_network_ip": "52.114.75.24",
    "variable_sip_network_port": "5061",
    "Caller-Destination-Number": "+4915228817386",
    "variable_sip_h_X-MS-TenantID": TENANT,
}


def test_the_tenant_is_read_on_the_profile_of_teams_alone() -> None:
    """A4: the header of any other peer says nothing."""
    offered = offered_call(CHANNEL.get)
    assert (offered.entry, offered.tenant_id, offered.encrypted) == (Entry.TEAMS, TENANT, False)
    trunk = {**CHANNEL, "variable_sofia_profile_name": "trunk"}
    assert offered_call(trunk.get).tenant_id is None


@pytest.mark.parametrize(("transport", "encrypted"), [("tls", True), ("udp", False), ("tcp", False)])
@pytest.mark.parametrize("profile", ["teams", "trunk", "carrier"])
def test_keys_that_nobody_heard_make_a_call_encrypted(profile: str, transport: str, encrypted: bool) -> None:
    """RFC 4568 section 7: a trunk that is called by TLS may call by UDP, with its keys for all to read."""
    secure = {
        **CHANNEL,
        "variable_sofia_profile_name": profile,
        "variable_sip_via_protocol": transport,
        "variable_rtp_secure_media_negotiated": "AES_CM_128_HMAC_SHA1_80",
    }
    assert offered_call(secure.get).encrypted is encrypted


HUB = "sip:sip2.teams.example:5061;transport=tls;x-m=8:orgid:0a1b"
SENT_ON = {
    "variable_sofia_profile_name": "carrier",
    "Caller-Context": "transferred",
    "Unique-ID": "call-1",
    "FreeSWITCH-Switchname": "node-1",
    "variable_sip_network_ip": "192.0.2.10",
    "variable_sip_network_port": "5060",
    "Caller-Destination-Number": "(null)@sip2.teams.example",
    "variable_sip_refer_to": f"<{HUB}>",
    "variable_sip_h_Referred-By": "<sip:sip.teams.example;x-t=0c1d>",
    "variable_fernamt_parties": f"leg-0=bau/{TEAMS_NUMBER}//bau-teams".replace("leg-0", "0" * 36),
    "variable_last_bridge_to": "0" * 36,
    "variable_fernamt_round": "0",
    "variable_fernamt_a_network": "+4915228817386",
    "variable_fernamt_a_presented": "+4915228817386",
}


def test_a_refer_without_a_user_is_called_as_it_came() -> None:
    """Teams: the new INVITE's Request-URI is the Refer-To, with its Referred-By."""
    offered = offered_call(SENT_ON.get)
    assert (offered.refer_to, offered.dialled) == (HUB, "")
    found = decision_variables(decide(offered, with_teams(), AT), offered, domain=DOMAIN)
    leg = found["fernamt_leg_1"]
    assert f"sip_invite_req_uri={HUB}," in leg
    assert "sip_h_Referred-By=<sip:sip.teams.example;x-t=0c1d>" in leg
    assert "from_uri=<sip:+4915228817386@bau.teams.carrier.example>" in leg
    assert leg.startswith("{ignore_early_media=ring_ready}[")


def test_a_refer_to_a_number_is_that_number() -> None:
    named = {**SENT_ON, "Caller-Destination-Number": "+4930231250@sip2.teams.example"}
    offered = offered_call(named.get)
    assert (offered.dialled, offered.refer_to) == ("+4930231250", None)


def test_what_teams_dials_is_the_user_of_its_request_uri() -> None:
    """The profile tells the host too."""
    channel = {
        **CHANNEL,
        "Caller-Context": "teams",
        "Caller-Destination-Number": "+4915228817386@sbc.teams.carrier.example",
    }
    assert offered_call(channel.get).dialled == "+4915228817386"


def from_teams(dialled: str) -> str | None:
    """What is called when Teams dials this, None for anything but an emergency call."""
    channel = {**CHANNEL, "Caller-Context": "teams", "Caller-Destination-Number": dialled}
    decision = decide(offered_call(channel.get), with_teams(), AT)
    return decision.facts.b_number if decision.reason.id == "emergency.route" else None


@cache
def static_emergency_of_teams() -> str:
    """The expression by which a call of Teams is an emergency call without a controller."""
    golden = ElementTree.parse(GOLDEN_TLS)  # noqa: S314 - made by ourselves
    condition = golden.find(".//context[@name='teams']/extension[@name='offer-emergency']/condition")
    assert condition is not None
    return condition.get("expression", "")


@given(st.from_regex(r"\+?(0049|49|0)?11[0-3]5?(;phone-context=\+49)?(@sbc\.example)?", fullmatch=True))
@example("+112@sbc.example")
@example("+110;phone-context=+49@sbc.example:5061")
@example("+49112@sbc.example")
@example("+112555@sbc.example")
def test_teams_may_write_a_plus_before_110_and_112_with_a_controller_and_without(dialled: str) -> None:
    """Microsoft, Direct Routing: both forms are to be matched. NotrufV § 4(5): nothing else becomes one."""
    plus = re.fullmatch(r"\+(11[02])(;.*?)?(@.*)?", dialled)
    assert not dialled.startswith("+") or from_teams(dialled) == (plus[1] if plus else None)
    static = re.search(static_emergency_of_teams(), dialled, re.ASCII)
    assert (static[1] if static else None) == from_teams(dialled)


def test_nobody_elses_plus_is_taken_off() -> None:
    """NotrufV § 4(5)."""
    for profile in ("trunk", "phone", "carrier"):
        channel = {**CHANNEL, "variable_sofia_profile_name": profile, "Caller-Destination-Number": "+112"}
        assert offered_call(channel.get).dialled == "+112"


def test_a_browsers_call_offers_the_called_party_what_that_takes() -> None:
    """Of the browser's, which FreeSWITCH would offer all, those of the trunk."""
    decision = decide(from_carrier(KOELN), snapshot(), AT)
    spoken = ("OPUS", "G722", "PCMA", "PCMU")
    found = variables(decision, codecs=spoken)
    assert "absolute_codec_string=^^:PCMA:PCMU]" in found["fernamt_leg_1"]
    assert "absolute_codec_string=^^:G722:PCMA]" in found["fernamt_leg_2"]
    assert "absolute_codec_string" not in variables(decision)["fernamt_leg_1"]
    assert "inherit_codec" not in found, "over networks that lose packets it keeps Opus"
    listed = (
        "mod_opus.opus@48000h@20i@2c,mod_spandsp.G722@8000h@20i@64000b,PCMA@8000h,CORE_PCM_MODULE.PCMU@8000h"
    )
    assert offered_call({**CHANNEL, "variable_ep_codec_string": listed}.get).codecs == spoken
    assert offered_call(CHANNEL.get).codecs == ()
