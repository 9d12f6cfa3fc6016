"""A small carrier made by hand, and calls offered to it: what tests change about them they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dialplan.call import CallOffered, Entry
from dialplan.carrier import (
    AssignedNumber,
    Credentials,
    Customer,
    NumberBlock,
    Peer,
    Phone,
    Registration,
    SipAddress,
    ToPhones,
    ToTrunks,
    Trunk,
    TrunkSide,
)
from dialplan.circumstances import Circumstances
from dialplan.number_blocks import NumberBlocks
from dialplan.snapshot import Snapshot
from dialplan.sources import sole_sources
from dialplan.trunks.routes import route_table
from numbering.e164 import E164

#: A Wednesday, ten in the morning in Germany.
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
AT = Circumstances(NOW)

KOELN = E164("+492214710100")
KOELN_HUNT = E164("+492214710101")
KOELN_FREE = E164("+492214710900")
BERLIN = E164("+493023125001")
BERLIN_2 = E164("+493023125002")
MOBILE = E164("+4915228817386")

BAU = Customer("bau", "Beispiel Bau GmbH", KOELN)
KANZLEI = Customer("kanzlei", "Beispiel Kanzlei", BERLIN)

CARRIER_A = Trunk(
    "carrier-a",
    TrunkSide.CARRIER,
    SipAddress("192.0.2.10", 5060),
    (Peer("192.0.2.10", 5060),),
    registration=Registration("beispiel-carrier", Credentials("beispiel-carrier", "registrier-geheimnis")),
    priority=10,
    emergency=True,
)
CARRIER_B = Trunk(
    "carrier-b",
    TrunkSide.CARRIER,
    SipAddress("192.0.2.11", 5060),
    (Peer("192.0.2.11"),),
    priority=20,
    emergency=True,
)
BAU_1 = Trunk("bau-1", TrunkSide.CUSTOMER, SipAddress("198.51.100.20", 5060), (Peer("198.51.100.20"),), "bau")
BAU_2 = Trunk(
    "bau-2",
    TrunkSide.CUSTOMER,
    SipAddress("198.51.100.20", 5070),
    (Peer("198.51.100.20", 5070),),
    "bau",
    codecs=("G722", "PCMA"),
)
PHONE_1 = Phone("kanzlei-1", "kanzlei", Credentials("kanzlei-1", "telefon-geheimnis-1"), BERLIN)
PHONE_2 = Phone("kanzlei-2", "kanzlei", Credentials("Kanzlei.2", "telefon-geheimnis-2"), BERLIN_2, 20)


def snapshot(
    *,
    customers: Iterable[Customer] = (BAU, KANZLEI),
    trunks: Iterable[Trunk] = (CARRIER_A, CARRIER_B, BAU_1, BAU_2),
    phones: Iterable[Phone] = (PHONE_1, PHONE_2),
    version: int = 7,
) -> Snapshot:
    """Two carrier trunks, a customer with two trunks, one with two phones; blocks in Cologne and Berlin."""
    trunks, phones = tuple(trunks), tuple(phones)
    numbers = (
        AssignedNumber(KOELN, "bau", ToTrunks(("bau-1", "bau-2"))),
        AssignedNumber(KOELN_HUNT, "bau", ToTrunks(("bau-2", "bau-1"))),
        AssignedNumber(BERLIN, "kanzlei", ToPhones(("kanzlei-1", "kanzlei-2"))),
        AssignedNumber(BERLIN_2, "kanzlei", ToPhones(("kanzlei-2",))),
    )
    carrier = sorted((t for t in trunks if t.side is TrunkSide.CARRIER), key=lambda t: (t.priority, t.id))
    return Snapshot(
        version=version,
        customers={each.id: each for each in customers},
        trunks={each.id: each for each in trunks},
        phones={each.id: each for each in phones},
        numbers={each.number: each for each in numbers},
        blocks=NumberBlocks(
            (
                NumberBlock(E164("+492214710000"), E164("+492214710999")),
                NumberBlock(E164("+493023125000"), E164("+493023125999")),
            )
        ),
        peers={peer: each.id for each in trunks for peer in each.peers},
        carrier_trunks=tuple(each.id for each in carrier),
        emergency_trunks=tuple(each.id for each in carrier if each.emergency),
        default_area_code="221",
        routes=route_table(carrier),
        sole_sources=sole_sources(trunks),
    )


def blocked(customer: Customer) -> Customer:
    """The customer with all outgoing calls barred."""
    return replace(customer, blocked=True)


def without_carriers() -> Snapshot:
    """The carrier with no trunk to any other carrier."""
    return snapshot(trunks=(BAU_1, BAU_2))


def from_carrier(dialled: str = KOELN, **facts: Any) -> CallOffered:
    """A call from the public network over carrier-a."""
    known: dict[str, Any] = {"from_user": MOBILE, "source_ip": "192.0.2.10", "source_port": 5060}
    return _offered(Entry.CARRIER, dialled, {**known, **facts})


def from_trunk(dialled: str = MOBILE, **facts: Any) -> CallOffered:
    """A call from the customer "bau" over bau-1."""
    known: dict[str, Any] = {"from_user": KOELN_HUNT, "source_ip": "198.51.100.20", "source_port": 5060}
    return _offered(Entry.TRUNK, dialled, {**known, **facts})


def from_phone(dialled: str = MOBILE, **facts: Any) -> CallOffered:
    """A call from the customer "kanzlei"'s first phone."""
    known: dict[str, Any] = {
        "phone_id": "kanzlei-1",
        "from_user": "kanzlei-1",
        "source_ip": "203.0.113.9",
        "source_port": 40_000,
    }
    return _offered(Entry.PHONE, dialled, {**known, **facts})


def _offered(entry: Entry, dialled: str, facts: dict[str, Any]) -> CallOffered:
    return CallOffered(**{"call_id": "call-1", "node": "node-1", "entry": entry, "dialled": dialled, **facts})
