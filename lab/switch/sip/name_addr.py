"""Addresses of SIP headers with their display name (RFC 3261 section 25.1, name-addr).

The library looks for the first "<", wherever it stands: `"<sip:110@x>" <sip:+49…>` would be taken for 110.
FreeSWITCH reads the quoted name first, and so do we.
"""

from __future__ import annotations

import re
from typing import Final

from aiosipua.headers import Address, parse_uri
from aiosipua.headers import parse_address as _parse

_QUOTED: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_address(text: str) -> Address:
    """A name-addr or addr-spec; ValueError when it is none."""
    quoted = _QUOTED.match(text)
    if quoted is None:
        return _with_its_uri(_parse(text), text)
    rest = text[quoted.end() :]
    address = _with_its_uri(_parse(rest), rest)
    address.display_name = _ESCAPED.sub(r"\1", quoted[1]) or None
    return address


def _with_its_uri(address: Address, text: str) -> Address:
    """The library knows no tel: URIs, takes parameters in the user part (`+49…;npdi=yes@host`, RFC 4694) for
    the URI's own, and a password for a piece of the user (RFC 3261 section 19.1.1)."""
    uri = text[text.rfind("<") + 1 :].partition(">")[0] if "<" in text else text.partition(";")[0]
    scheme, _, rest = uri.strip().partition(":")
    user, at, host = rest.rpartition("@")
    if scheme.lower() == "tel":
        address.uri.user, address.uri.host = rest.partition(";")[0], ""
    elif at and (";" in user or ":" in user):
        address.uri = parse_uri(f"{scheme}:user@{host}")
        address.uri.user = user.partition(":")[0]
    return address
