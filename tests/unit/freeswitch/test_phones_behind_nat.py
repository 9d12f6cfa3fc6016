"""Phones behind a NAT are called where they are: the profile and the list that tell FreeSWITCH so (B1)."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from freeswitch.render import render
from tests.unit.dialplan.carriers import snapshot
from tests.unit.freeswitch.node import SETTINGS, rendered
from tests.unit.freeswitch.test_render import params


def listed(tree: Element) -> list[tuple[str | None, str | None]]:
    holder = tree.find(".//list[@name='phone-inside']")
    assert holder is not None
    assert holder.get("default") == "deny"
    return [(node.get("type"), node.get("cidr")) for node in holder]


def test_a_phone_with_an_address_of_a_private_network_is_called_where_it_registered_from() -> None:
    """RFC 1918, RFC 6598; also when its NAT is in the node's own network."""
    tree = ElementTree.fromstring(rendered())  # noqa: S314 - made by ourselves
    phone = params(tree, ".//profile[@name='phone']/settings")
    assert (phone["apply-nat-acl"], phone["local-network-acl"]) == ("phone-inside", "none")
    assert listed(tree) == [
        ("allow", "10.0.0.0/8"),
        ("allow", "172.16.0.0/12"),
        ("allow", "192.168.0.0/16"),
        ("allow", "100.64.0.0/10"),
    ]


def test_the_way_through_the_nat_is_kept_open_and_silence_takes_no_phone_away() -> None:
    phone = params(ElementTree.fromstring(rendered()), ".//profile[@name='phone']/settings")  # noqa: S314
    assert (phone["nat-options-ping"], phone["ping-mean-interval"]) == ("udp-only", "25")
    assert "unregister-on-options-fail" not in phone


@pytest.mark.parametrize("name", ["carrier", "trunk"])
def test_who_is_known_by_an_address_is_never_looked_for_elsewhere(name: str) -> None:
    found = params(ElementTree.fromstring(rendered()), f".//profile[@name='{name}']/settings")  # noqa: S314
    assert not {"apply-nat-acl", "nat-options-ping", "aggressive-nat-detection"} & found.keys()


def test_sound_is_taken_from_where_it_first_comes_from_and_from_nowhere_else_later() -> None:
    """FreeSWITCH's own way: ten packets before the first from the address of the SDP (read: switch_rtp.c).
    These would let anybody in for as long as the call lasts."""
    text = rendered()
    assert "rtp-bugs" not in text
    assert "rtp_auto_adjust" not in text


@pytest.mark.parametrize("sip_ip", ["10.0.0.5", "100.64.0.5", "192.168.1.5"])
def test_a_node_in_such_a_network_has_a_list_without_itself(sip_ip: str) -> None:
    """FreeSWITCH refuses a list that holds the profile's own address (read: sofia.c)."""
    text = render(snapshot(), replace(SETTINGS, sip_ip=sip_ip))
    tree = ElementTree.fromstring(text)  # noqa: S314 - made by ourselves
    assert listed(tree)[-1] == ("deny", f"{sip_ip}/32")


@pytest.mark.parametrize("sip_ip", ["203.0.113.5", "2001:db8::5"])
def test_a_node_elsewhere_has_the_networks_alone(sip_ip: str) -> None:
    text = render(snapshot(), replace(SETTINGS, sip_ip=sip_ip))
    assert len(listed(ElementTree.fromstring(text))) == 4  # noqa: S314 - made by ourselves
