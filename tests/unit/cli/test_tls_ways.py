"""Systems that must be called by TLS are called over the node that they have registered with so (B1, B5)."""

from __future__ import annotations

from dataclasses import replace

from cli.wiring.phone_homes import SwitchNode
from cli.wiring.tls_ways import tls_ways
from controller.trunk_logins import TrunkLogins
from dialplan.carrier import Srtp
from freeswitch.registrations import TlsOf, TlsWay
from freeswitch.settings import NodeDoor
from tests.unit.dialplan.login_customer import SYSTEM, with_system

USER, HOME = "anlage-bau", "203.0.113.9:40000"
DOORS = {"node-1": NodeDoor("192.0.2.1", 5090), "node-2": NodeDoor("192.0.2.2", 5090)}


def ways(logins: TrunkLogins) -> TlsOf:
    def nobody() -> None:
        raise AssertionError("no node is asked for a call")

    return tls_ways(logins, {name: SwitchNode(nobody, door) for name, door in DOORS.items()})  # type: ignore[arg-type]


def test_the_node_with_the_connection_calls_and_the_other_goes_through_its_door() -> None:
    logins = TrunkLogins(lambda trunk, up, why, in_clear: None)
    logins.watch(with_system(replace(SYSTEM, srtp=Srtp.REQUIRED)))
    way = ways(logins)
    assert way(USER, "node-1") is None
    logins.came("node-2", USER, tls=HOME)
    assert way(USER, "node-2") == TlsWay(HOME)
    assert way(USER, "node-1") == TlsWay(HOME, DOORS["node-2"])
    logins.came("node-1", USER)
    assert way(USER, "node-1") == TlsWay(HOME, DOORS["node-2"]), "its own node has it in clear only"
    logins.went("node-2", USER)
    assert way(USER, "node-1") is None
