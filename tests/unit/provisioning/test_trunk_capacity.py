"""`capacity` of customers' trunks, `headers` of Teams trunks: what is taken, refused, compiled. B1, B2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from refusal_cases import Case, each_is_refused

from dialplan.caller.header_map import PRESETS, HeaderMap, NumberFormat, Preset, Which
from dialplan.carrier import Trunk
from provisioning.compile import compile_snapshot
from provisioning.load import CheckedConfig
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets

Accept = Callable[..., CheckedConfig]
Change = Callable[..., str]

ENTRY = '{id: bau-1, address: "198.51.100.20:5060"}'
TENANT = "00000000-0000-4000-8000-000000000001"
EDGE = ("  trunks:\n", "  teams: {fqdn: sbc.teams.carrier.example}\n  trunks:\n")


def teams(facts: str = "") -> tuple[str, str]:
    fixed = f"id: teams, tenant_id: {TENANT}, fqdn: bau.teams.carrier.example"
    return "    sites:\n", f"    teams_trunks: [{{{fixed}{facts}}}]\n    sites:\n"


ALLOWED = "from_number, asserted_number, diversion, history_info, number_format"
HEADERS = "customers[0].teams_trunks[0].headers"

CASES: list[Case] = [
    (
        "no call at all",
        [(ENTRY, '{id: bau-1, address: "198.51.100.20:5060", capacity: 0}')],
        [
            "a.yaml:14:62: customers[0].trunks[0].capacity: a number is too small, found 0; allowed: 1 and "
            "above [config.out-of-range]"
        ],
    ),
    (
        "more calls than a switch has",
        [EDGE, teams(", capacity: 100001")],
        [
            "a.yaml:24:124: customers[0].teams_trunks[0].capacity: a number is too large, found 100001; "
            "allowed: 100000 and below [config.out-of-range]"
        ],
    ),
    (
        "a number that Teams finds nobody by",
        [EDGE, teams(", headers: {number_format: national}")],
        [
            f"a.yaml:24:139: {HEADERS}.number_format: Teams finds no user by a "
            "number without +, found 'national'; allowed: e164 or plus [config.teams-headers]"
        ],
    ),
    (
        "a format that nobody knows",
        [EDGE, teams(", headers: {number_format: e-164}")],
        [
            f"a.yaml:24:139: {HEADERS}.number_format: not one of the choices, found 'e-164'; allowed: e164, "
            "plus; did you mean 'e164'? [config.not-a-choice]"
        ],
    ),
    (
        "another host than Microsoft knows",
        [EDGE, teams(", headers: {host: sbc.example}")],
        [
            f"a.yaml:24:123: {HEADERS}: host is not for Teams: Microsoft finds the "
            f"tenant by our host name, which is the trunk's fqdn; allowed: {ALLOWED} [config.teams-headers]"
        ],
    ),
    (
        "withheld numbers for Microsoft",
        [EDGE, teams(", headers: {trusted: true}")],
        [
            f"a.yaml:24:123: {HEADERS}: trusted is not for Teams: withheld numbers "
            "must not leave our trust domain (RFC 3325 section 7, TDDDG § 15(1)); allowed: "
            f"{ALLOWED} [config.teams-headers]"
        ],
    ),
    (
        "a kind of carriers",
        [EDGE, teams(", headers: {preset: standard}")],
        [
            f"a.yaml:24:123: {HEADERS}: preset is not for Teams: the kinds are "
            f"those of telephone systems and carriers; allowed: {ALLOWED} [config.teams-headers]"
        ],
    ),
]

test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)


def trunk(checked: CheckedConfig, trunk_id: str) -> Trunk:
    secrets = Secrets({}, Path(), lab=True)
    snapshot = compile_snapshot(checked.config, version=1, network=RealNetwork(), secrets=secrets)
    return snapshot.trunks[trunk_id]


@pytest.mark.parametrize(
    ("changes", "trunk_id"),
    [
        ([(ENTRY, '{id: bau-1, address: "198.51.100.20:5060", capacity: 30}')], "bau-1"),
        ([(ENTRY, "{id: bau-1, login: {secret: {lab: geheim}}, capacity: 30}")], "bau-1"),
        ([EDGE, teams(", capacity: 30")], "teams"),
        ([('"192.0.2.10:5060"', '"192.0.2.10:5060", capacity: 30')], "carrier-a"),
    ],
    ids=["by address", "by login", "Teams", "a carrier's"],
)
def test_every_kind_of_trunk_has_a_capacity(
    accepted: Accept, changed: Change, changes: list[tuple[str, str]], trunk_id: str
) -> None:
    assert trunk(accepted(changed(*changes)), trunk_id).capacity == 30


def test_without_one_there_is_no_limit(accepted: Accept, changed: Change) -> None:
    checked = accepted(changed(EDGE, teams()))
    assert [trunk(checked, each).capacity for each in ("bau-1", "teams", "carrier-a")] == 3 * [None]


OF_TEAMS = {"host": "bau.teams.carrier.example", "trusted": False, "preferred": None}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("", HeaderMap(Which.SHOWN, Which.SHOWN, None, False, False, False, NumberFormat.PLUS)),
        (", headers: {}", HeaderMap(Which.SHOWN, Which.SHOWN, None, False, False, False, NumberFormat.PLUS)),
        (
            ", headers: {number_format: e164, history_info: true, diversion: true}",
            HeaderMap(Which.SHOWN, Which.SHOWN, None, True, True, False, NumberFormat.E164),
        ),
        (
            ", headers: {from_number: network, asserted_number: none}",
            HeaderMap(Which.NETWORK, None, None, False, False, False, NumberFormat.PLUS),
        ),
    ],
    ids=["none", "empty", "forwarders", "the line's number"],
)
def test_headers_of_teams_keep_microsofts_host_and_what_is_withheld(
    accepted: Accept, changed: Change, headers: str, expected: HeaderMap
) -> None:
    found = trunk(accepted(changed(EDGE, teams(headers))), "teams").header_map
    assert {key: getattr(found, key) for key in OF_TEAMS} == OF_TEAMS
    assert (found.from_header, found.asserted) == (expected.from_header, expected.asserted)
    assert (found.diversion, found.history_info, found.number_format) == (
        expected.diversion,
        expected.history_info,
        expected.number_format,
    )
    assert PRESETS[Preset.CUSTOMER].host is None
