"""Addresses of SIP headers with their display name (RFC 3261 section 25.1, name-addr).

The library looks for the first "<", wherever it stands: `"<sip:110@x>" <sip:+49…>` would be taken for 110.
FreeSWITCH reads the quoted name first, and so do we.
"""

from __future__ import annotations

import re
from typing import Final

from aiosipua.headers import Address
from aiosipua.headers import parse_address as _parse

_QUOTED: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_address(text: str) -> Address:
    """A name-addr or addr-spec; ValueError when it is none."""
    quoted = _QUOTED.match(text)
    if quoted is None:
        return _parse(text)
    address = _parse(text[quoted.end() :])
    address.display_name = _ESCAPED.sub(r"\1", quoted[1]) or None
    return address
