"""SIP addresses of trunks, and the sources that are accepted as them."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Final

from pydantic import PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from dialplan.carrier import Peer, SipAddress, Transport
from provisioning.notation.entry import refusal
from provisioning.notation.form import Form

_ADDRESS: Final = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):(?P<port>[0-9]{1,5})(?:/(?P<transport>[a-z]{1,8}))?",
    re.ASCII,
)
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_DOTTED: Final = re.compile(r"[0-9.]+", re.ASCII)
_ADDRESS_ALLOWED: Final = (
    "host:port or host:port/transport (udp, tcp, tls): 192.0.2.10:5060, sip.example.com:5061/tls"
)
_HOST_ALLOWED: Final = "sip.example.com, 192.0.2.10 or 2001:db8::1"
_PEER_ALLOWED: Final = "an IP address, or address:port: 192.0.2.10, 192.0.2.10:5060, [2001:db8::1]:5060"


def is_ip(host: str) -> bool:
    """Whether the host is an IP address (not in brackets), not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def parse_address(value: Any) -> SipAddress:
    """`host:port[/transport]`; IPv6 in brackets. Raise a refusal for anything else."""
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise refusal("config.address", "not a SIP address", _ADDRESS_ALLOWED)
    transport = match["transport"] or Transport.UDP.value
    if transport not in {each.value for each in Transport}:
        raise refusal("config.address", "not a transport", "udp, tcp, tls")
    return SipAddress(_host(match["host"]), _port(match["port"], "config.address"), Transport(transport))


def parse_host(value: Any) -> str:
    """A host name or IP address. Raise a refusal for anything else."""
    try:
        if isinstance(value, str) and len(value) <= 253:
            return _host(f"[{value}]" if ":" in value else value)
    except PydanticCustomError:
        pass
    raise refusal("config.host", "not an IP address or host name", _HOST_ALLOWED)


def parse_peer(value: Any) -> Peer:
    """`ip` or `ip:port`. Raise a refusal for names: a source is compared with each packet's address."""
    if not isinstance(value, str) or len(value) > 64:
        raise refusal("config.peer", "not a source address", _PEER_ALLOWED)
    if is_ip(value):
        return _peer(value, None)
    host, colon, port = value.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not is_ip(host) or not re.fullmatch("[0-9]{1,5}", port, re.ASCII):
        raise refusal("config.peer", "not a source address", _PEER_ALLOWED)
    return _peer(host, _port(port, "config.peer"))


def _peer(host: str, port: int | None) -> Peer:
    address = ipaddress.ip_address(host)
    if address.is_unspecified or address.is_multicast:
        raise refusal("config.peer", "not the address of one machine", _PEER_ALLOWED)
    return Peer(str(address), port)


def _host(host: str) -> str:
    bare = host[1:-1] if host.startswith("[") else host
    if is_ip(bare):
        address = ipaddress.ip_address(bare)
        if address.is_unspecified or address.is_multicast:
            raise refusal("config.address", "not the address of one machine", _ADDRESS_ALLOWED)
        return str(address)
    if host.startswith("[") or _DOTTED.fullmatch(host) or not all(map(_LABEL.fullmatch, host.split("."))):
        raise refusal("config.address", "not an IP address or host name", _ADDRESS_ALLOWED)
    return host.lower()


def _port(text: str, id_: str) -> int:
    port = int(text)
    if not 1 <= port <= 65_535:
        raise refusal(id_, "not a port", "1 to 65535")
    return port


def written_address(address: SipAddress) -> str:
    """The address as it stands in the YAML."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}/{address.transport.value}"


def written_peer(peer: Peer) -> str:
    """The source as it stands in the YAML."""
    if peer.port is None:
        return peer.ip
    return f"[{peer.ip}]:{peer.port}" if ":" in peer.ip else f"{peer.ip}:{peer.port}"


Address = Annotated[
    SipAddress,
    PlainValidator(parse_address),
    PlainSerializer(written_address),
    Form("SIP address", "`host:port`, `host:port/tcp` or `host:port/tls`; without transport it is UDP"),
]
HostName = Annotated[
    str, PlainValidator(parse_host), Form("host", "a host name or an IP address, without port")
]
Source = Annotated[
    Peer, PlainValidator(parse_peer), PlainSerializer(written_peer), Form("source", "`ip` or `ip:port`")
]
