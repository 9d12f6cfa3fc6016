"""Whether a node takes new calls, and how much goes on there.

A node that is drained refuses new calls with 503, so that the other side takes another node (RFC 3261 section
21.5.4); 110 and 112 it still takes, and calls that are up end by themselves. The dialplan looks at a global
variable. FreeSWITCH's own `fsctl pause` refuses everything, calls to 110 and 112 too (read:
sofia_event_callback), and a node that is started takes calls again in either case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from freeswitch.commands import ApiCall
from freeswitch.errors import CommandFailed, UnexpectedReply

#: The global variable; "true" while the node is drained.
DRAINED: Final = "fernamt_drained"
_TRUE: Final = "true"
_LEGS: Final = re.compile(r"^(\d+) session\(s\) - peak", re.MULTILINE)
_UP: Final = re.compile(r"^UP (.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NodeState:
    """`legs`: channels at the moment. `up`: how long it runs, in FreeSWITCH's words."""

    ready: bool
    drained: bool
    legs: int
    up: str


def drain() -> ApiCall:
    """No new calls from now on but those to 110 and 112."""
    return ApiCall("global_setvar", f"{DRAINED}={_TRUE}")


def undrain() -> ApiCall:
    """It takes calls again."""
    return ApiCall("global_setvar", f"{DRAINED}=false")


def is_drained() -> ApiCall:
    """The variable; empty when it was never set."""
    return ApiCall("global_getvar", DRAINED)


def drained_said(api: Callable[[ApiCall], str]) -> str:
    """What `is_drained` prints. Of a variable that was never set FreeSWITCH has no reply, which `api` takes
    for an error (read: mod_event_socket)."""
    try:
        return api(is_drained())
    except CommandFailed as error:
        if "no reply" in error.text:
            return ""
        raise


def takes_calls(api: Callable[[ApiCall], str]) -> bool:
    """Whether the node that `api` asks is not drained."""
    return drained_said(api).strip() != _TRUE


def node_state(status: str, drained: str) -> NodeState:
    """From what `status` and `is_drained` printed. Raises UnexpectedReply."""
    legs = _LEGS.search(status)
    if legs is None:
        raise UnexpectedReply(f"not the text of status: {status[:64]!r}")
    up = _UP.search(status)
    return NodeState(" is ready" in status, drained.strip() == _TRUE, int(legs[1]), up[1] if up else "")
