"""Codecs of a trunk hold for calls from it too: by the directory, before FreeSWITCH chooses one (B1)."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from dialplan.carrier import Peer
from dialplan.snapshot import Snapshot
from freeswitch.offer import offered_call
from freeswitch.render import render
from freeswitch.render.codecs import taken_with
from tests.unit.dialplan.carriers import BAU_1, BAU_2, CARRIER_A, CARRIER_B, snapshot
from tests.unit.dialplan.login_customer import SYSTEM, with_system
from tests.unit.freeswitch.node import SETTINGS

WIDE = ("G722", "PCMA")


def rendered(carrier: Snapshot) -> Element:
    return ElementTree.fromstring(render(carrier, SETTINGS))  # noqa: S314 - made by ourselves


def with_trunks(*codecs: tuple[str, ...]) -> Snapshot:
    """A customer with two trunks at one address, and these codecs."""
    first, second = codecs
    return snapshot(
        trunks=(CARRIER_A, CARRIER_B, replace(BAU_1, codecs=first), replace(BAU_2, codecs=second))
    )


def nodes(tree: Element, name: str) -> list[tuple[str | None, str | None]]:
    return [(each.get("domain"), each.get("cidr")) for each in tree.findall(f".//list[@name='{name}']/node")]


def users(tree: Element, domain: str) -> dict[str | None, dict[str | None, str | None]]:
    found = tree.findall(f".//section[@name='directory']/domain[@name='{domain}']//user")
    return {
        user.get("cidr"): {each.get("name"): each.get("value") for each in user.iter("variable")}
        for user in found
    }


@pytest.mark.parametrize(
    ("codecs", "written"),
    [
        (("PCMA",), "PCMA,PCMU"),
        (("PCMU", "PCMA"), "PCMU,PCMA"),
        (("G722",), "G722,PCMA,PCMU"),
        (("OPUS", "PCMU"), "OPUS,PCMU,PCMA"),
    ],
)
def test_calls_from_a_trunk_are_taken_with_its_first_codec_that_is_offered(
    codecs: tuple[str, ...], written: str
) -> None:
    """B8: with G.711 in the end, so that a call to 110 is not refused with 488."""
    assert taken_with(codecs) == {"absolute_codec_string": written, "rtp_codec_negotiation": "greedy"}


def test_a_trunk_without_codecs_of_its_own_is_taken_with_the_profiles() -> None:
    assert taken_with(("PCMA", "PCMU")) == {}
    tree = rendered(with_trunks(("PCMA", "PCMU"), ("PCMA", "PCMU")))
    assert nodes(tree, "trunk-peers") == [(None, "198.51.100.20/32")]
    assert tree.find(".//domain[@name='trunk-peers']") is None


def test_who_is_known_by_an_address_has_its_codecs_by_the_access_list() -> None:
    """The entry that names users stands first: FreeSWITCH finds the first of two for one address (read:
    switch_utils.c), and the plain one lets calls in should the directory not be there."""
    tree = rendered(with_trunks(WIDE, WIDE))
    assert nodes(tree, "trunk-peers") == [("trunk-peers", None), (None, "198.51.100.20/32")]
    variables = {"absolute_codec_string": "G722,PCMA,PCMU", "rtp_codec_negotiation": "greedy"}
    assert users(tree, "trunk-peers") == {"198.51.100.20/32": variables}
    assert nodes(tree, "carrier-peers") == [(None, "192.0.2.10/32"), (None, "192.0.2.11/32")]


def test_nobody_logs_in_as_an_address() -> None:
    tree = rendered(with_trunks(WIDE, WIDE))
    (user,) = tree.findall(".//domain[@name='trunk-peers']//user")
    assert {each.get("name"): each.get("value") for each in user.iter("param")} == {
        "allow-empty-password": "false"
    }
    phone = tree.find(".//profile[@name='phone']/settings/param[@name='force-register-domain']")
    assert phone is not None
    assert phone.get("value") == SETTINGS.domain


def test_trunks_at_one_address_that_want_different_codecs_have_the_profiles() -> None:
    """FreeSWITCH knows the address, and not yet whose trunk the port makes it."""
    tree = rendered(with_trunks(("PCMA", "PCMU"), WIDE))
    assert tree.find(".//domain[@name='trunk-peers']") is None


def test_carriers_and_customers_are_apart() -> None:
    carrier = replace(CARRIER_A, codecs=("PCMA",), peers=(Peer("2001:db8::20"), *CARRIER_A.peers))
    tree = rendered(snapshot(trunks=(carrier, CARRIER_B, BAU_1, BAU_2)))
    variables = {"absolute_codec_string": "PCMA,PCMU", "rtp_codec_negotiation": "greedy"}
    assert users(tree, "carrier-peers") == {"192.0.2.10/32": variables, "2001:db8::20/128": variables}
    assert users(tree, "trunk-peers") == {}


def test_who_logs_in_has_its_codecs_by_its_own_entry() -> None:
    tree = rendered(with_system(replace(SYSTEM, codecs=WIDE)))
    (user,) = tree.findall(".//user[@id='anlage-bau']")
    variables = {each.get("name"): each.get("value") for each in user.iter("variable")}
    assert variables["absolute_codec_string"] == "G722,PCMA,PCMU"
    assert variables["rtp_codec_negotiation"] == "greedy"


def test_of_a_caller_whose_codec_is_chosen_that_one_is_known() -> None:
    """Whatever else it offered: its leg speaks that one from now on."""
    channel = {
        "Unique-ID": "call-1",
        "FreeSWITCH-Switchname": "node-1",
        "variable_sofia_profile_name": "trunk",
        "variable_sip_network_ip": "198.51.100.20",
        "Caller-Destination-Number": "+4915228817386",
    }
    listed = {"variable_ep_codec_string": "mod_spandsp.G722@8000h@20i@64000b,CORE_PCM_MODULE.PCMA@8000h"}
    assert offered_call({**channel, **listed}.get).codecs == ("G722", "PCMA")
    assert offered_call({**channel, **listed, "variable_read_codec": "opus"}.get).codecs == ("OPUS",)
    ours = {"variable_rtp_codec_negotiation": "greedy", "variable_absolute_codec_string": "PCMU,PCMA,G722"}
    assert offered_call({**channel, **listed, **ours}.get).codecs == ("PCMA", "G722"), "the trunk's order"
