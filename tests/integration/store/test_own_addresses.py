"""Whom the guard never bans, by what is applied: trunks, Microsoft, nodes, and whom the settings name."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cli.errors import NeverBanned
from cli.settings import settings_from
from cli.wiring.guarding import Names, OwnAddresses, refuse_own, rules_of, sip_ports
from dialplan.strangers.counting import Evidence
from store.config_items import ConfigItem
from store.config_versions import ConfigStore

SETTINGS = settings_from(
    json.dumps(
        {
            "state_dir": "/nowhere",
            "carrier": ["/nowhere"],
            "controllers": ["192.0.2.20:8084"],
            "guard": {"never": ["198.51.100.0/28", "2001:db8:7::/48"], "requests_per_s": 50, "failures": 5},
            "node": {
                "sip_ip": "192.0.2.10",
                "event_socket_password": {"env": "NONE"},
                "cdr_dir": str(Path("/nowhere")),
            },
        }
    ),
    "test",
)
CARRIER = {
    "trunks": [{"id": "carrier-a", "address": "192.0.2.30:5060", "accepts_from": ["192.0.2.31"]}],
    "teams": {"fqdn": "sbc.example.com"},
}


@pytest.fixture
def own(engine: Engine) -> OwnAddresses:
    store = ConfigStore(engine)
    store.apply(0, [ConfigItem.of("carrier", "carrier", json.dumps(CARRIER))], [], author="test")
    return OwnAddresses(SETTINGS, engine, lambda: 0.0)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("192.0.2.30", "trunk carrier-a"),
        ("192.0.2.31", "trunk carrier-a"),
        ("192.0.2.10", "this node"),
        ("192.0.2.20", "a controller"),
        ("52.114.1.2", "52.112.0.0/14 in Microsoft Teams"),
        ("198.51.100.3", "198.51.100.0/28 in guard.never"),
        ("2001:db8:7:1::/64", "2001:db8:7::/48 in guard.never"),
        ("198.51.100.200", ""),
        ("2001:db8:8::/64", ""),
    ],
)
def test_whom_calls_depend_on_is_never_banned(own: OwnAddresses, source: str, why: str) -> None:
    assert own.why(source) == "nothing is known yet"
    own.look()
    assert own.why(source) == why


def test_a_trunk_with_a_name_is_never_banned_though_dns_is_away(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = ["192.0.2.40"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: dns(answers))
    trunk = {"id": "carrier-b", "address": "sip.example.com:5060", "accepts_from": ["192.0.2.41"]}
    store, at_s = ConfigStore(engine), [0.0]
    store.apply(0, [ConfigItem.of("carrier", "carrier", json.dumps({"trunks": [trunk]}))], [], author="test")
    own = OwnAddresses(SETTINGS, engine, lambda: at_s[0])
    own.look()
    assert own.why("192.0.2.40") == "trunk carrier-b"
    answers.clear()
    for _ in range(10):
        at_s[0] += 24 * 3600.0
        own.look()
    assert (own.why("192.0.2.40"), own.why("192.0.2.10")) == ("trunk carrier-b", "this node")


def dns(answers: list[str]) -> list[tuple[object, ...]]:
    """As socket.getaddrinfo says it."""
    if not answers:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (each, 0)) for each in answers]


def test_what_dns_said_of_a_name_stays_for_a_day_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[str] = ["192.0.2.40"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: dns(answers))
    at_s = [0.0]
    names, hosts = Names(lambda: at_s[0]), [("sip.example.com", "trunk carrier-b"), ("192.0.2.1", "a node")]
    assert names.sources(hosts) == {"192.0.2.40": "trunk carrier-b", "192.0.2.1": "a node"}
    before = names.complete
    at_s[0], answers[:] = 3_600.0, ["192.0.2.42"]
    assert names.sources(hosts).keys() == {"192.0.2.40", "192.0.2.42", "192.0.2.1"}
    answers.clear()
    at_s[0] = 30 * 3_600.0
    assert names.sources(hosts).keys() == {"192.0.2.40", "192.0.2.42", "192.0.2.1"}
    assert (before, names.complete) == (True, False)
    answers[:] = [f"10.0.{n // 250}.{n % 250 + 1}" for n in range(1_000)]
    found = names.sources(hosts)
    assert (len(found), "192.0.2.40" in found) == (257, False)
    assert names.sources(hosts[1:]) == {"192.0.2.1": "a node"}


def test_an_operator_is_refused_with_the_reason(own: OwnAddresses) -> None:
    with pytest.raises(NeverBanned, match="trunk carrier-a"):
        refuse_own(own, "192.0.2.31")
    refuse_own(own, "198.51.100.200")


def test_the_settings_change_the_buckets_and_name_the_ports() -> None:
    rules = rules_of(SETTINGS).allowances
    assert (rules[Evidence.REQUEST].drains_per_s, rules[Evidence.REQUEST].ban_at) == (50, 1_000)
    assert rules[Evidence.FAILURE].ban_at == 5
    assert sip_ports(SETTINGS) == (5060, 5070, 5080)
