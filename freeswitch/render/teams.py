"""The profile towards Microsoft Teams: TLS alone, our host names in Via and Contact, OPTIONS to each server.

Each customer has gateways of its own, one for each of Microsoft's addresses, because the Contact's host names
the customer (Direct Routing, "derived trunks"). OPTIONS are sent with the host name of our own alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from dialplan.call import Entry
from dialplan.carrier import SipAddress, TeamsEdge
from dialplan.snapshot import Snapshot
from dialplan.teams import ways
from freeswitch.dialstring import gateway_name
from freeswitch.render.tls import certificate_params
from freeswitch.render.xml import params
from freeswitch.settings import TlsSettings

#: No trunk's id has capital letters.
_EDGE: Final = "TEAMS-"

#: Name, where it leads, our host name there, whether it asks by OPTIONS.
Gateway = tuple[str, SipAddress, str, bool]


def teams_profile_params(edge: TeamsEdge, tls: TlsSettings) -> Mapping[str, str | int | bool]:
    """What differs from the other profiles."""
    return {
        "sip-port": tls.teams_port,
        "ext-sip-ip": edge.fqdn,
        # A REFER within Teams has no user; FreeSWITCH would do nothing about it (read: sofia.c, seen).
        "full-id-in-dialplan": True,
        "tls": True,
        "tls-only": True,
        "tls-sip-port": tls.teams_port,
        **certificate_params(tls),
        # Microsoft shows a certificate too when it connects.
        "tls-verify-policy": "all|subjects_out" if tls.verified else "none",
        "auth-calls": False,
        "apply-inbound-acl": f"{Entry.TEAMS}-peers",
        "disable-register": True,
    }


def teams_gateways(parent: Element, snapshot: Snapshot, edge: TeamsEdge) -> None:
    """Those that ask by OPTIONS, and the customers'."""
    for name, address, fqdn, asks in teams_ways(snapshot, edge):
        gateway = SubElement(parent, "gateway", name=name)
        values: dict[str, str | int | bool] = {
            "proxy": str(address),
            "realm": address.host,
            "from-domain": fqdn,
            "contact-host": fqdn,
            "register": False,
            "register-transport": address.transport.value,
            "username": name,
            "password": "",
            "caller-id-in-from": True,
            "retry-seconds": 30,
        }
        if asks and edge.ping_s is not None:
            values |= {
                "ping": edge.ping_s,
                "ping-min": 0,
                "ping-max": 1,
                "ping-monitoring": True,
                "contact-in-ping": True,
            }
        params(gateway, values)


def teams_ways(snapshot: Snapshot, edge: TeamsEdge) -> Iterator[Gateway]:
    """Every gateway of the profile."""
    for n, address in enumerate(edge.addresses, start=1):
        yield f"{_EDGE}{n}", address, edge.fqdn, True
    for trunk in snapshot.trunks.values():
        if trunk.teams is not None:
            for way in ways(trunk, snapshot):
                if way.address is not None:
                    yield gateway_name(way), way.address, trunk.teams.fqdn, False
