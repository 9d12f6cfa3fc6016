"""The rendered configuration with certificates: TLS, WSS, DTLS-SRTP and Microsoft Teams (issue 7, B1, C6)."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from freeswitch.render import render
from tests.unit.dialplan.carriers import snapshot
from tests.unit.dialplan.teams_customer import EDGE, TENANT
from tests.unit.freeswitch.node import GOLDEN_TLS, SETTINGS, TLS_SETTINGS, rendered_with_tls
from tests.unit.freeswitch.test_render import params


@pytest.fixture(scope="module")
def tree() -> Element:
    return ElementTree.fromstring(rendered_with_tls())  # noqa: S314 - made by ourselves


def test_the_configuration_with_tls_is_as_it_was_read_over() -> None:
    assert rendered_with_tls() == GOLDEN_TLS.read_text(), (
        "it changed: run `python -m tests.unit.freeswitch.node` and read the difference"
    )


def test_nothing_older_than_tls_1_2_is_spoken(tree: Element) -> None:
    """BSI TR-02102-2."""
    for name in ("carrier", "trunk", "phone", "teams"):
        found = params(tree, f".//profile[@name='{name}']/settings")
        assert (found["tls"], found["tls-version"]) == ("true", "tlsv1.2,tlsv1.3")
        assert found["tls-verify-policy"] == ("all|subjects_out" if name == "teams" else "out|subjects_out")
        assert found["tls-cert-dir"] == "/var/lib/fernamt/tls"


def test_without_certificates_nothing_listens_for_tls_or_teams() -> None:
    text = render(replace(snapshot(), teams=EDGE), SETTINGS)
    plain = ElementTree.fromstring(text)  # noqa: S314
    assert {each.get("name") for each in plain.iter("profile")} >= {"carrier", "trunk", "phone"}
    assert plain.find(".//profile[@name='teams']") is None
    assert 'name="tls" value="true"' not in text
    assert "wss-binding" not in text


def test_browsers_have_wss_and_their_codecs_and_may_not_aim_sound_into_our_network(tree: Element) -> None:
    """C6; RFC 8445: candidates are the browser's word."""
    phone = tree.find(".//profile[@name='phone']/settings")
    assert phone is not None
    lists = [each.get("value") for each in phone if each.get("name") == "apply-candidate-acl"]
    assert lists == ["wan.auto", "loopback.auto"]
    assert params(tree, ".//profile[@name='phone']/settings")["wss-binding"] == ":7443"
    codecs = {
        user.get("id"): [
            each.get("value") for each in user.iter("variable") if each.get("name") == "absolute_codec_string"
        ]
        for user in tree.iter("user")
    }
    assert codecs == {"kanzlei-1": ["OPUS,G722,PCMA,PCMU"], "Kanzlei.2": []}
    assert [each.get("module") for each in tree.iter("load")].count("mod_opus") == 1


@pytest.mark.parametrize(
    ("sip_ip", "lists"),
    [
        ("10.0.0.5", ["wan.auto", "rfc1918.auto"]),
        ("203.0.113.5", ["wan.auto"]),
        ("2001:db8::5", ["wan.auto"]),
    ],
)
def test_a_node_in_a_private_network_takes_its_neighbours_sound(sip_ip: str, lists: list[str]) -> None:
    text = render(snapshot(), replace(TLS_SETTINGS, sip_ip=sip_ip))
    settings = ElementTree.fromstring(text).find(".//profile[@name='phone']/settings")  # noqa: S314
    assert settings is not None
    assert [each.get("value") for each in settings if each.get("name") == "apply-candidate-acl"] == lists


def test_teams_sees_our_host_names_and_one_options_a_minute(tree: Element) -> None:
    """field-notes.md, Teams: FQDN in Via and Contact, OPTIONS each 60 s."""
    settings = params(tree, ".//profile[@name='teams']/settings")
    assert (settings["ext-sip-ip"], settings["full-id-in-dialplan"]) == (EDGE.fqdn, "true")
    assert (settings["tls-only"], settings["tls-sip-port"], settings["disable-transfer"]) == (
        "true",
        "5061",
        "false",
    )
    gateways = {
        str(each.get("name")): params(tree, f".//gateway[@name='{each.get('name')}']")
        for each in tree.findall(".//profile[@name='teams']/gateways/gateway")
    }
    assert list(gateways) == [
        *("TEAMS-1", "TEAMS-2", "TEAMS-3"),
        *("bau-teams.W1", "bau-teams.W2", "bau-teams.W3"),
    ]
    for name, found in gateways.items():
        ours = EDGE.fqdn if name.startswith("TEAMS-") else "bau.teams.carrier.example"
        assert (found["contact-host"], found["from-domain"]) == (ours, ours)
        assert found.get("ping") == ("60" if name.startswith("TEAMS-") else None)
    assert gateways["bau-teams.W2"]["proxy"] == "sip2.teams.example:5061"


def test_only_microsofts_networks_may_call_as_teams(tree: Element) -> None:
    listed = tree.find(".//list[@name='teams-peers']")
    assert listed is not None
    assert listed.get("default") == "deny"
    assert [each.get("cidr") for each in listed] == ["52.112.0.0/14", "52.122.0.0/15"]


def test_an_emergency_call_from_teams_without_a_controller_is_its_tenants(tree: Element) -> None:
    """B8, guarantee 1."""
    found = tree.find(".//context[@name='emergency']/extension[@name='trunk-bau-teams']")
    assert found is not None
    tests = [(each.get("field"), each.get("expression")) for each in found.iter("condition")]
    assert tests == [
        ("destination_number", "^teams-(110|112)$"),
        ("${sip_h_X-MS-TenantID}", f"(?i)^{re.escape(TENANT)}$"),
    ]
    assert tree.find(".//context[@name='teams']") is not None
