"""The topmost Via: branch, received and rport (RFC 3261 section 18.2, RFC 3581)."""

import re

from aiosipua.message import SipMessage, SipRequest

from lab.robots.sip_text import Address

_BRANCH = re.compile(r";\s*branch\s*=\s*([^\s;,]+)", re.IGNORECASE)
_BARE_RPORT = re.compile(r";\s*rport\s*(?=;|$)", re.IGNORECASE)
_SENT_BY_PORT = re.compile(r"^\S+\s+(?:\[[^\]]*\]|[^:;\s]+)\s*(?::\s*(\d{1,5}))?")


def branch_of(message: SipMessage) -> str:
    """The branch of the topmost Via, "" without one."""
    vias = message.get_header_values("Via")
    match = _BRANCH.search(vias[0]) if vias else None
    return match[1] if match else ""


def stamped(request: SipRequest, peer: Address) -> None:
    """Note in the topmost Via where the request really came from."""
    top, *others = request.get_header_values("Via")
    asked = _BARE_RPORT.search(top)
    top = f"{_BARE_RPORT.sub(f';rport={peer[1]}', top, count=1) if asked else top};received={peer[0]}"
    request.set_header("Via", top)
    for via in others:
        request.add_header("Via", via)


def response_address(request: SipRequest, peer: Address, reliable: bool) -> Address:
    """Where a response goes: over the connection or to the asked-for port, else to the Via's port."""
    top = request.get_header_values("Via")[0]
    if reliable or "rport=" in top.lower():
        return peer
    match = _SENT_BY_PORT.match(top)
    port = int(match[1]) if match and match[1] else 5060
    return (peer[0], port) if 0 < port <= 65535 else peer
