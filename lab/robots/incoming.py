"""A call that a robot receives, and how it behaves towards it."""

import asyncio

from aiosipua.message import SipRequest

from lab.media.errors import LabMediaError, SdpRejectedError
from lab.robots.behaviour import Answer, Behaviour, Ignore, Reject, Ring, RingThenHangup
from lab.robots.errors import CallEndedError
from lab.robots.journal import Journal
from lab.robots.leg import Headers, Leg, Station
from lab.robots.sip_message import ALLOW, Dialog, cseq_of, response_to
from lab.robots.sip_text import Address, new_tag, sdp_of, uri_of
from lab.robots.sip_via import branch_of
from lab.robots.voice import Voice

IGNORED_CALL_MS = 64_000
"""An ignored caller has given up by then (twice 64 x T1)."""


class IncomingLeg(Leg):
    """The callee's side: `start` acts out a behaviour; `answer` and `reject` decide by hand."""

    def __init__(self, station: Station, call: str, invite: SipRequest, peer: Address) -> None:
        cseq = cseq_of(invite)
        contact = invite.get_header("Contact")
        dialog = Dialog(
            call_id=invite.call_id or "",
            local=f"{invite.get_header('To')};tag={new_tag()}",
            remote=invite.get_header("From") or "",
            target=uri_of(contact or invite.get_header("From") or ""),
            peer=peer,
            routes=list(invite.get_header_values("Record-Route")),
            remote_cseq=cseq[0] if cseq else 0,
        )
        super().__init__(station, Journal(call, station.name, "incoming", invite), dialog)
        self.branch = branch_of(invite)
        self._invite = invite
        self._sdp: str | None = None
        self._ignoring = False
        self._silent = False

    def start(self, behaviour: Behaviour) -> None:
        """Begin; everything after the 100 happens in a task of its own."""
        if isinstance(behaviour, Ignore):
            self._ignoring = True
            self._after(IGNORED_CALL_MS, lambda: self._end("peer"))
            return
        self._silent = isinstance(behaviour, Answer) and behaviour.silent
        self._provisional(100)
        self._spawn(self._act_safely(behaviour))

    async def _act_safely(self, behaviour: Answer | Reject | Ring | RingThenHangup) -> None:
        try:
            await self._act(behaviour)
        except CallEndedError:
            pass  # somebody decided by hand, or the caller gave up, in the middle of the behaviour
        except LabMediaError as problem:
            self.journal.problem = str(problem)
            if self.state in ("calling", "ringing"):
                self.reject(500)

    async def _act(self, behaviour: Answer | Reject | Ring | RingThenHangup) -> None:
        headers = tuple(behaviour.headers.items())
        match behaviour:
            case Reject():
                if behaviour.ring:
                    self._provisional(180, headers)
                await asyncio.sleep(behaviour.after_ms / 1000)
                self.reject(behaviour.code, behaviour.reason, headers)
            case RingThenHangup():
                self._provisional(180, headers)
                await asyncio.sleep(behaviour.ring_ms / 1000)
                self.reject(behaviour.code, behaviour.reason, headers)
            case Ring():
                await asyncio.sleep(behaviour.after_ms / 1000)
                await self._alert(behaviour.early_media, headers)
            case Answer():
                if behaviour.ring or behaviour.early_media is not None:
                    await self._alert(behaviour.early_media, headers)
                await asyncio.sleep(behaviour.after_ms / 1000)
                await self.answer(
                    behaviour.play, behaviour.digits, behaviour.record, behaviour.talk_ms, headers
                )

    async def answer(
        self,
        play: str | None = None,
        digits: str | None = None,
        record: str | None = None,
        talk_ms: int | None = None,
        headers: Headers = (),
    ) -> None:
        """200 with SDP. Raises CallEndedError when the caller was faster; a second answer changes nothing."""
        if self.ended:
            raise CallEndedError(f"call {self.journal.call} was ended by the caller before the answer")
        if self.state == "answered" or not await self._ready():
            return
        if self.voice is not None:
            self.voice.play(None)  # the early media ends with the answer
        response = response_to(
            self._invite,
            200,
            to_tag=self.dialog.local_tag,
            headers=(("Contact", self.station.contact), ("Allow", ALLOW), *headers),
        )
        response.set_header("Content-Type", "application/sdp")
        response.text = self._sdp or ""
        self.station.port.respond(self._invite, response, self._no_ack)
        self.journal.note_answer(response)
        self._answered(play, digits, record, talk_ms)

    def reject(self, code: int, reason: str = "", headers: Headers = ()) -> None:
        """Refuse with a final code; raises CallEndedError when the call is answered or over."""
        if self.state in ("answered", "ended"):
            raise CallEndedError(f"call {self.journal.call} is {self.state}; only a ringing call is refused")
        response = response_to(self._invite, code, reason, to_tag=self.dialog.local_tag, headers=headers)
        self.station.port.respond(self._invite, response)
        self._end("us", response)

    def give_up(self, headers: Headers) -> None:
        self.reject(480, "", headers)

    def on_cancel(self, cancel: SipRequest) -> None:
        """The caller gave up: 200 to the CANCEL, 487 to the INVITE (RFC 3261 section 9.2)."""
        if self._ignoring:
            self._end("peer", cancel)
            return
        self._respond(cancel, 200)
        if self.state in ("answered", "ended"):
            return  # the CANCEL crossed our final response, which stands
        response = response_to(self._invite, 487, to_tag=self.dialog.local_tag)
        self.station.port.respond(self._invite, response)
        self.journal.note_reasons(cancel)
        self._end("peer", response)

    async def _alert(self, early_media: str | None, headers: Headers) -> None:
        if early_media is None:
            self._provisional(180, headers)
            return
        if not await self._ready() or self.voice is None:
            return
        try:
            self.voice.play(early_media)
        except LabMediaError as problem:
            self.journal.problem = str(problem)
        self._provisional(183, headers, self._sdp)

    async def _ready(self) -> bool:
        """Audio and our SDP exist; an offer we cannot use is refused with 488."""
        if self.voice is not None:
            return True
        offer = sdp_of(self._invite)
        station = self.station
        voice = await Voice.open(station.local_ip, station.codecs, self._silent, station.sound_ip)
        if self.ended:  # cancelled while the port was opened
            voice.stop()
            return False
        self.voice = voice
        try:
            self._sdp = voice.offer() if offer is None else voice.answer(offer)
        except SdpRejectedError as problem:
            self.journal.problem = str(problem)
            self.reject(488)
            return False
        return True

    def _provisional(self, code: int, headers: Headers = (), sdp: str | None = None) -> None:
        extra = (("Contact", self.station.contact), *headers) if code > 100 else ()
        tag = self.dialog.local_tag if code > 100 else ""
        response = response_to(self._invite, code, to_tag=tag, headers=extra)
        if sdp is not None:
            response.set_header("Content-Type", "application/sdp")
            response.text = sdp
        self.station.port.respond(self._invite, response)
        self.journal.note_provisional(response)
        if code > 100 and self.state == "calling":
            self.journal.state = "ringing"
            self.station.emit(self.report(), "ringing")

    def _no_ack(self) -> None:
        if not self.ended:
            self.journal.problem = "the caller never acknowledged our 200"
            self._send_bye()
