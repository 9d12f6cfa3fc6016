"""What single values of the settings are: addresses, networks, paths, names."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, PlainSerializer, PlainValidator

from provisioning.notation.entry import refusal

_HOST_PORT: Final = "host:port, such as 127.0.0.1:8084"
_IP_PORT: Final = "an IP address, no name, with a port: 10.99.0.1:8021"
_IP: Final = "the IP address of one of this machine's interfaces (`ip address` lists them): 192.0.2.21"
HostPort = tuple[str, int]
_MAX_DOMAIN: Final = 253
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
#: RFC 1123 section 2.1. It goes into FreeSWITCH's configuration and dial strings.
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)


def _host_port(value: Any) -> HostPort:
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65_535:
        raise refusal("settings.address", "not an address with a port", _HOST_PORT)
    return host.strip("[]"), int(port)


def _ip_port(value: Any) -> HostPort:
    host, port = _host_port(value)
    try:
        return str(_address(host)), port
    except ValueError as error:
        raise refusal("settings.address", "not an IP address with a port", _IP_PORT) from error


def _own_ip(value: Any) -> str:
    try:
        address = _address(value)
    except ValueError as error:
        raise refusal("settings.ip", "not an IP address", _IP) from error
    if address.is_unspecified or address.is_multicast:
        raise refusal("settings.ip", "not the address of one machine", _IP)
    return str(address)


def _address(value: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Raises ValueError; of IPv6 for a zone too (`%eth0`), which FreeSWITCH's lists do not know."""
    if not isinstance(value, str) or "%" in value:
        raise ValueError(value)
    return ipaddress.ip_address(value)


def _network(value: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(value if isinstance(value, str) else "")
    except ValueError as error:
        raise refusal("settings.network", "not an IP address or network", "192.0.2.0/24") from error


def _path(value: Any) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise refusal("settings.path", "not a path", "a path in quotes")
    return Path(value).expanduser()


def _domain(value: Any) -> str:
    if isinstance(value, str) and len(value) <= _MAX_DOMAIN and _DOMAIN.fullmatch(value):
        return value
    raise refusal(
        "settings.domain", "not a host name", "letters, digits and '-' between dots: phones.example.com"
    )


Address = Annotated[
    HostPort, PlainValidator(_host_port), PlainSerializer(lambda address: f"{address[0]}:{address[1]}")
]
#: FreeSWITCH's access lists know addresses, not names.
IpAddress = Annotated[
    HostPort, PlainValidator(_ip_port), PlainSerializer(lambda address: f"{address[0]}:{address[1]}")
]
#: One that others reach this machine by. For 0.0.0.0 FreeSWITCH would guess one, and nobody else knew it.
OwnIp = Annotated[str, PlainValidator(_own_ip)]
#: For comparing, so written as text again.
Network = Annotated[
    ipaddress.IPv4Network | ipaddress.IPv6Network, PlainValidator(_network), PlainSerializer(str)
]
#: Written out absolute: another program reads it in another folder.
FilePath = Annotated[Path, PlainValidator(_path), PlainSerializer(lambda path: str(path.absolute()))]
Domain = Annotated[str, PlainValidator(_domain)]
Port = Annotated[int, Field(ge=1, le=65_535)]
