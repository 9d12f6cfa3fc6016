"""One URL of several servers: `scheme://user:password@a:5432,b:5433/name`, as libpq has it (PostgreSQL
manual, 34.1.1.2), and the same for Redis.

SQLAlchemy reads no second port there; several servers are kept in the form of it that libpq's programs take
too: `?host=a,b&port=5432,5433`.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import URL, make_url

#: Host (name, address or folder of a Unix socket) and port.
Server = tuple[str, int]

#: More than one server between the `@` and the path. What may stand in a password is as in SQLAlchemy's own.
_SEVERAL: Final = re.compile(
    r"(?P<before>[\w+]+://(?:[^:/@]*(?::[^@]*)?@)?+)(?P<servers>[^/?@]*,[^/?@]*)(?P<after>(?:[/?].*)?)", re.S
)
_SERVER: Final = re.compile(r"(?:\[(?P<v6>[^\[\],]+)\]|(?P<name>[^\[\]:,]+))(?::(?P<port>[0-9]{1,5}))?")
#: Nobody has more, and each that is away takes time.
_MOST: Final = 8


def read_url(text: str) -> URL:
    """As SQLAlchemy reads it, and with several servers. Raises ArgumentError, ValueError."""
    found = _SEVERAL.fullmatch(text)
    if found is None:
        return make_url(text)
    servers = [_SERVER.fullmatch(each) for each in found["servers"].split(",")]
    if not all(servers):
        raise ValueError("one of the servers is not host:port")
    named = ",".join(each["v6"] or each["name"] for each in servers if each)
    ports = ",".join(each["port"] or "" for each in servers if each)
    return make_url(found["before"] + found["after"]).update_query_dict({"host": named, "port": ports})


def servers_of(url: URL, usual_port: int) -> tuple[Server, ...]:
    """Where its servers are, in their order; one at least. Raises ValueError for ports that fit no server."""
    names = _each(url.query.get("host") or url.host or "")
    ports = _each(url.query.get("port") or str(url.port or ""))
    if len(ports) not in (1, len(names)) or len(names) > _MOST:
        raise ValueError("servers and ports are not of one number")
    if len(ports) < len(names):
        ports = ports * len(names)
    return tuple(_server(name, port, usual_port) for name, port in zip(names, ports, strict=True))


def with_servers(url: URL, servers: tuple[Server, ...]) -> URL:
    """The same with these servers in place of its own."""
    bare = URL.create(url.drivername, url.username, url.password, None, None, url.database, url.query)
    named = ",".join(host for host, _ in servers)
    return bare.update_query_dict({"host": named, "port": ",".join(str(port) for _, port in servers)})


def _each(asked: str | tuple[str, ...]) -> list[str]:
    """`a,b`, and SQLAlchemy's `host=a&host=b`."""
    several = (asked,) if isinstance(asked, str) else asked
    return [each for one in several for each in one.split(",")]


def _server(name: str, port: str, usual_port: int) -> Server:
    """SQLAlchemy has `host=a:5432` too. An address of IPv6 has more colons."""
    if not name.startswith("/") and name.count(":") == 1:
        name, _, port = name.partition(":")
    return name, int(port or usual_port)
