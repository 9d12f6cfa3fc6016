"""Responses, dialogs and the headers that FreeSWITCH writes into every message."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aiosipua.headers import parse_uri, stringify_uri
from aiosipua.message import SipRequest, SipResponse

from lab.switch.causes import Cause
from lab.switch.sip.name_addr import parse_address
from lab.switch.sip.reading import Message, cseq_of, first, tag_of
from lab.switch.sip.wire import Address

ALLOW: Final = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, REGISTER"

_PHRASES: Final = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    480: "Temporarily Unavailable",
    481: "Call Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    504: "Gateway Time-out",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}


def phrase(code: int) -> str:
    """The reason phrase of a code (RFC 3261 section 21)."""
    if code in _PHRASES:
        return _PHRASES[code]
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "Unknown"


def response_to(request: SipRequest, code: int, text: str = "", *, tag: str = "") -> SipResponse:
    """A response with the request's Via, From, To (with our tag), Call-ID, CSeq and Record-Route."""
    response = SipResponse(status_code=code, reason_phrase=text or phrase(code))
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        for value in request.headers.get(name):
            response.headers.append(name, value)
    if code < 300:
        for value in request.headers.get("record-route"):
            response.headers.append("Record-Route", value)
    if code > 100 and not tag_of(request, "to"):
        to = first(request, "to")
        response.headers.set_single("To", f"{to};tag={tag or new_tag()}")
    return response


def new_tag() -> str:
    return secrets.token_hex(7)


def reason_header(cause: Cause) -> str:
    """RFC 3326: Q.850 where the cause is one, else FreeSWITCH's own number."""
    if cause in (Cause.PICKED_OFF, Cause.LOSE_RACE):
        return 'SIP;cause=200;text="Call completed elsewhere"'
    protocol = "Q.850" if cause.is_q850 else "SIP"
    return f'{protocol};cause={cause.value};text="{cause.name}"'


@dataclass(slots=True)
class Dialog:
    """One SIP dialog (RFC 3261 section 12). `local` and `remote` are From and To without their tags.
    `sticky`: requests go where the dialog began, whatever the peer's Contact says."""

    call_id: str
    local: str
    local_tag: str
    remote: str
    remote_tag: str
    target: str
    destination: Address
    routes: list[str] = field(default_factory=list)
    local_cseq: int = 0
    remote_cseq: int = 0
    sticky: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.call_id, self.local_tag

    def request(self, method: str, *, cseq: int | None = None) -> SipRequest:
        """A request inside the dialog, to be sent to `next_hop`."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        request = SipRequest(method=method, uri=self.target)
        request.headers.set_single("Max-Forwards", "70")
        request.headers.set_single("From", f"{self.local};tag={self.local_tag}")
        remote_tag = f";tag={self.remote_tag}" if self.remote_tag else ""
        request.headers.set_single("To", f"{self.remote}{remote_tag}")
        request.headers.set_single("Call-ID", self.call_id)
        request.headers.set_single("CSeq", f"{cseq} {method}")
        for route in self.routes:
            request.headers.append("Route", route)
        return request

    def next_hop(self) -> Address:
        """The first route, else the target; what cannot be read falls back to where the dialog began."""
        if self.sticky:
            return self.destination
        text = parse_address(self.routes[0]).uri if self.routes else parse_uri(self.target)
        transport = str(text.params.get("transport") or self.destination.transport).lower()
        if transport not in ("udp", "tcp") or not is_ip(text.host):
            return self.destination
        if transport == "tcp" == self.destination.transport:
            return self.destination  # keep using the connection that stands
        return Address(text.host, text.port or 5060, transport)

    def learn(self, message: Message) -> None:
        """Take target and routes from a message of the peer that establishes the dialog."""
        contact = message.headers.get("contact")
        if contact:
            self.target = stringify_uri(parse_address(contact[0]).uri)
        if not self.routes and message.headers.get("record-route"):
            routes = list(message.headers.get("record-route"))
            self.routes = routes if isinstance(message, SipRequest) else routes[::-1]


def is_ip(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and all(
        part.isascii() and part.isdigit() and int(part[:4]) < 256 for part in parts
    )


def without_tag(header: str) -> str:
    """From or To without its tag parameter."""
    head, bracket, parameters = header.rpartition(">")
    if not bracket:
        head, bracket, parameters = header.partition(";")[0], "", ";" + header.partition(";")[2]
    kept = [
        part for part in parameters.split(";") if part.strip() and not part.strip().lower().startswith("tag=")
    ]
    return ";".join([f"{head}{bracket}", *kept])


def dialog_of_request(request: SipRequest, source: Address) -> Dialog:
    """The dialog that an INVITE from a peer will make."""
    dialog = Dialog(
        call_id=first(request, "call-id"),
        local=without_tag(first(request, "to")),
        local_tag=new_tag(),
        remote=without_tag(first(request, "from")),
        remote_tag=tag_of(request, "from"),
        target="",
        destination=source,
        remote_cseq=cseq_of(request)[0],
    )
    dialog.learn(request)
    return dialog
