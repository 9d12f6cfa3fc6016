"""Calls with Microsoft Teams: whose they are, and by which ways they get there (A4, B1, B2).

Microsoft's servers are the same for all customers, so no address tells whose call it is: the tenant does, and
the number must be the tenant's. Microsoft's public description of Direct Routing is the source of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from dialplan.call import CallOffered, Via
from dialplan.caller.identity import Origin, Refused, trunk_origin
from dialplan.carrier import TeamsEdge, Trunk
from dialplan.causes import Cause
from dialplan.decision import CallFacts, Decision, Direction, Route
from dialplan.legs import Caller, leg_back
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot

#: A SIP URI without user; its parameters without anything that could be syntax of something else.
_URI: Final = re.compile(
    r"sip:(?P<host>[A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?(?:;[A-Za-z0-9_.~%+=:/-]{1,400}){0,16}\Z", re.ASCII
)
_BY_TLS: Final = re.compile(r";transport=tls(?:;|\Z)", re.ASCII | re.IGNORECASE)
_REFERRED_BY: Final = re.compile(r"[ \"<>A-Za-z0-9_.~%+=:/;@-]{1,1000}\Z", re.ASCII)


def teams_trunk(offered: CallOffered, snapshot: Snapshot) -> Trunk | None:
    """The Teams trunk of the tenant that the call is of; None for a tenant that we do not know."""
    trunk_id = snapshot.tenants.get((offered.tenant_id or "").lower())
    return snapshot.trunks[trunk_id] if trunk_id else None


def teams_origin(offered: CallOffered, snapshot: Snapshot, trunk: Trunk) -> Origin:
    """As for any trunk of a customer, but the number must be linked to this very tenant (A4). A call with a
    number of somebody else's is refused and not put right; 110 and 112 get through with the main number."""
    origin = trunk_origin(offered, snapshot, trunk)
    if origin.refused is not None or trunk.teams is None:
        return origin
    assigned = snapshot.numbers.get(origin.network_number)
    if origin.claims and not origin.claimed:
        why = reason("teams.number-not-assigned", customer=origin.customer.id)
    elif assigned is None or assigned.tenant_id != trunk.teams.tenant_id:
        why = reason("teams.number-of-no-tenant", customer=origin.customer.id, number=origin.network_number)
    else:
        return origin
    return replace(origin, refused=Refused(why, Cause.CALL_REJECTED, 403))


def taken_back(offered: CallOffered, snapshot: Snapshot) -> Decision | None:
    """A transfer within Teams names no number but an address of Microsoft's, which the call is to be sent to
    as it is, with its Referred-By; there it goes on, to another user or by a call of its own that follows our
    rules. None for every other transfer: also one to an address that is not Microsoft's.

    The call in hand goes on, so it takes nothing of any limit.
    """
    behalf = offered.behalf
    trunk = snapshot.trunks.get(behalf.trunk_id or "") if behalf else None
    if behalf is None or trunk is None or trunk.teams is None or offered.via is not Via.TRANSFER:
        return None
    uri = _of_microsoft(offered.refer_to or "", snapshot.teams)
    if uri is None or trunk.customer_id != behalf.customer_id:
        return None
    customer = snapshot.customers[behalf.customer_id]
    number = behalf.number or customer.main_number
    caller = offered.original or Caller(number)
    referred_by = offered.referred_by or ""
    headers = (("Referred-By", referred_by),) if _REFERRED_BY.match(referred_by) else ()
    way = next(ways(trunk, snapshot))
    facts = CallFacts(Direction.INCOMING, customer.id, trunk.id, caller.number, caller.shown, number)
    why = reason("teams.taken-back", customer=customer.id)
    return Decision(Route((leg_back(way, number, caller, uri, headers),)), why, facts, snapshot.version)


def _of_microsoft(uri: str, edge: TeamsEdge | None) -> str | None:
    """The URI when its host is one of the edge's, or a sibling of one (sip-du-a-eu.pstnhub...); by TLS."""
    found = _URI.match(uri)
    if edge is None or found is None:
        return None
    host = found["host"].lower()
    hosts = {each.host for each in edge.addresses}
    domains = {each.partition(".")[2] for each in hosts if not each[-1].isdigit()}
    if host not in hosts and host.partition(".")[2] not in domains:
        return None
    return uri if _BY_TLS.search(uri) else f"{uri};transport=tls"


def ways(trunk: Trunk, snapshot: Snapshot) -> Iterator[Trunk]:
    """The trunk once for each address that calls over it may be sent to, in their order."""
    edge = snapshot.teams
    if trunk.teams is None or edge is None:
        yield trunk
        return
    for way, address in enumerate(edge.addresses, start=1):
        yield replace(trunk, address=address, way=way)
