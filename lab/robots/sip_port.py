"""One phone's SIP address with the transactions of RFC 3261 section 17.

Own code because aiosipua (0.7) as a client never acknowledges a refusal, forgets a call on CANCEL before
the 487, loses extra headers on an authenticated retry and hides responses' headers; as a server it takes a
retransmitted INVITE for a second call. Its messages, digest and SDP are used.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiosipua.message import SipMessage, SipRequest, SipResponse

from lab.robots.sip_message import cseq_of, response_to
from lab.robots.sip_socket import SipSocket, open_socket
from lab.robots.sip_text import Address, new_branch
from lab.robots.sip_via import branch_of, response_address, stamped

T1_S, T2_S, GIVE_UP_S = 0.5, 4.0, 32.0
"""RFC 3261 section 17.1.1.1: T1, T2 and 64 x T1."""
MAX_RINGING_S = 600.0
MAX_STRAYS = 100

_log = logging.getLogger(__name__)

OnResponse = Callable[[SipResponse | None], None]
"""Called with every response; None means that nobody answered within 32 s or could be reached."""


@dataclass(slots=True, eq=False)
class _Sent:
    """A message that is sent again until stopped (UDP), and given up after 32 s."""

    data: bytes
    to: Address
    give_up: Callable[[], None]
    timer: asyncio.TimerHandle | None = None
    interval_s: float = T1_S
    waited_s: float = 0.0

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


@dataclass(slots=True)
class _Client:
    request: SipRequest
    sent: _Sent
    on_response: OnResponse


@dataclass(slots=True)
class _Server:
    request: SipRequest
    peer: Address
    last_response: bytes | None = None


class SipPort:
    """Sends requests and responses, matches what comes back, hides every retransmission.

    `on_request(request, peer)` gets each new request but ACK; `on_ack(request)` each ACK of a 2xx.
    Messages that are no SIP are counted in `unreadable` and dropped.
    """

    def __init__(
        self, on_request: Callable[[SipRequest, Address], None], on_ack: Callable[[SipRequest], None]
    ) -> None:
        self._on_request = on_request
        self._on_ack = on_ack
        self._socket: SipSocket | None = None
        self._stated: str | None = None
        self._clients: dict[tuple[str, str], _Client] = {}
        self._servers: dict[tuple[str, str], _Server] = {}
        self._unacknowledged: dict[tuple[str, int], _Sent] = {}
        self._strays: list[str] | None = None
        self.unreadable = 0

    async def open(self, transport: str, local_ip: str, port: int, stated: str | None = None) -> None:
        """Bind; raises OSError when the address is taken. `stated`: what it says its address is."""
        self._socket = await open_socket(transport, local_ip, port, self._received, self._unreachable)
        self._stated = stated

    @property
    def socket(self) -> SipSocket:
        if self._socket is None:
            raise RuntimeError("the phone's SIP port is used before open() or after close()")
        return self._socket

    @property
    def stated(self) -> str:
        """What Via and Contact say: host:port."""
        host, port = self.socket.local
        return self._stated or f"{host}:{port}"

    async def close(self) -> None:
        for client in self._clients.values():
            client.sent.stop()
        for sent in self._unacknowledged.values():
            sent.stop()
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    def send_raw(self, data: bytes, to: Address) -> None:
        """Send any bytes, well-formed or not."""
        self.socket.send(data, to)

    def collect_strays(self, into: list[str] | None) -> None:
        """Put the next (at most 100) responses that belong to no request of ours into the list."""
        self._strays = into

    def send_request(self, request: SipRequest, to: Address, on_response: OnResponse) -> None:
        """Send a new request; it gets a Via with a fresh branch."""
        branch = self._put_via(request, new_branch())
        key = (branch, request.method)
        sent = _Sent(bytes(request), to, lambda: self._no_answer(key))
        self._clients[key] = _Client(request, sent, on_response)
        self._transmit(sent)

    def send_ack(self, ack: SipRequest, to: Address) -> None:
        """The ACK of a 2xx: a transaction of its own that nobody answers."""
        self._put_via(ack, new_branch())
        self.socket.send(bytes(ack), to)

    def send_cancel(self, invite: SipRequest, to: Address, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """CANCEL a sent INVITE (RFC 3261 section 9.1): its Via, Route, From, To, Call-ID and CSeq number."""
        cancel = _same_hop(invite, "CANCEL", invite.get_header("To") or "")
        for name, value in headers:
            cancel.add_header(name, value)
        key = (branch_of(cancel), "CANCEL")
        sent = _Sent(bytes(cancel), to, lambda: self._no_answer(key))
        self._clients[key] = _Client(cancel, sent, lambda _response: None)
        self._transmit(sent)

    def respond(
        self, request: SipRequest, response: SipResponse, on_unacknowledged: Callable[[], None] | None = None
    ) -> None:
        """Send a response; the final one to an INVITE is repeated over UDP until its ACK has come."""
        server = self._servers.get((branch_of(request), request.method))
        if server is None:
            return
        data = bytes(response)
        server.last_response = data
        to = response_address(request, server.peer, self.socket.reliable)
        cseq = cseq_of(request)
        if request.method != "INVITE" or response.status_code < 200 or cseq is None:
            self.socket.send(data, to)
            return
        key = (request.call_id or "", cseq[0])

        def give_up() -> None:
            self._unacknowledged.pop(key, None)
            if on_unacknowledged is not None:
                on_unacknowledged()

        sent = self._unacknowledged[key] = _Sent(data, to, give_up)
        self._transmit(sent)

    def _put_via(self, request: SipRequest, branch: str) -> str:
        request.set_header("Via", f"SIP/2.0/{self.socket.name} {self.stated};rport;branch={branch}")
        return branch

    def _transmit(self, sent: _Sent) -> None:
        self.socket.send(sent.data, sent.to)
        sent.timer = asyncio.get_running_loop().call_later(sent.interval_s, self._again, sent)

    def _again(self, sent: _Sent) -> None:
        sent.waited_s += sent.interval_s
        sent.interval_s = min(sent.interval_s * 2, T2_S)
        if sent.waited_s >= GIVE_UP_S:
            sent.timer = None
            sent.give_up()
            return
        if not self.socket.reliable:
            self.socket.send(sent.data, sent.to)
        sent.timer = asyncio.get_running_loop().call_later(sent.interval_s, self._again, sent)

    def _no_answer(self, key: tuple[str, str]) -> None:
        client = self._clients.pop(key, None)
        if client is not None:
            client.sent.stop()
            client.on_response(None)

    def _unreachable(self, peer: Address) -> None:
        for key, client in tuple(self._clients.items()):
            if client.sent.to == peer and client.sent.timer is not None:
                self._no_answer(key)

    def _received(self, data: bytes, peer: Address) -> None:
        try:
            message = SipMessage.parse(data)
        except ValueError as problem:
            self.unreadable += 1
            _log.warning("no SIP message from %s:%d: %s", *peer, problem)
            return
        if isinstance(message, SipResponse):
            self._response(message)
        else:
            self._request(message, peer)

    def _response(self, response: SipResponse) -> None:
        cseq = cseq_of(response)
        key = (branch_of(response), cseq[1] if cseq else "")
        client = self._clients.get(key)
        if client is None:
            if self._strays is not None and len(self._strays) < MAX_STRAYS:
                self._strays.append(response.serialize())
            return
        code = response.status_code
        if code >= 200 or key[1] == "INVITE":
            client.sent.stop()
        if code >= 200:
            # Kept for a while: a repeated final response to an INVITE must be acknowledged again.
            asyncio.get_running_loop().call_later(
                GIVE_UP_S if key[1] == "INVITE" else 0, self._clients.pop, key, None
            )
        if code >= 300 and key[1] == "INVITE":
            self._acknowledge_refusal(client, response)
        client.on_response(response)

    def _acknowledge_refusal(self, client: _Client, response: SipResponse) -> None:
        ack = _same_hop(client.request, "ACK", response.get_header("To") or "")
        self.socket.send(bytes(ack), client.sent.to)

    def _request(self, request: SipRequest, peer: Address) -> None:
        request.method = request.method.upper()
        cseq = cseq_of(request)
        if not request.get_header_values("Via"):
            self.unreadable += 1
            return
        stamped(request, peer)
        if request.method == "ACK":
            self._acknowledged(request, cseq)
            return
        key = (branch_of(request), request.method)
        known = self._servers.get(key)
        if known is not None:
            if known.last_response is not None:
                to = response_address(request, peer, self.socket.reliable)
                self.socket.send(known.last_response, to)
            return
        self._servers[key] = _Server(request, peer)
        keep_s = MAX_RINGING_S if request.method == "INVITE" else GIVE_UP_S
        asyncio.get_running_loop().call_later(keep_s, self._servers.pop, key, None)
        if cseq is None or not all(request.get_header(name) for name in ("From", "To", "Call-ID")):
            self.respond(request, response_to(request, 400, "Missing Or Malformed Header"))
            return
        self._on_request(request, peer)

    def _acknowledged(self, ack: SipRequest, cseq: tuple[int, str] | None) -> None:
        sent = self._unacknowledged.pop((ack.call_id or "", cseq[0]), None) if cseq else None
        if sent is not None:
            sent.stop()
        if sent is not None and sent.data.startswith(b"SIP/2.0 2"):
            self._on_ack(ack)


def _same_hop(invite: SipRequest, method: str, to_value: str) -> SipRequest:
    """CANCEL and the ACK of a refusal travel as their INVITE did (RFC 3261 sections 9.1, 17.1.1.3)."""
    request = SipRequest(method=method, uri=invite.uri)
    request.set_header("Via", invite.get_header_values("Via")[0])
    for route in invite.get_header_values("Route"):
        request.add_header("Route", route)
    request.set_header("Max-Forwards", "70")
    request.set_header("From", invite.get_header("From") or "")
    request.set_header("To", to_value)
    request.set_header("Call-ID", invite.get_header("Call-ID") or "")
    cseq = cseq_of(invite)
    request.set_header("CSeq", f"{cseq[0] if cseq else 1} {method}")
    return request
