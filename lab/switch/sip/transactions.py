"""SIP transactions over one profile's sockets: retransmission, matching, timeouts (RFC 3261 section 17)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from aiosipua.headers import CaseInsensitiveDict, parse_via, stringify_via
from aiosipua.message import SipRequest, SipResponse
from aiosipua.utils import generate_branch

from lab.switch.sip.reading import branch_of, cseq_of, first, sent_by
from lab.switch.sip.wire import Address, SipWire

log = logging.getLogger(__name__)

T1_S: Final = 0.5
T2_S: Final = 4.0
TIMEOUT_S: Final = 64 * T1_S
MAX_TRANSACTIONS: Final = 50_000

OnResponse = Callable[[SipResponse, Address], None]


class ClientTransaction:
    """A request of ours. `on_response` gets provisional and final responses (each 2xx to INVITE again);
    nothing answered in the layer's time (32 s, or timer-T1X64) counts as 408, an undeliverable request as
    503."""

    def __init__(
        self, layer: TransactionLayer, request: SipRequest, destination: Address, on_response: OnResponse
    ) -> None:
        self.request = request
        self.destination = destination
        self.branch = branch_of(request)
        self.done = False
        self._layer = layer
        self._on_response = on_response
        self._proceeding = False
        self._interval_s = T1_S
        loop = asyncio.get_running_loop()
        self._resend = loop.call_later(T1_S, self._send_again) if not destination.reliable else None
        self._expiry = loop.call_later(layer.timeout_s, self._expire)

    def received(self, response: SipResponse, source: Address) -> None:
        invite = self.request.method == "INVITE"
        if response.status_code < 200:
            if self.done:
                return
            self._proceeding = True
            if invite:
                self._stop_timers()
            self._on_response(response, source)
            return
        if self.done:
            if invite and response.status_code >= 300:
                self._acknowledge(response)
            elif invite:
                self._on_response(response, source)
            return
        self._finish()
        if invite and response.status_code >= 300:
            self._acknowledge(response)
        self._on_response(response, source)

    def failed(self, code: int, phrase: str) -> None:
        """End with a response of our own making."""
        if self.done:
            return
        self._finish()
        response = SipResponse(status_code=code, reason_phrase=phrase)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            response.headers.append(name, first(self.request, name))
        self._on_response(response, self.destination)

    def abandon(self) -> None:
        """Stop all timers; responses are still matched until the layer forgets the transaction."""
        self.done = True
        self._stop_timers()

    def _acknowledge(self, response: SipResponse) -> None:
        """ACK to a final response that is no 2xx: same branch, same destination (section 17.1.1.3)."""
        ack = SipRequest(method="ACK", uri=self.request.uri)
        for name in ("Via", "From", "Call-ID", "Route"):
            for value in self.request.headers.get(name):
                ack.headers.append(name, value)
        ack.headers.set_single("To", first(response, "to"))
        ack.headers.set_single("CSeq", f"{cseq_of(self.request)[0]} ACK")
        ack.headers.set_single("Max-Forwards", "70")
        self._layer.wire.send(ack, self.destination)

    def _send_again(self) -> None:
        self._layer.wire.send(self.request, self.destination)
        self._interval_s *= 2
        if self.request.method != "INVITE":
            self._interval_s = T2_S if self._proceeding else min(self._interval_s, T2_S)
        self._resend = asyncio.get_running_loop().call_later(self._interval_s, self._send_again)

    def _expire(self) -> None:
        self.failed(408, "Request Timeout")

    def _finish(self) -> None:
        self.done = True
        self._stop_timers()
        self._layer.forget_later(self)

    def _stop_timers(self) -> None:
        self._expiry.cancel()
        if self._resend is not None:
            self._resend.cancel()


class ServerTransaction:
    """A request of the peer's: answers are repeated for its retransmissions; final refusals of INVITE until
    they are acknowledged."""

    def __init__(self, layer: TransactionLayer, request: SipRequest, source: Address) -> None:
        self.request = request
        self.source = source
        self.response: SipResponse | None = None
        self.on_cancel: Callable[[SipRequest], None] | None = None
        self._layer = layer
        self._acked = False
        self._interval_s = T1_S
        self._resend: asyncio.TimerHandle | None = None
        self._waited_s = 0.0

    @property
    def final(self) -> bool:
        return self.response is not None and self.response.status_code >= 200

    def respond(self, response: SipResponse) -> None:
        self.response = response
        self._layer.wire.send(response, reply_address(response, self.source))
        if response.status_code >= 200:
            self._layer.forget_later(self)
            if self.request.method == "INVITE" and response.status_code >= 300 and not self.source.reliable:
                self._schedule()

    def repeat(self) -> None:
        """The request was retransmitted."""
        if self.response is not None:
            self._layer.wire.send(self.response, reply_address(self.response, self.source))

    def acknowledged(self) -> None:
        self._acked = True
        if self._resend is not None:
            self._resend.cancel()

    def _schedule(self) -> None:
        self._resend = asyncio.get_running_loop().call_later(self._interval_s, self._again)

    def _again(self) -> None:
        self._waited_s += self._interval_s
        if self._acked or self._waited_s > self._layer.timeout_s:
            return
        self.repeat()
        self._interval_s = min(2 * self._interval_s, T2_S)
        self._schedule()


class TransactionLayer:
    """All transactions of a profile, found by branch."""

    def __init__(self, wire: SipWire, timeout_s: float = TIMEOUT_S) -> None:
        self.wire = wire
        self.timeout_s = timeout_s
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[tuple[str, str, str], ServerTransaction] = {}
        self._timers: set[asyncio.TimerHandle] = set()

    def request(
        self, request: SipRequest, destination: Address, on_response: OnResponse
    ) -> ClientTransaction:
        """Send a request with a fresh Via and follow it."""
        stamp_via(request, self.wire, destination)
        transaction = ClientTransaction(self, request, destination, on_response)
        self._clients[transaction.branch, request.method] = transaction
        self.wire.send(request, destination)
        return transaction

    def cancel(self, invite: ClientTransaction, extra: list[tuple[str, str]]) -> None:
        """CANCEL with the INVITE's branch (section 9.1)."""
        cancel = SipRequest(method="CANCEL", uri=invite.request.uri)
        for name in ("Via", "From", "To", "Call-ID", "Route"):
            for value in invite.request.headers.get(name):
                cancel.headers.append(name, value)
        cancel.headers.set_single("CSeq", f"{cseq_of(invite.request)[0]} CANCEL")
        cancel.headers.set_single("Max-Forwards", "70")
        for name, value in extra:
            cancel.headers.append(name, value)
        transaction = ClientTransaction(self, cancel, invite.destination, _ignore)
        self._clients[transaction.branch, "CANCEL"] = transaction
        self.wire.send(cancel, invite.destination)

    def response_arrived(self, response: SipResponse, source: Address) -> None:
        transaction = self._clients.get((branch_of(response), cseq_of(response)[1]))
        if transaction is None:
            log.debug("response %s without a request", response.status_code)
            return
        transaction.received(response, source)

    def undeliverable(self, branch: str, method: str) -> None:
        transaction = self._clients.get((branch, method))
        if transaction is not None:
            transaction.failed(503, "Service Unavailable")

    def server(self, request: SipRequest, source: Address) -> tuple[ServerTransaction, bool]:
        """The transaction of a request and whether it is a retransmission."""
        key = (branch_of(request), sent_by(request), request.method)
        known = self._servers.get(key)
        if known is not None:
            return known, True
        if len(self._servers) >= MAX_TRANSACTIONS:
            oldest = next(iter(self._servers))
            del self._servers[oldest]
        transaction = ServerTransaction(self, request, source)
        self._servers[key] = transaction
        return transaction, False

    def find_invite(self, request: SipRequest) -> ServerTransaction | None:
        """The INVITE that a CANCEL or an ACK (to a refusal) belongs to."""
        return self._servers.get((branch_of(request), sent_by(request), "INVITE"))

    def forget_later(self, transaction: ClientTransaction | ServerTransaction) -> None:
        def forget() -> None:
            self._timers.discard(timer)
            if isinstance(transaction, ClientTransaction):
                self._clients.pop((transaction.branch, transaction.request.method), None)
            else:
                request = transaction.request
                self._servers.pop((branch_of(request), sent_by(request), request.method), None)

        timer = asyncio.get_running_loop().call_later(TIMEOUT_S, forget)
        self._timers.add(timer)

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for client in self._clients.values():
            client.abandon()
        for server in self._servers.values():
            server.acknowledged()


def _ignore(_response: SipResponse, _source: Address) -> None:
    """Answers to CANCEL say nothing: the INVITE's own final response does."""


def stamp_via(request: SipRequest, wire: SipWire, destination: Address) -> None:
    """Our Via with a fresh branch and rport (RFC 3581), in front of all other headers."""
    via = f"SIP/2.0/{destination.transport.upper()} {wire.ip}:{wire.port};rport;branch={generate_branch()}"
    others = [pair for pair in request.headers.items() if pair[0].lower() != "via"]
    request.headers = CaseInsensitiveDict()
    request.headers.append("Via", via)
    for name, values in others:
        for value in values:
            request.headers.append(name, value)


def mark_received(request: SipRequest, source: Address) -> None:
    """Write the true source into the topmost Via (RFC 3261 section 18.2.1, RFC 3581)."""
    vias = request.headers.get("via")
    via = parse_via(vias[0])
    wants_port = "rport" in via.params
    if via.host == source.host and not wants_port:
        return
    via.params["received"] = source.host
    if wants_port:
        via.params["rport"] = str(source.port)
    rest = vias[1:]
    request.headers.set_single("Via", stringify_via(via))
    for value in rest:
        request.headers.append("Via", value)


def reply_address(response: SipResponse, source: Address) -> Address:
    """Where a response goes (RFC 3261 section 18.2.2)."""
    if source.reliable:
        return source
    via = parse_via(first(response, "via"))
    port = via.rport if via.rport and via.rport.isdigit() else None
    return Address(via.received or source.host, int(port) if port else via.port or 5060)
