"""The small exchange that is measured: one customer's trunk, two carriers' trunks, one FreeSWITCH node."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dialplan.call import CallOffered, Entry
from dialplan.carrier import (
    AssignedNumber,
    Customer,
    NumberBlock,
    Peer,
    SipAddress,
    ToTrunks,
    Trunk,
    TrunkSide,
)
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.number_blocks import NumberBlocks
from dialplan.snapshot import Snapshot
from dialplan.trunks.routes import route_table
from freeswitch.offer import decision_variables
from freeswitch.settings import EventSocketAddress, SwitchSettings
from numbering.e164 import E164

HOST: Final = "127.0.0.1"
#: Both are numbers that the Bundesnetzagentur keeps free for films and examples.
CALLER: Final = E164("+492214710100")
DIALLED: Final = "+494066969001"
#: Below the range the kernel gives to outgoing sockets.
_LEG_ID: Final = re.compile("origination_uuid=[0-9a-f-]+,")
_RTP_PORTS: Final = (10000, 16382)


@dataclass(frozen=True, slots=True)
class Ports:
    """Every port of one measurement, all free when it began."""

    carrier_profile: int
    trunk_profile: int
    phone_profile: int
    event_socket: int
    controller: int
    status: int
    caller: int
    carrier: int
    dead_carrier: int

    @staticmethod
    def free() -> Ports:
        """Ports that are free for TCP and UDP now. They are closed again, so another program may take one."""
        names = Ports.__dataclass_fields__
        pairs = [_open_pair() for _ in names]
        try:
            return Ports(*(tcp.getsockname()[1] for tcp, _ in pairs))
        finally:
            for pair in pairs:
                for one in pair:
                    one.close()

    def as_text(self) -> str:
        """For a child's command line; `from_text` reads it."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> Ports:
        """The ports that `as_text` wrote."""
        return Ports(**json.loads(text))


def _open_pair() -> tuple[socket.socket, socket.socket]:
    for _ in range(50):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp.bind((HOST, 0))
        try:
            udp.bind((HOST, tcp.getsockname()[1]))
        except OSError:
            tcp.close()
            udp.close()
        else:
            return tcp, udp
    raise OSError("no port is free for both TCP and UDP")


def snapshot(ports: Ports) -> Snapshot:
    """The configuration: the customer's outgoing calls go to `carrier-a`, then to `carrier-b` (dead)."""
    trunks = [
        _trunk("carrier-a", TrunkSide.CARRIER, ports.carrier, priority=10),
        _trunk("carrier-b", TrunkSide.CARRIER, ports.dead_carrier, priority=20),
        _trunk("pbx", TrunkSide.CUSTOMER, ports.caller, customer_id="kunde-bau"),
    ]
    customer = Customer("kunde-bau", "Beispiel Bau GmbH", CALLER)
    number = AssignedNumber(CALLER, customer.id, ToTrunks(("pbx",)))
    carriers = ("carrier-a", "carrier-b")
    return Snapshot(
        version=1,
        customers={customer.id: customer},
        trunks={trunk.id: trunk for trunk in trunks},
        phones={},
        numbers={number.number: number},
        blocks=NumberBlocks((NumberBlock(E164("+492214710000"), E164("+492214710999")),)),
        peers={peer: trunk.id for trunk in trunks for peer in trunk.peers},
        carrier_trunks=carriers,
        emergency_trunks=carriers,
        default_area_code="221",
        routes=route_table(trunks),
    )


def _trunk(
    trunk_id: str, side: TrunkSide, port: int, *, priority: int = 100, customer_id: str | None = None
) -> Trunk:
    return Trunk(
        trunk_id,
        side,
        SipAddress(HOST, port),
        (Peer(HOST, port),),
        customer_id,
        priority=priority,
        emergency=side is TrunkSide.CARRIER,
    )


def settings(ports: Ports, folder: Path) -> SwitchSettings:
    """The node. Its CDRs go to `folder/cdr`."""
    return SwitchSettings(
        node="benchmark",
        carrier_port=ports.carrier_profile,
        trunk_port=ports.trunk_profile,
        phone_port=ports.phone_profile,
        event_socket=EventSocketAddress(HOST, ports.event_socket, "benchmark-only"),
        controllers=((HOST, ports.controller),),
        cdr_dir=folder / "cdr",
        rtp_ports=_RTP_PORTS,
    )


def decided_variables(ports: Ports) -> dict[str, str]:
    """What fernamt decides for the measured call; the other variants bridge to the same dial strings, without
    the legs' own ids: those are of one call only."""
    offered = CallOffered(
        call_id="benchmark",
        node="benchmark",
        entry=Entry.TRUNK,
        source_ip=HOST,
        source_port=ports.caller,
        dialled=DIALLED,
        from_user=CALLER,
    )
    place = settings(ports, Path("unused"))
    decision = decide(offered, snapshot(ports), Circumstances(datetime.now(UTC)))
    variables = decision_variables(decision, offered, domain=place.domain)
    return {name: _LEG_ID.sub("", value) for name, value in variables.items()}
