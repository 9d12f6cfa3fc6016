"""Caller ids in the configuration: what is refused, and what the call path gets. B2, B3, B4."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from refusal_cases import Case, each_is_refused

from dialplan.caller.header_map import PRESETS, HeaderMap, NumberFormat, Preset, Which
from dialplan.caller.policy import NO_POLICY, CallerPolicy, RightOfUse
from dialplan.snapshot import Snapshot
from provisioning.compile import compile_snapshot
from provisioning.errors import Severity
from provisioning.load import CheckedConfig
from provisioning.network import RealNetwork
from provisioning.schema import caller_id
from provisioning.secrets import Secrets

NUMBERS = "    numbers:\n"


def rights(number: str, more: str = "") -> list[tuple[str, str]]:
    """The valid configuration with one right of use."""
    entry = f'{{number: "{number}", kind: contract, dated: 2026-01-01, document: Akte 1{more}}}'
    return [(NUMBERS, f"    caller_numbers: [{entry}]\n{NUMBERS}")]


FORBIDDEN = "customers[0].caller_numbers[0].number: nobody may call as this number"
ALLOWED = (
    "allowed: a whole number that is not 0900, 118xy, 0137 or a short code [config.caller-number-forbidden]"
)
FOREIGN = (
    "allowed: a German number; with exception: vfg-44-2022 also one of EU, EFTA, Andorra, Monaco, San "
    "Marino, Vatican [config.caller-number-foreign]"
)
CASES: list[Case] = [
    *(
        (
            f"a right to {name}",
            rights(number),
            [f"a.yaml:17:31: {FORBIDDEN}: {name} (TKG § 120), found {read}; {ALLOWED}"],
        )
        for name, number, read in (
            ("premium", "0900 1234567", "+499001234567"),
            ("mass_calling", "0137 1234567", "+491371234567"),
            ("directory", "011833", "+4911833"),
        )
    ),
    (
        "a right to a foreign number",
        rights("+33 140000001"),
        [
            "a.yaml:17:31: customers[0].caller_numbers[0].number: a foreign number (FR) may not be shown "
            f"(TKG § 120(2)), found +33140000001; {FOREIGN}"
        ],
    ),
    (
        "a right to a foreign number of a state without the exception",
        rights("+44 2079460001", ", exception: vfg-44-2022"),
        [
            "a.yaml:17:31: customers[0].caller_numbers[0].number: a foreign number (GB) may not be shown "
            f"(TKG § 120(2)), found +442079460001; {FOREIGN}"
        ],
    ),
    (
        "a right that ends before it begins",
        rights("040 66969-001", ", until: 2025-12-31"),
        [
            "a.yaml:17:22: customers[0].caller_numbers[0]: until 2025-12-31 comes before dated 2026-01-01; "
            "allowed: until on or after dated [config.days-order]"
        ],
    ),
    (
        "an advertising phone that withholds its number",
        [
            (
                "secret: {lab: geheim}}",
                "secret: {lab: geheim}, caller_id: {withhold: true, advertising: true}}",
            )
        ],
        [
            "a.yaml:16:82: customers[0].phones[0].caller_id: advertising calls cannot withhold their number "
            "(TDDDG § 15(2)); allowed: withhold or advertising, not both [config.caller-id-contradicts]"
        ],
    ),
    (
        "headers of a host that is none",
        [('address: "192.0.2.10:5060"', 'address: "192.0.2.10:5060", headers: {host: "a b"}')],
        [
            "a.yaml:7:67: carrier.trunks[0].headers.host: not an IP address or host name, found 'a b'; "
            "allowed: sip.example.com, 192.0.2.10 or 2001:db8::1 [config.host]"
        ],
    ),
]

test_a_wrong_caller_id_is_refused = each_is_refused(CASES)


def test_the_values_of_the_schema_are_those_of_the_dialplan() -> None:
    assert set(get_args(caller_id.PresetName)) == set(Preset)
    assert set(get_args(caller_id.FormatName)) == set(NumberFormat)
    assert set(get_args(caller_id.Which)) == set(Which)


def compiled(checked: CheckedConfig) -> Snapshot:
    """The configuration as the call path reads it."""
    secrets = Secrets({}, Path(), lab=True)
    return compile_snapshot(checked.config, version=1, network=RealNetwork(), secrets=secrets)


def test_without_caller_ids_trunks_are_what_their_side_says(
    accepted: Callable[..., CheckedConfig], changed: Callable[..., str]
) -> None:
    snapshot = compiled(accepted(changed()))
    assert snapshot.trunks["carrier-a"].header_map == PRESETS[Preset.STANDARD]
    assert snapshot.trunks["bau-1"].header_map == PRESETS[Preset.CUSTOMER]
    assert snapshot.trunks["bau-1"].caller_policy == snapshot.phones["phone-1"].caller_policy == NO_POLICY
    assert not snapshot.customers["kunde"].rights


def test_caller_ids_are_compiled(accepted: Callable[..., CheckedConfig], changed: Callable[..., str]) -> None:
    text = changed(
        (
            'address: "192.0.2.10:5060"',
            'address: "192.0.2.10:5060", foreign_entry: true, headers: {preset: from-network, '
            "number_format: national, diversion: false, preferred_number: shown, asserted_number: none, "
            "host: Sip.Example.com, trusted: false}",
        ),
        (
            'address: "198.51.100.20:5060"',
            'address: "198.51.100.20:5060", headers: {number_format: digits}, '
            "caller_id: {wrong_number: refuse, forwards: true, advertising: true}",
        ),
        ("secret: {lab: geheim}}", "secret: {lab: geheim}, caller_id: {withhold: true}}"),
        ("trunks: [bau-1]}", "trunks: [bau-1], rejects_anonymous: true}"),
        *rights("+33 140000001", ", exception: vfg-44-2022, until: 2026-12-31"),
    )
    snapshot = compiled(accepted(text))
    carrier = snapshot.trunks["carrier-a"]
    assert carrier.foreign_entry
    assert carrier.header_map == HeaderMap(
        from_header=Which.NETWORK,
        asserted=None,
        preferred=Which.SHOWN,
        diversion=False,
        history_info=True,
        trusted=False,
        number_format=NumberFormat.NATIONAL,
        host="sip.example.com",
    )
    trunk = snapshot.trunks["bau-1"]
    assert (trunk.header_map.trusted, trunk.header_map.number_format) == (False, NumberFormat.DIGITS)
    assert trunk.caller_policy == CallerPolicy(advertising=True, refuse=True, forwards=True)
    assert snapshot.phones["phone-1"].caller_policy == CallerPolicy(withhold=True)
    customer = snapshot.customers["kunde"]
    assert customer.rights == {"+33140000001": RightOfUse(date(2026, 1, 1), date(2026, 12, 31), True)}
    assert len(customer.rejects_anonymous) == 100


@pytest.mark.parametrize(
    ("change", "id_"),
    [
        (
            ('198.51.100.20:5060"', '198.51.100.20:5060", headers: {trusted: true}'),
            "config.headers-trusted-customer",
        ),
        (
            ('192.0.2.10:5060"', '192.0.2.10:5060", headers: {preset: from-network-preferred}'),
            "config.emergency-not-asserted",
        ),
    ],
)
def test_what_is_allowed_but_seldom_meant_is_a_warning(
    accepted: Callable[..., CheckedConfig], changed: Callable[..., str], change: tuple[str, str], id_: str
) -> None:
    (found,) = [each for each in accepted(changed(change)).warnings if each.id == id_]
    assert found.severity is Severity.WARNING
