"""Carrier routes in the YAML: what is refused, what is warned of, what is compiled (B1)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from dialplan.carrier import CarrierRoute
from dialplan.week import WeekTimes
from provisioning.compile import compile_snapshot
from provisioning.load import CheckedConfig
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets

B = '"192.0.2.11:5060", emergency: true'
A = '"192.0.2.10:5060", emergency: true'
ALL_A = (A, f"{A}, routes: [{{countries: [DE]}}]")

REFUSED = [
    ("a weight of 0", [(A, f"{A}, weight: 0")], "carrier.trunks[0].weight", "config.out-of-range"),
    ("no call at once", [(A, f"{A}, capacity: 0")], "carrier.trunks[0].capacity", "config.out-of-range"),
    ("a ping too often", [(A, f"{A}, ping_s: 4")], "carrier.trunks[0]", "config.ping"),
    (
        "110 as a route",
        [(A, f"{A}, routes: [{{classes: [emergency]}}]")],
        "carrier.trunks[0].routes[0].classes[0]",
        "config.bar-emergency",
    ),
    (
        "a class that is none",
        [(A, f"{A}, routes: [{{classes: [mobil]}}]")],
        "carrier.trunks[0].routes[0].classes[0]",
        "config.not-a-choice",
    ),
    (
        "two terms for one prefix",
        [(A, f'{A}, routes: [{{prefixes: ["+44"]}}, {{prefixes: ["0044"], priority: 3}}, {{}}]')],
        "carrier.trunks[0].routes[1].prefixes[0]",
        "config.route-twice",
    ),
    (
        "a class that nobody takes",
        [(A, f"{A}, routes: [{{classes: [geographic]}}]"), (B, f"{B}, routes: [{{countries: [AT]}}]")],
        "carrier.trunks",
        "config.nobody-serves",
    ),
    (
        "a customer bound to a trunk that takes nothing of Germany",
        [
            (A, f"{A}, routes: [{{countries: [AT]}}]"),
            ("main_number:", "carrier_trunks: [carrier-a]\n    main_number:"),
        ],
        "customers[0].carrier_trunks",
        "config.nobody-serves",
    ),
    (
        "a customer bound to a trunk of its own",
        [("main_number:", "carrier_trunks: [bau-1]\n    main_number:")],
        "customers[0].carrier_trunks[0]",
        "config.unknown-carrier-trunk",
    ),
]


@pytest.mark.parametrize(
    ("changes", "path", "id_"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_what_makes_no_sense_is_refused(
    refused: Callable[..., list[str]],
    changed: Callable[..., str],
    changes: list[tuple[str, str]],
    path: str,
    id_: str,
) -> None:
    lines = [line for line in refused(changed(*changes)) if " warning: " not in line]
    assert [line for line in lines if f" {path}: " in line and line.endswith(f"[{id_}]")], lines


def test_hours_at_which_no_trunk_takes_calls_are_warned_of(
    accepted: Callable[..., CheckedConfig], changed: Callable[..., str]
) -> None:
    days = "days: [mon, tue, wed, thu, fri, sat, sun]"
    timed = f'{{countries: [DE], times: [{{{days}, begins: "06:00", ends: "24:00"}}]}}'
    checked = accepted(changed((A, f"{A}, routes: [{timed}]"), (B, f"{B}, routes: [{{classes: [mobile]}}]")))
    (gap,) = [str(each) for each in checked.warnings if "config.times-leave-gaps" in str(each)]
    assert "mon 00:00 to mon 06:00 no carrier trunk takes calls to geographic, freephone" in gap
    assert "mobile" not in gap


def test_countries_that_nobody_takes_are_warned_of(
    accepted: Callable[..., CheckedConfig], changed: Callable[..., str]
) -> None:
    others = '{countries: [DE]}, {prefixes: ["+43"]}, {countries: [CH]}'
    checked = accepted(changed((A, f"{A}, routes: [{others}]"), (B, f"{B}, routes: [{others}]")))
    (missing,) = [str(each) for each in checked.warnings if "config.nobody-serves" in str(each)]
    assert "no carrier trunk takes calls to AC, AD" in missing


def test_a_route_has_its_trunks_terms_where_it_names_none(
    accepted: Callable[..., CheckedConfig], changed: Callable[..., str]
) -> None:
    slot = '{days: [mon], begins: "08:00", ends: "24:00"}'
    own = f'{{prefixes: ["0044"], priority: 3, cost: 0.0190 EUR, weight: 7, times: [{slot}]}}'
    terms = "priority: 20, weight: 30, cost: 0.02 EUR, capacity: 40"
    checked = accepted(changed((A, f"{A}, {terms}, routes: [{own}, {{}}]")))
    snapshot = compile_snapshot(
        checked.config, version=1, network=RealNetwork(), secrets=Secrets({}, Path(), lab=True)
    )
    trunk = snapshot.trunks["carrier-a"]
    assert (trunk.capacity, trunk.ping_s, snapshot.trunks["bau-1"].ping_s) == (40, 30, None)
    assert trunk.routes == (
        CarrierRoute(3, 7, Decimal("0.0190"), ("+44",), times=WeekTimes((480,), (1440,))),
        CarrierRoute(20, 30, Decimal("0.02")),
    )
    assert [[way.trunk_id for way in group] for group in snapshot.routes.groups("+44207", "", "GB")] == [
        ["carrier-a"],
        ["carrier-a"],
        ["carrier-b"],
    ]
