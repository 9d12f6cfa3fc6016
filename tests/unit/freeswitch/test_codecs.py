"""Which codecs a leg is offered, and what calls of phones and Teams are taken with (B1, C6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from dialplan.carrier import Phone, Trunk
from dialplan.decide import decide
from dialplan.legs import Caller, leg_to_trunk
from freeswitch.codecs import offered_to, once_heard, phone_codecs
from freeswitch.dialstring import agents_leg
from freeswitch.offer import decision_variables
from freeswitch.render import render
from freeswitch.secure_offer import offers_keys
from tests.unit.dialplan.carriers import (
    AT,
    BAU_1,
    BERLIN_2,
    CARRIER_A,
    KOELN,
    MOBILE,
    PHONE_1,
    PHONE_2,
    from_phone,
    snapshot,
)
from tests.unit.dialplan.login_customer import SYSTEM, with_system
from tests.unit.dialplan.teams_customer import TEAMS, TEAMS_NUMBER, with_teams
from tests.unit.freeswitch.node import DOMAIN, SETTINGS, TLS_SETTINGS

BROWSER = replace(PHONE_1, webrtc=True)
WIDE = replace(BAU_1, codecs=("G722", "PCMA"))
ALONE = replace(BAU_1, codecs=("G722",))
DESK = ("G722", "PCMA", "PCMU")
WEB = ("OPUS", *DESK)


@pytest.mark.parametrize(
    ("to", "caller", "offered"),
    [
        pytest.param(CARRIER_A, ("PCMA",), (), id="as ever"),
        pytest.param(CARRIER_A, ("PCMU",), ("PCMU", "PCMA"), id="who has the other law alone"),
        pytest.param(CARRIER_A, DESK, ("PCMA", "PCMU"), id="a phone and a carrier"),
        pytest.param(CARRIER_A, ("OPUS",), ("PCMA", "PCMU"), id="nothing in common"),
        pytest.param(PHONE_1, ("PCMA",), (), id="a carrier and a phone"),
        pytest.param(PHONE_1, DESK, DESK, id="two phones"),
        pytest.param(PHONE_1, ("PCMU", "PCMA"), ("PCMU", "PCMA"), id="a phone without wideband"),
        pytest.param(PHONE_1, ("G722",), ("G722", "PCMA"), id="a call that is wideband already"),
        pytest.param(PHONE_1, WEB, DESK, id="a browser and a phone"),
        pytest.param(BROWSER, ("PCMA",), WEB, id="a carrier and a browser"),
        pytest.param(BROWSER, DESK, DESK, id="a phone and a browser"),
        pytest.param(WIDE, ("PCMA",), (), id="a carrier and a trunk with wideband"),
        pytest.param(WIDE, DESK, ("G722", "PCMA"), id="a phone and a trunk with wideband"),
        pytest.param(ALONE, ("PCMA",), ("G722",), id="a trunk with wideband alone"),
    ],
)
def test_a_leg_is_offered_what_both_sides_speak(
    to: Trunk | Phone, caller: tuple[str, ...], offered: tuple[str, ...]
) -> None:
    """In the caller's order; nothing is said where FreeSWITCH offers the same by itself."""
    assert offered_to(to, caller) == offered


def test_between_nodes_a_system_is_offered_g711() -> None:
    assert offered_to(replace(SYSTEM, codecs=("G722",)), DESK, through=True) == ("PCMA", "PCMU")


@pytest.mark.parametrize(
    ("named", "webrtc", "codecs"),
    [
        ((), False, DESK),
        ((), True, WEB),
        (("PCMU",), False, ("PCMU", "PCMA")),
        (("OPUS", "G722"), False, WEB),
    ],
)
def test_a_phone_has_g711_whatever_else_is_configured(
    named: tuple[str, ...], webrtc: bool, codecs: tuple[str, ...]
) -> None:
    """B8: no call fails for its codec, and none to 110."""
    assert phone_codecs(replace(PHONE_1, codecs=named, webrtc=webrtc)) == codecs


def test_to_whom_something_is_played_first_speaks_g711_from_then_on() -> None:
    assert once_heard(DESK) == ("PCMA",)
    assert once_heard(("G722", "PCMU")) == ("PCMU",)
    assert once_heard(("G722",)) == ("G722",)
    assert once_heard(()) == ()


def legs_of(found: dict[str, str]) -> list[str]:
    return [text for name, text in found.items() if name.startswith("fernamt_leg_") and text]


def decided(number: str, **facts: Any) -> dict[str, str]:
    offered = from_phone(number, **facts)
    return decision_variables(decide(offered, with_teams(), AT), offered, domain=DOMAIN)


def test_a_desk_phone_is_told_nothing_about_its_codec_in_each_call() -> None:
    """That it gets what a trunk takes stands in the directory: it holds without a controller too."""
    found = decided(MOBILE, codecs=DESK)
    assert all("absolute_codec_string=^^:PCMA:PCMU]" in leg for leg in legs_of(found))
    assert "inherit_codec" not in found


def test_a_browser_gives_opus_up_for_phones_and_teams() -> None:
    """Nothing is converted within a customer; towards trunks it keeps what lost packets do not spoil."""
    for number in (BERLIN_2, TEAMS_NUMBER):
        assert decided(number, codecs=WEB)["inherit_codec"] == "true"
    assert "inherit_codec" not in decided(MOBILE, codecs=WEB)


def test_a_call_with_a_chosen_codec_is_left_with_it() -> None:
    found = decided(BERLIN_2, codecs=("PCMA",))
    assert "inherit_codec" not in found
    assert not any("absolute_codec_string" in leg for leg in legs_of(found))


def test_the_leg_of_an_agent_or_program_has_g711_where_it_may() -> None:
    """Callers of queues have it; G.722 on one side would be converted for the whole call."""

    def written(trunk: Trunk) -> str:
        return agents_leg(leg_to_trunk(trunk, KOELN, Caller(MOBILE)), "leg-1", DOMAIN, {})

    assert "absolute_codec_string" not in written(WIDE)
    assert "absolute_codec_string=^^:G722," in written(ALONE)


def tree_of(text: str) -> Element:
    return ElementTree.fromstring(text)  # noqa: S314 - made by ourselves


def settings_of(tree: Element, profile: str) -> dict[str | None, str | None]:
    found = tree.findall(f".//profile[@name='{profile}']/settings/param")
    return {each.get("name"): each.get("value") for each in found}


def user_of(tree: Element, name: str) -> dict[str | None, str | None]:
    return {each.get("name"): each.get("value") for each in tree.findall(f".//user[@id='{name}']//variable")}


def test_codecs_of_phones_and_teams_are_chosen_when_the_called_party_has_chosen() -> None:
    """And of carriers before anything else: their calls have one for the whole way."""
    carrier = with_teams()
    wide = {**carrier.trunks, TEAMS.id: replace(TEAMS, codecs=("OPUS", "G722"))}
    tree = tree_of(render(replace(carrier, trunks=wide), TLS_SETTINGS))
    for profile, codecs in (("phone", "PCMA,PCMU,G722"), ("teams", "PCMA,PCMU,G722,OPUS")):
        settings = settings_of(tree, profile)
        assert settings["inbound-late-negotiation"] == "true"
        assert settings["inbound-codec-negotiation"] == "greedy"
        assert settings["inbound-codec-prefs"] == codecs
        assert settings["outbound-codec-prefs"] == "PCMA,PCMU"
    for profile in ("carrier", "trunk"):
        assert "inbound-late-negotiation" not in settings_of(tree, profile)
        assert settings_of(tree, profile)["inbound-codec-prefs"] == "PCMA,PCMU"


def test_a_caller_without_a_codec_of_ours_is_refused_before_anybody_is_asked() -> None:
    """It would otherwise be found out when the called party answers. 110 could not be spoken with either."""
    tree = tree_of(render(with_teams(), TLS_SETTINGS))
    first = {name: tree.find(f".//context[@name='{name}']/extension") for name in ("phone", "teams", "trunk")}
    names = {name: found.get("name") for name, found in first.items() if found is not None}
    assert names == {"phone": "no-codec", "teams": "no-codec", "trunk": "offer-emergency"}


def test_what_phones_and_systems_speak_stands_in_the_directory() -> None:
    narrow, opus = replace(PHONE_1, codecs=("PCMA", "PCMU")), replace(PHONE_2, codecs=("OPUS", "G722"))
    tree = tree_of(render(snapshot(phones=(narrow, opus)), SETTINGS))
    assert user_of(tree, "kanzlei-1")["absolute_codec_string"] == "PCMA,PCMU"
    assert user_of(tree, "Kanzlei.2")["absolute_codec_string"] == "PCMA,PCMU,OPUS,G722"
    assert user_of(tree, "Kanzlei.2")["inherit_codec"] == "true"
    assert {each.get("module") for each in tree.iter("load")} >= {"mod_opus", "mod_spandsp"}
    usual = tree_of(render(snapshot(), SETTINGS))
    assert user_of(usual, "kanzlei-1").keys() >= {"inherit_codec"}
    assert "absolute_codec_string" not in user_of(usual, "kanzlei-1")
    system = user_of(tree_of(render(with_system(), SETTINGS)), "anlage-bau")
    assert (system["absolute_codec_string"], system["rtp_codec_negotiation"]) == ("PCMA,PCMU", "generous")
    assert system["inherit_codec"] == "true"


KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"


@pytest.mark.parametrize(
    ("media", "secure"),
    [
        (("m=audio 4000 RTP/SAVP 8", KEY), True),
        (("m=audio 4000 UDP/TLS/RTP/SAVPF 111", "a=fingerprint:sha-256 AB:CD"), True),
        (("a=fingerprint:sha-256 AB:CD", "m=audio 4000 UDP/TLS/RTP/SAVPF 111"), True),
        (("m=audio 4000 RTP/AVP 8",), False),
        (("m=audio 4000 RTP/AVP 8", KEY), False),
        (("m=audio 4000 RTP/SAVP 8",), False),
        (("m=audio 4000 RTP/SAVP 8", KEY.replace("AES_CM_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80")), False),
        (("m=audio 4000 RTP/SAVP 8", KEY.replace("HMAC_SHA1_80", "NULL_AUTH")), False),
        (("m=audio 4000 RTP/AVP 8", "m=video 4002 RTP/SAVP 99", KEY), False),
        (("m=audio 4000 RTP/SAVP 8", "m=video 4002 RTP/SAVP 99", KEY), False),
    ],
)
def test_an_offer_with_keys_for_its_sound_is_encrypted(media: tuple[str, ...], secure: bool) -> None:
    """RFC 4568, RFC 5763: as FreeSWITCH takes it when the call is answered."""
    text = "\r\n".join(("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "t=0 0", *media, ""))
    channel = {"variable_switch_r_sdp": text}
    assert offers_keys(channel.get) is secure
    assert not offers_keys({**channel, "variable_read_codec": "PCMA"}.get), "it has been agreed without"
