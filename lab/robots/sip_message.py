"""Requests and responses of a robot, built on aiosipua's message model.

aiosipua's own dialog is not used: it reverses the callee's route set (RFC 3261 section 12.1.1 wants it in
order), leaves Record-Route out of responses and drops display names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from aiosipua.message import SipMessage, SipRequest, SipResponse

from lab.robots.sip_text import Address, address_of, tag_of, uri_of

USER_AGENT = "fernamt-robot"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY, REFER"

_PHRASES = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
}


def phrase_of(code: int) -> str:
    """The reason phrase of RFC 3261 section 21, or the class's word."""
    return _PHRASES.get(code, "Failure" if code >= 300 else "Progress")


def cseq_of(message: SipMessage) -> tuple[int, str] | None:
    """Number and method, None when the header is missing or malformed."""
    number, _, method = (message.get_header("cseq") or "").strip().partition(" ")
    if not number.isdecimal() or len(number) > 10 or not method.strip():
        return None
    return int(number), method.strip().upper()


def response_to(
    request: SipRequest,
    code: int,
    reason: str = "",
    *,
    to_tag: str = "",
    headers: Iterable[tuple[str, str]] = (),
) -> SipResponse:
    """A response with Via, From, To, Call-ID, CSeq, Record-Route of its request (RFC 3261 section 8.2.6)."""
    response = SipResponse(status_code=code, reason_phrase=reason or phrase_of(code))
    for name in ("Via", "Record-Route"):
        for value in request.get_header_values(name):
            response.add_header(name, value)
    for name in ("From", "To", "Call-ID", "CSeq"):
        value = request.get_header(name) or ""
        if name == "To" and to_tag and not tag_of(value):
            value = f"{value};tag={to_tag}"
        response.set_header(name, value)
    response.set_header("User-Agent", USER_AGENT)
    for name, value in headers:
        response.add_header(name, value)
    return response


@dataclass(slots=True)
class Dialog:
    """Our side of a dialog (RFC 3261 section 12).

    `local` and `remote` are whole From/To values with their tags; `routes` in the order of sending;
    `peer` is where messages go when neither route nor target is an IP address.
    """

    call_id: str
    local: str
    remote: str
    target: str
    peer: Address
    routes: list[str] = field(default_factory=list)
    local_cseq: int = 0
    remote_cseq: int = 0

    @property
    def local_tag(self) -> str:
        return tag_of(self.local)

    @property
    def replaces(self) -> str:
        """What a Replaces header says of this dialog to the other side (RFC 3891 section 3)."""
        return f"{self.call_id};to-tag={tag_of(self.remote)};from-tag={self.local_tag}"

    def learn(self, response: SipResponse) -> None:
        """Take the remote tag, target and route set from a response that forms the dialog."""
        self.remote = response.get_header("To") or self.remote
        self.routes = list(reversed(response.get_header_values("Record-Route")))
        self.retarget(response)

    def retarget(self, message: SipMessage) -> None:
        """Take the peer's Contact as target (target refresh)."""
        contact = message.get_header("Contact")
        if contact:
            self.target = uri_of(contact)

    def request(self, method: str, cseq: int | None = None) -> SipRequest:
        """A request in this dialog without Via; `cseq` is given for an ACK only."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        request = SipRequest(method=method, uri=self.target)
        request.set_header("Via", "")  # keeps the first place for the SIP port
        request.set_header("Max-Forwards", "70")
        for route in self.routes:
            request.add_header("Route", route)
        request.set_header("From", self.local)
        request.set_header("To", self.remote)
        request.set_header("Call-ID", self.call_id)
        request.set_header("CSeq", f"{cseq} {method}")
        request.set_header("User-Agent", USER_AGENT)
        return request

    def next_hop(self) -> Address:
        """Where the next request goes: first route, else target, else the peer's last address."""
        first = uri_of(self.routes[0]) if self.routes else self.target
        return address_of(first) or self.peer
