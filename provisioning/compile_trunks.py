"""Trunks for the call path, once their places are known and their secrets read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from dialplan.caller.header_map import Preset
from dialplan.carrier import (
    NO_PROGRESS_S,
    REGISTERED_RINGS_S,
    CarrierRoute,
    Credentials,
    Peer,
    Registration,
    SipAddress,
    Srtp,
    TeamsLine,
    Transport,
    Trunk,
    TrunkSide,
)
from provisioning.caller_ids import caller_policy, header_map, teams_header_map
from provisioning.emergency import emergency_form
from provisioning.schema import (
    CarrierRouteEntry,
    CarrierTrunkEntry,
    CustomerTrunkEntry,
    TeamsTrunkEntry,
    TrunkEntry,
)
from provisioning.week_times import week_times

#: SIP over TLS (RFC 3261 section 26.3.2.1).
_TEAMS_PORT: Final = 5061


def sip_trunk(
    entry: TrunkEntry,
    customer_id: str | None,
    address: SipAddress | None,
    peers: Iterable[Peer],
    registration: Registration | None,
    login: Credentials | None,
) -> Trunk:
    """A carrier's or a customer's trunk; `customer_id` is None for a carrier's."""
    carrier = entry if isinstance(entry, CarrierTrunkEntry) else None
    customers = entry if isinstance(entry, CustomerTrunkEntry) else None
    limited = carrier or customers
    return Trunk(
        id=entry.id,
        side=TrunkSide.CARRIER if carrier else TrunkSide.CUSTOMER,
        address=address,
        peers=tuple(dict.fromkeys(peers)),
        customer_id=customer_id,
        registration=registration,
        login=login,
        priority=carrier.priority if carrier else 100,
        emergency=carrier.emergency if carrier else False,
        codecs=entry.codecs,
        no_progress_s=entry.no_progress_s or (NO_PROGRESS_S if address is not None else REGISTERED_RINGS_S),
        no_answer_s=entry.no_answer_s,
        routes=tuple(_carrier_routes(carrier)) if carrier else (),
        capacity=limited.capacity if limited else None,
        ping_s=entry.ping_s or None,
        own_header_map=header_map(entry.headers, Preset.STANDARD if carrier else Preset.CUSTOMER),
        caller_policy=caller_policy(customers.caller_id if customers else None),
        foreign_entry=carrier.foreign_entry if carrier else False,
        emergency_form=emergency_form(carrier.emergency_invite if carrier else None),
        abroad=customers.abroad if customers else False,
        srtp=Srtp(entry.srtp),
    )


def _carrier_routes(trunk: CarrierTrunkEntry) -> Iterator[CarrierRoute]:
    """The trunk's routes with its own terms where they name none; one for everything where there is none."""
    for entry in trunk.routes or (CarrierRouteEntry.model_validate({}),):
        cost = entry.cost or trunk.cost
        yield CarrierRoute(
            entry.priority or trunk.priority,
            entry.weight or trunk.weight,
            cost.value if cost else None,
            entry.prefixes,
            entry.countries,
            entry.classes,
            week_times(entry.times),
        )


def teams_trunk(entry: TeamsTrunkEntry, customer_id: str) -> Trunk:
    """A customer's Teams. It has no source of its own, and its address is the edge's (dialplan/teams.py)."""
    return Trunk(
        id=entry.id,
        side=TrunkSide.CUSTOMER,
        address=SipAddress(entry.fqdn, _TEAMS_PORT, Transport.TLS),
        peers=(),
        customer_id=customer_id,
        codecs=entry.codecs,
        no_progress_s=entry.no_progress_s,
        no_answer_s=entry.no_answer_s,
        capacity=entry.capacity,
        own_header_map=teams_header_map(entry),
        caller_policy=caller_policy(entry.caller_id),
        srtp=Srtp.REQUIRED,
        teams=TeamsLine(entry.tenant_id, entry.fqdn),
    )
