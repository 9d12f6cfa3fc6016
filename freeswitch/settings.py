"""How one FreeSWITCH node is to be configured: addresses, ports, paths, limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: The sounds that come with the program.
SOUNDS: Final = Path(__file__).resolve().parent / "sounds"

#: Of the directory: the trunk that a user is the system of. The switch puts it on the channels of calls that
#: proved themselves as this user.
LOGGED_IN: Final = "fernamt_login"
#: Profile and context for calls of other nodes to phones that are registered here.
NODE: Final = "node"
#: Access list of the Event Socket where it takes more than the loopback (render/admitted.py).
CONTROLLERS: Final = "controllers"
#: How many times longer a leg may be silent that is, or was, on hold.
_HOLD_TIMES: Final = 48
#: A leg between two nodes, ms: nothing comes while the call is held at the other, whose own legs know sooner
#: who is gone. Also where `silence_s` is 0, for a node may be gone as a whole.
BETWEEN_NODES_SILENT_MS: Final = 4 * 3_600_000
#: Always on it.
LOOPBACK: Final = "127.0.0.0/8"


@dataclass(frozen=True, slots=True)
class EventSocketAddress:
    """Where a node listens for our inbound connection. The password stays out of repr and logs."""

    host: str
    port: int
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NodeDoor:
    """Where a node takes calls of other nodes: an IP address and a port."""

    ip: str
    port: int


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """SIP over TLS and WSS: the ports, and the directory that FreeSWITCH reads the certificates from
    (certificates.py). `verified`: peers that we connect to must show a certificate of their name."""

    directory: Path
    carrier_port: int
    trunk_port: int
    phone_port: int
    wss_port: int
    teams_port: int
    verified: bool = True


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """One node. `controllers` are tried in order for every call (host, port). `event_socket` has an IP.

    `domain` is the digest realm of the phones. `sessions_per_second` and `max_sessions` replace
    FreeSWITCH's defaults of 30 and 1000, which refuse calls far below what a node can carry. The other nodes
    may call phones that are registered here, at `node_port`; without any it is not opened. Without `tls`
    nothing is encrypted.
    """

    node: str
    carrier_port: int
    trunk_port: int
    phone_port: int
    event_socket: EventSocketAddress
    controllers: tuple[tuple[str, int], ...]
    cdr_dir: Path
    sip_ip: str = "127.0.0.1"
    rtp_ports: tuple[int, int] = (16384, 32768)
    domain: str = "phones.fernamt.invalid"
    sessions_per_second: int = 500
    max_sessions: int = 5000
    log_level: str = "warning"
    #: A leg that sends no sound for so long is ended; `held_silence_ms` where it is or was on hold. 0: never.
    silence_s: int = 300
    sounds_dir: Path = SOUNDS
    node_port: int = 5090
    other_nodes: tuple[NodeDoor, ...] = ()
    #: IP addresses: their programs come from there to ours.
    other_event_sockets: tuple[str, ...] = ()
    #: Where copies of SIP messages are sent (HEP) while somebody asks for them.
    sip_capture: tuple[str, int] | None = None
    tls: TlsSettings | None = None

    @property
    def held_silence_ms(self) -> int:
        """How long a leg may be silent that is or was on hold, or that nothing is to come from yet."""
        return self.silence_s * 1000 * _HOLD_TIMES
