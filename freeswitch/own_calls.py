"""Calls from and to agents' phones that no queue gave: marked by `presence_data`, which every event of a leg
carries and `show channels` lists. No SIP peer can write it."""

from __future__ import annotations

import re
from typing import Final

#: Events of legs with this mark are wanted (FreeSWITCH takes what begins with "/" as an expression).
OWN_CALLS: Final = "/^own\\//"
_MARK: Final = re.compile(r"own/(?P<customer>[a-z0-9._-]{1,64})/(?P<agent>[a-z0-9._-]{1,64})\Z", re.ASCII)


def own_mark(customer_id: str, agent_id: str) -> str:
    """`presence_data` of such a leg."""
    return f"own/{customer_id}/{agent_id}"


def own_call(mark: str | None) -> tuple[str, str] | None:
    """Customer and agent of a leg with such a mark, None for any other."""
    found = _MARK.match(mark or "")
    return (found["customer"], found["agent"]) if found else None
