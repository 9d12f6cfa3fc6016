"""Who may reach a node's Event Socket, by the rendered configuration (field-notes: it is full control)."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from freeswitch.render import render
from freeswitch.settings import NodeDoor, SwitchSettings
from tests.unit.freeswitch.node import SETTINGS, snapshot


def event_socket(root: ET.Element) -> dict[str, str]:
    found = root.find(".//configuration[@name='event_socket.conf']")
    assert found is not None
    return {each.attrib["name"]: each.attrib["value"] for each in found.iter("param")}


def test_event_socket_admits_the_loopback_alone() -> None:
    root = ET.fromstring(render(snapshot(), SETTINGS))  # noqa: S314 - made by ourselves
    values = event_socket(root)
    assert values["apply-inbound-acl"] == "loopback.auto"
    assert values["listen-ip"] == "127.0.0.1"


def admitted(settings: SwitchSettings) -> list[str]:
    root = ET.fromstring(render(snapshot(), settings))  # noqa: S314 - made by ourselves
    listed = root.find(f".//list[@name='{event_socket(root)['apply-inbound-acl']}']")
    assert listed is not None
    assert listed.attrib["default"] == "deny"
    assert {each.attrib["type"] for each in listed} == {"allow"}
    return [each.attrib["cidr"] for each in listed]


def test_with_other_nodes_the_addresses_of_event_sockets_are_admitted_and_no_others() -> None:
    """Not those for SIP: between sites the programs come through a tunnel, of one machine from it itself."""
    doors = NodeDoor("192.0.2.20", 5090), NodeDoor("2001:db8::20", 5090)
    known = replace(SETTINGS, other_nodes=doors, other_event_sockets=("10.99.0.2", "2001:db8:99::3"))
    assert admitted(known) == ["10.99.0.2/32", "2001:db8:99::3/128", "127.0.0.0/8"]
    for own, more in (("10.99.0.1", ["10.99.0.1/32"]), ("127.0.0.2", []), ("0.0.0.0", [])):  # noqa: S104
        listens = replace(SETTINGS.event_socket, host=own)
        found = admitted(replace(known, event_socket=listens))
        assert found == [*more, "10.99.0.2/32", "2001:db8:99::3/128", "127.0.0.0/8"]


@pytest.mark.parametrize("own", ["10.99.0.1/32", "::1/128"])
def test_a_nodes_own_programs_are_admitted_wherever_it_listens(own: str) -> None:
    """Linux takes a local target as source too; FreeSWITCH's own list of the loopback would refuse them."""
    listens = replace(SETTINGS.event_socket, host=own.partition("/")[0])
    assert admitted(replace(SETTINGS, event_socket=listens)) == [own, "127.0.0.0/8"]
