"""Who may reach a node's Event Socket, by the rendered configuration (field-notes: it is full control)."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from freeswitch.render import render
from freeswitch.settings import NodeDoor
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


def test_with_other_nodes_their_machines_are_admitted_and_no_others() -> None:
    settings = replace(SETTINGS, other_nodes=(NodeDoor("192.0.2.20", 5090),))
    root = ET.fromstring(render(snapshot(), settings))  # noqa: S314 - made by ourselves
    name = event_socket(root)["apply-inbound-acl"]
    listed = root.find(f".//list[@name='{name}']")
    assert listed is not None
    assert listed.attrib["default"] == "deny"
    assert {(each.attrib["type"], each.attrib["cidr"]) for each in listed} == {
        ("allow", "127.0.0.0/8"),
        ("allow", "192.0.2.20/32"),
    }
