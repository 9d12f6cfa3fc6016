"""The small carrier with Microsoft Teams: a customer whose numbers are linked to a tenant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from dialplan.call import CallOffered, Entry
from dialplan.caller.header_map import PRESETS, Preset
from dialplan.carrier import (
    AssignedNumber,
    SipAddress,
    Srtp,
    TeamsEdge,
    TeamsLine,
    ToTrunks,
    Transport,
    Trunk,
    TrunkSide,
)
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from tests.unit.dialplan.carriers import BAU, BAU_1, BAU_2, CARRIER_A, CARRIER_B, KOELN, MOBILE, snapshot

TENANT: Final = "00000000-0000-4000-8000-000000000001"
OTHER_TENANT: Final = "00000000-0000-4000-8000-000000000002"
TEAMS_NUMBER: Final = E164("+492214710150")
TEAMS_FQDN: Final = "bau.teams.carrier.example"

EDGE: Final = TeamsEdge(
    "sbc.teams.carrier.example",
    tuple(SipAddress(f"{name}.teams.example", 5061, Transport.TLS) for name in ("sip", "sip2", "sip3")),
    ("52.112.0.0/14", "52.122.0.0/15"),
    60,
)
TEAMS: Final = Trunk(
    "bau-teams",
    TrunkSide.CUSTOMER,
    SipAddress(TEAMS_FQDN, 5061, Transport.TLS),
    (),
    "bau",
    own_header_map=replace(PRESETS[Preset.CUSTOMER], host=TEAMS_FQDN),
    srtp=Srtp.REQUIRED,
    teams=TeamsLine(TENANT, TEAMS_FQDN),
)


def with_teams() -> Snapshot:
    """`BAU` has Teams beside its telephone system; only `TEAMS_NUMBER` is linked to the tenant."""
    base = snapshot(trunks=(CARRIER_A, CARRIER_B, BAU_1, BAU_2, TEAMS))
    linked = AssignedNumber(TEAMS_NUMBER, BAU.id, ToTrunks((TEAMS.id,)), tenant_id=TENANT)
    assert KOELN in base.numbers
    return replace(
        base,
        numbers={**base.numbers, TEAMS_NUMBER: linked},
        tenants={TENANT: TEAMS.id},
        teams=EDGE,
    )


def from_teams(dialled: str = MOBILE, **facts: Any) -> CallOffered:
    """A call from the customer's Teams, as Microsoft sends it."""
    known: dict[str, Any] = {
        "call_id": "call-1",
        "node": "node-1",
        "entry": Entry.TEAMS,
        "source_ip": "52.114.75.24",
        "source_port": 5061,
        "from_user": TEAMS_NUMBER,
        "tenant_id": TENANT,
        "encrypted": True,
    }
    return CallOffered(**{**known, "dialled": dialled, **facts})
