"""A call that a robot makes."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from aiosipua.message import SipRequest, SipResponse

from lab.robots.digest import answer_challenge
from lab.robots.journal import Journal
from lab.robots.leg import Headers, Leg, Station
from lab.robots.report import BodyPart
from lab.robots.sip_message import ALLOW, Dialog, cseq_of
from lab.robots.sip_text import Address, join_parts, new_tag, quoted, sdp_of, tag_of
from lab.robots.voice import Voice

CANCEL_PATIENCE_MS = 2_000
"""How long a cancelled call waits for a provisional response before and for the 487 after its CANCEL."""

DelayedOffer: TypeAlias = Literal["answered", "unanswered", "unacknowledged"]
"""An INVITE without SDP; the called party makes the offer in its 200 (RFC 3261 section 13.2.1). Our ACK has
the answer, or none, or there is no ACK at all."""


@dataclass(frozen=True, slots=True)
class Order:
    """One outgoing call. `to_address` is where the INVITE goes; `timeout_ms` limits the ringing."""

    to: str
    to_address: Address
    from_user: str
    from_name: str | None = None
    from_host: str | None = None
    headers: Headers = ()
    parts: tuple[BodyPart, ...] = ()
    timeout_ms: int = 60_000
    play: str | None = None
    digits: str | None = None
    record: str | None = None
    talk_ms: int | None = None
    silent: bool = False
    delayed_offer: DelayedOffer | None = None


def _own(order: Order, name: str) -> str | None:
    """The order's own value of a header."""
    return next((value for key, value in order.headers if key.lower() == name.lower()), None)


def _tagged(from_value: str) -> str:
    return from_value if tag_of(from_value) else f"{from_value};tag={new_tag()}"


class OutgoingLeg(Leg):
    """The caller's side, from the INVITE to the end."""

    def __init__(self, station: Station, call: str, order: Order) -> None:
        host = order.from_host or station.local_ip
        name = f"{quoted(order.from_name)} " if order.from_name is not None else ""
        dialog = Dialog(
            call_id=_own(order, "Call-ID") or f"{new_tag()}@{station.local_ip}",
            local=_tagged(_own(order, "From") or f"{name}<sip:{order.from_user}@{host}>"),
            remote=f"<{order.to}>",
            target=order.to,
            peer=order.to_address,
        )
        self._order = order
        self._invite = dialog.request("INVITE")
        super().__init__(station, Journal(call, station.name, "outgoing", self._invite), dialog)
        self._authenticated = False
        self._provisional_seen = False
        self._cancelled: Headers | None = None
        self._late_answer: str | None = None

    async def start(self) -> None:
        """Send the INVITE; what follows is driven by the responses."""
        station = self.station
        self.voice = await Voice.open(station.local_ip, station.codecs, self._order.silent, station.sound_ip)
        self._fill(self._invite)
        self._after(self._order.timeout_ms, self._timed_out)
        self._send_invite()

    def give_up(self, headers: Headers) -> None:
        """CANCEL, but not before a provisional response has come (RFC 3261 section 9.1)."""
        if self._cancelled is not None:
            return
        self._cancelled = headers
        self._after(CANCEL_PATIENCE_MS, lambda: self._end("us"))
        if self._provisional_seen:
            self._send_cancel(headers)

    def _fill(self, invite: SipRequest) -> None:
        invite.set_header("Contact", self.station.contact)
        invite.set_header("Allow", ALLOW)
        # A test may replace any header; From and Call-ID are in the dialog already.
        own = [row for row in self._order.headers if row[0].lower() not in ("from", "call-id")]
        for name, _value in own:
            invite.remove_header(name)
        for name, value in own:
            invite.add_header(name, value)
        if self.voice is None:
            return
        delayed = self._order.delayed_offer is not None
        sdp = () if delayed else (BodyPart("application/sdp", self.voice.offer()),)
        bodies = (*sdp, *self._order.parts)
        if not bodies:
            return
        content_type, invite.text = join_parts(bodies)
        invite.set_header("Content-Type", content_type)
        if self._order.parts:
            invite.set_header("MIME-Version", "1.0")

    def _send_invite(self) -> None:
        self.station.port.send_request(self._invite, self._order.to_address, self._on_response)

    def _send_cancel(self, headers: Headers) -> None:
        self.station.port.send_cancel(self._invite, self._order.to_address, headers)

    def _timed_out(self) -> None:
        if self.state in ("calling", "ringing"):
            self.journal.problem = f"not answered within {self._order.timeout_ms} ms"
            self.give_up(())

    def _on_response(self, response: SipResponse | None) -> None:
        if response is None:
            self.journal.problem = f"no response from {self._order.to_address[0]}:{self._order.to_address[1]}"
            self._end("peer")
        elif response.status_code < 200:
            self._on_provisional(response)
        elif response.status_code < 300:
            self._on_success(response)
        elif not self._retry_with_credentials(response):
            self._end("peer" if self._cancelled is None else "us", response)

    def _on_provisional(self, response: SipResponse) -> None:
        first, self._provisional_seen = not self._provisional_seen, True
        if first and self._cancelled is not None:
            self._send_cancel(self._cancelled)
        if self.ended or self.state == "answered":
            return
        self.journal.note_provisional(response)
        if response.status_code == 100:
            return
        sdp = sdp_of(response)
        if sdp is not None and self.voice is not None and self._order.delayed_offer is None:
            self._try_sdp(self.voice.accept, sdp)
        if self.state == "calling":
            self.journal.state = "ringing"
            self.station.emit(self.report(), "ringing")

    def _on_success(self, response: SipResponse) -> None:
        first = self.state in ("calling", "ringing")
        if first:
            self.dialog.learn(response)
            if self._order.delayed_offer is not None:
                self._try_sdp(self._answer_offer, sdp_of(response) or "")
        if self._order.delayed_offer != "unacknowledged":
            self._acknowledge(response)
        if not first:
            if self.ended and self.journal.answered_ms is None:
                self._bye_for_late_answer(response)
            return
        self.journal.note_answer(response)
        if self._cancelled is not None:
            self._send_bye(self._cancelled)
            return
        if self._order.delayed_offer is None:
            sdp = sdp_of(response)
            if sdp is None or self.voice is None or not self._try_sdp(self.voice.accept, sdp):
                self.journal.problem = self.journal.problem or "the 200 had no SDP"
        order = self._order
        self._answered(order.play, order.digits, order.record, order.talk_ms)

    def _acknowledge(self, response: SipResponse) -> None:
        cseq = cseq_of(response)
        ack = self.dialog.request("ACK", cseq[0] if cseq else 1)
        for name in ("Authorization", "Proxy-Authorization"):
            for value in self._invite.get_header_values(name):
                ack.add_header(name, value)
        if self._late_answer is not None:
            ack.set_header("Content-Type", "application/sdp")
            ack.text = self._late_answer
        self.station.port.send_ack(ack, self.dialog.next_hop())

    def _answer_offer(self, offer: str) -> None:
        """The offer of a 200, for the ACK."""
        if self.voice is not None and self._order.delayed_offer == "answered":
            self._late_answer = self.voice.answer(offer)

    def _bye_for_late_answer(self, response: SipResponse) -> None:
        """We had given up and the answer came after all: the peer must not be left in a call."""
        self.dialog.learn(response)
        bye = self.dialog.request("BYE")
        self.station.port.send_request(bye, self.dialog.next_hop(), lambda _response: None)

    def _retry_with_credentials(self, response: SipResponse) -> bool:
        """Whether the INVITE went out once more, with credentials for the 401 or 407."""
        station = self.station
        if self._authenticated or self._cancelled is not None or station.username is None or self.ended:
            return False
        credentials = answer_challenge(
            response, station.username, station.password or "", "INVITE", self._invite.uri
        )
        if credentials is None:
            return False
        self._authenticated = True
        again = self.dialog.request("INVITE")
        self._fill(again)
        again.set_header(*credentials)
        self._invite = self.journal.invite = again
        self._send_invite()
        return True
