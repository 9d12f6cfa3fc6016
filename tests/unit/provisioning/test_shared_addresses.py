"""Two customers' trunks on one IP address, as at a hoster or behind one NAT (A1, B1, B8)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provisioning.load import CheckedConfig

OWN = '{id: bau-1, address: "198.51.100.20:5060"}'
CARRIERS = '{id: carrier-b, address: "192.0.2.11:5060", emergency: true}'


def shared(checked: CheckedConfig) -> list[str]:
    return [str(each) for each in checked.warnings if each.id == "config.address-shared"]


@pytest.mark.parametrize(
    ("own", "carriers"),
    [
        (OWN, '"198.51.100.20:5070"'),
        (OWN, '"192.0.2.11:5060", accepts_from: [198.51.100.20]'),
        (OWN, '"192.0.2.11:5060", accepts_from: ["198.51.100.20:5070"]'),
        ('{id: bau-1, address: "198.51.100.20:5060", accepts_from: [198.51.100.20]}', '"198.51.100.20:5070"'),
    ],
    ids=[
        "neither says its ports",
        "one takes the whole address",
        "one says its ports",
        "the other one does not",
    ],
)
def test_who_did_not_say_its_ports_is_warned(
    accepted: Callable[..., CheckedConfig], changed: Callable[..., str], own: str, carriers: str
) -> None:
    entry = CARRIERS.replace('"192.0.2.11:5060"', carriers)
    (line,) = shared(accepted(changed((OWN, own), (CARRIERS, entry))))
    assert line.startswith(
        "a.yaml:14:9: warning: customers[0].trunks[0]: only their ports tell calls of the trunks 'carrier-b' "
        "and 'bau-1' apart: from a port that is not configured, as a NAT gives them, they are refused or "
        "taken for the other's, 110 and 112 too (the other one: carrier.trunks[1] at "
    )
    assert line.endswith(
        "found 198.51.100.20; allowed: accepts_from with the ports that each of them calls from, a login "
        "instead, or an address for each [config.address-shared]"
    )


@pytest.mark.parametrize(
    "trunks",
    [
        (OWN, '"192.0.2.11:5060"'),
        (
            '{id: bau-1, address: "198.51.100.20:5060", accepts_from: ["198.51.100.20:5060"]}',
            '"198.51.100.20:5070", accepts_from: ["198.51.100.20:5070"]',
        ),
        (
            OWN.replace("}", ", login: {secret: {lab: geheim}}}"),
            '"198.51.100.20:5070"',
        ),
    ],
    ids=["an address for each", "both say their ports", "one logs in"],
)
def test_who_cannot_be_confused_is_not_warned(
    accepted: Callable[..., CheckedConfig], changed: Callable[..., str], trunks: tuple[str, str]
) -> None:
    own, carriers = trunks
    entry = CARRIERS.replace('"192.0.2.11:5060"', carriers)
    assert shared(accepted(changed((OWN, own), (CARRIERS, entry)))) == []


def test_trunks_of_one_customer_may_share_an_address(
    accepted: Callable[..., CheckedConfig], changed: Callable[..., str]
) -> None:
    two = OWN + '\n      - {id: bau-2, address: "198.51.100.20:5070"}'
    assert shared(accepted(changed((OWN, two)))) == []
