"""The rendered door for other nodes: phones and systems that are registered here, and what they want."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from freeswitch.render import render
from freeswitch.settings import NodeDoor
from tests.unit.dialplan.carriers import snapshot
from tests.unit.freeswitch.node import SETTINGS, rendered


def test_without_other_nodes_no_door_is_opened_for_them() -> None:
    tree = ElementTree.fromstring(rendered())  # noqa: S314 - made by ourselves
    assert {each.get("name") for each in tree.iter("profile")} == {"carrier", "trunk", "phone", "default"}
    assert tree.find(".//context[@name='node']") is None


def test_other_nodes_reach_phones_that_are_registered_here_and_nothing_else() -> None:
    """B5: a name with anything in it that could be syntax matches nothing, and no record is made twice."""
    settings = replace(SETTINGS, other_nodes=(NodeDoor("192.0.2.7", 5090), NodeDoor("2001:db8::7", 5090)))
    tree = ElementTree.fromstring(render(snapshot(), settings))  # noqa: S314
    peers = [each.get("cidr") for each in tree.findall(".//list[@name='node-peers']/node")]
    assert peers == ["192.0.2.7/32", "2001:db8::7/128"]
    profile = {
        each.get("name"): each.get("value")
        for each in tree.iterfind(".//profile[@name='node']/settings/param")
    }
    assert (profile["apply-inbound-acl"], profile["context"], profile["sip-port"]) == (
        "node-peers",
        "node",
        "5090",
    )
    phone, agents = tree.findall(".//context[@name='node']/extension[@name='phone']/condition")
    expression = re.compile(phone.get("expression", ""))
    assert expression.match("kanzlei.2")
    assert not any(expression.match(each) for each in ("a/b", "${x}", "a,b", "a|b", "a%b", "", "a@b"))
    assert any("process_cdr=false" in each.get("data", "") for each in phone.findall("action"))
    marked, unmarked = (
        [each.get("data") for each in agents.findall(tag) if each.get("application") == "bridge"]
        for tag in ("action", "anti-action")
    )
    ring = "sip_cid_type=none,origination_uuid=${uuid}-phone,sip_redirect_context=node-redirected"
    there = "sofia/phone/${fernamt_there}%phones.fernamt.invalid"
    assert unmarked == [f"[{ring}]{there}"]
    assert marked == [f"[{ring},presence_data=agent-at/$1]{there}"]


@pytest.mark.parametrize(
    ("context", "dialled", "does"),
    [
        ("node-transferred", "+4915228817386", "deflect"),
        ("node-transferred", "0221*4710", "deflect"),
        ("node-transferred", "${domain}", None),
        ("node-transferred", "a@b", None),
        ("node-redirected", "030112", "redirect"),
        ("node-redirected", "x;y", None),
    ],
)
def test_what_a_phone_of_another_nodes_call_wants_is_told_back_as_digits(
    context: str, dialled: str, does: str | None
) -> None:
    """B5: that node decides, by the rights of the phone that it called."""
    settings = replace(SETTINGS, other_nodes=(NodeDoor("192.0.2.7", 5090),))
    tree = ElementTree.fromstring(render(snapshot(), settings))  # noqa: S314
    extension = tree.findall(f".//context[@name='{context}']/extension")[0]
    last = extension.findall("condition")[-1]
    found = re.search(last.get("expression", ""), dialled)
    assert (found is not None) == (does is not None)
    action = last.findall("action")[0]
    assert (action.get("application"), action.get("data")) == (
        ("deflect" if context == "node-transferred" else "redirect"),
        "sip:$1@phones.fernamt.invalid",
    )


def test_only_the_phone_that_was_called_may_transfer_another_nodes_call() -> None:
    """Guarantee 2: whom it was joined with here has rights of nobody."""
    settings = replace(SETTINGS, other_nodes=(NodeDoor("192.0.2.7", 5090),))
    tree = ElementTree.fromstring(render(snapshot(), settings))  # noqa: S314
    asked = tree.findall(".//context[@name='node-transferred']/extension/condition")[0]
    assert asked.get("field") == "${last_bridge_to}/${uuid}"
    call, other = "0b8f6a0e-51b1-4b0e-9d7e-0c6f6c1c3b11", "77d5fb7a-51b1-4b0e-9d7e-0c6f6c1c3b12"
    expression = re.compile(asked.get("expression", ""))
    assert expression.search(f"{call}-phone/{call}")
    assert not any(expression.search(each) for each in (f"{other}/{call}", f"{other}-phone/{call}", "/"))
