"""What calling and called robots have in common: a dialog with audio, until somebody hangs up."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from aiosipua.message import SipMessage, SipRequest, SipResponse

from lab.media.clock import shared_ticker
from lab.media.errors import LabMediaError, SdpRejectedError
from lab.media.g711 import Codec
from lab.robots.errors import CallEndedError, CommandRefusedError, RobotsTimeoutError
from lab.robots.journal import Journal
from lab.robots.report import CallReport, CallState, Party
from lab.robots.sip_message import ALLOW, Dialog, cseq_of, response_to
from lab.robots.sip_port import SipPort
from lab.robots.sip_text import sdp_of
from lab.robots.voice import Voice

LINGER_S = 0.5
"""Silence goes on for so long after our BYE: a bridged leg of FreeSWITCH (1.11, seen) that gets no RTP
answers the BYE at once but keeps the other leg up for seconds."""

_SIPFRAG = re.compile(r"\s*SIP/2\.0 (\d{3})")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Station:
    """What a leg needs of its phone. `emit` tells the client about a change of state. `sound_ip`: the address
    that its SDP states."""

    name: str
    port: SipPort
    local_ip: str
    contact: str
    codecs: tuple[Codec, ...]
    username: str | None
    password: str | None
    emit: Callable[[CallReport, str], None]
    sound_ip: str


class Leg(ABC):
    """One call of one robot. Subclasses set it up; from the answer on everything happens here."""

    def __init__(self, station: Station, journal: Journal, dialog: Dialog) -> None:
        self.station = station
        self.journal = journal
        self.dialog = dialog
        self.voice: Voice | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_dialog: dict[str, Callable[[SipRequest], None]] = {
            "BYE": self._on_bye,
            "INVITE": self._on_offer,
            "UPDATE": self._on_offer,
            "INFO": self._on_plain,
            "NOTIFY": self._on_notify,
        }

    @property
    def key(self) -> tuple[str, str]:
        """Call-ID and our tag: what an in-dialog request names."""
        return self.dialog.call_id, self.dialog.local_tag

    @property
    def state(self) -> CallState:
        return self.journal.state

    @property
    def ended(self) -> bool:
        return self.journal.state == "ended"

    def report(self) -> CallReport:
        return replace(self.journal.report(self.voice), replaces=self.dialog.replaces)

    def play(self, play: str | None) -> None:
        self._live_voice("play").play(play)

    def record(self, path: str) -> None:
        self._live_voice("record").record(path)

    async def send_dtmf(self, digits: str, duration_ms: int) -> None:
        """Returns after the last digit; raises CallEndedError when the call ends before that."""
        sending = asyncio.ensure_future(self._live_voice("send digits").send_dtmf(digits, duration_ms))
        self._tasks.add(sending)
        sending.add_done_callback(self._tasks.discard)
        await asyncio.wait((sending,))
        if sending.cancelled():
            raise CallEndedError(f"call {self.journal.call} ended while it sent digits {digits!r}")
        sending.result()

    async def until(self, happened: Callable[[], bool], timeout_ms: int, what: str) -> None:
        """Look with every second frame until it happened.

        Raises RobotsTimeoutError, and CallEndedError when the call ends without it; both say what was heard.
        """
        ticker = shared_ticker()
        deadline_s = asyncio.get_running_loop().time() + timeout_ms / 1000
        while not happened():
            report = self.report()
            heard = f"tones {report.tones}, digits {report.digits!r}, {report.rtp.packets_received} packets"
            if self.ended:
                raise CallEndedError(f"call {report.call} ended without {what}; it heard {heard}")
            if asyncio.get_running_loop().time() >= deadline_s:
                raise RobotsTimeoutError(
                    f"call {report.call} waited {timeout_ms} ms for {what}; it heard {heard}"
                )
            await ticker.wait_ticks(2)

    def hangup(self, headers: Headers = ()) -> bool:
        """End the call in the way its state asks for; False when it is over already."""
        if self.ended:
            return False
        if self.state == "answered":
            self._send_bye(headers)
        else:
            self.give_up(headers)
        return True

    def refer(self, target: str, replaces: "Leg | None", headers: Headers = ()) -> None:
        """Ask the peer to call `target` instead of us (RFC 3515); with `replaces` in place of that call
        (attended transfer, RFC 3891). What comes of it is in the report."""
        if self.state != "answered":
            raise CommandRefusedError(
                f"call {self.journal.call} is not answered; only then it is transferred"
            )
        refer = self.dialog.request("REFER")
        refer.set_header("Contact", self.station.contact)
        if replaces is not None:
            target += "?Replaces=" + quote(replaces.dialog.replaces, safe="")
        refer.set_header("Refer-To", f"<{target}>")
        for name, value in headers:
            refer.set_header(name, value)
        self.station.port.send_request(refer, self.dialog.next_hop(), self._refer_answered)

    def hold(self, *, held: bool) -> None:
        """Offer the audio anew: the peer is on hold, or no longer (RFC 3264 section 8.4)."""
        invite = self._target_refresh("INVITE")
        self._offer(invite, "sendonly" if held else "sendrecv")
        self.station.port.send_request(invite, self.dialog.next_hop(), self._offer_answered)

    def refresh(self, interval_s: int, *, update: bool) -> None:
        """As the refresher (RFC 4028 section 7.4): UPDATE without an offer, or re-INVITE as for `hold`."""
        request = self._target_refresh("UPDATE" if update else "INVITE")
        if not update:
            self._offer(request, "sendrecv")
        request.set_header("Supported", "timer")
        request.set_header("Session-Expires", f"{interval_s};refresher=uac")
        self.station.port.send_request(request, self.dialog.next_hop(), self._refresh_answered)

    def _target_refresh(self, method: str) -> SipRequest:
        if self.state != "answered":
            raise CommandRefusedError(f"call {self.journal.call} is not answered; wait for that first")
        request = self.dialog.request(method)
        request.set_header("Contact", self.station.contact)
        return request

    def _offer(self, request: SipRequest, direction: str) -> None:
        request.set_header("Content-Type", "application/sdp")
        request.text = self._live_voice("hold").offer(direction)

    def _refresh_answered(self, response: SipResponse | None) -> None:
        if response is None or response.status_code < 200:
            return
        cseq = cseq_of(response)
        if cseq is not None and cseq[1] == "INVITE":
            self._offer_answered(response)
        if response.status_code < 300:
            self.station.emit(self.report(), "refreshed")
        else:
            self.journal.problem = f"the refresh was answered {response.status_code}"

    def _offer_answered(self, response: SipResponse | None) -> None:
        if response is None or response.status_code < 200:
            return
        if response.status_code >= 300:
            self.journal.problem = f"the new offer was answered {response.status_code}"
            return
        cseq = cseq_of(response)
        ack = self.dialog.request("ACK", cseq[0] if cseq else 1)
        self.station.port.send_ack(ack, self.dialog.next_hop())
        answer = sdp_of(response)
        if answer is not None and self.voice is not None and not self.ended:
            self._try_sdp(self.voice.accept, answer)

    def _refer_answered(self, response: SipResponse | None) -> None:
        if response is not None and response.status_code >= 200:
            self.journal.refer_code = response.status_code
            self.station.emit(self.report(), "referred")

    @abstractmethod
    def give_up(self, headers: Headers) -> None:
        """End a call that is not answered: CANCEL by the caller, a refusal by the called."""

    def on_request(self, request: SipRequest) -> None:
        """A request inside this dialog; what robots do not take (REFER) is answered 405."""
        cseq = cseq_of(request)
        if cseq is None or cseq[0] <= self.dialog.remote_cseq:
            self._respond(request, 500, "CSeq Out Of Order")
            return
        if self.ended:
            self._respond(request, 481)
            return
        self.dialog.remote_cseq = cseq[0]
        handler = self._in_dialog.get(request.method)
        if handler is None:
            self._respond(request, 405, headers=(("Allow", ALLOW),))
            return
        handler(request)

    def on_ack(self, ack: SipRequest) -> None:
        """The ACK of our 200: it carries the answer when we made the offer."""
        answer = sdp_of(ack)
        if answer is not None and self.voice is not None and not self.ended:
            self._try_sdp(self.voice.accept, answer)

    def _answered(
        self, play: str | None, digits: str | None, record: str | None, talk_ms: int | None
    ) -> None:
        """Do what was ordered for the time after the answer."""
        self.station.emit(self.report(), "answered")
        voice = self.voice
        if voice is None:
            return
        try:
            if record is not None:
                voice.record(record)
            if play is not None:
                voice.play(play)
        except LabMediaError as problem:
            self.journal.problem = str(problem)
        if digits is not None:
            self._spawn(self._send_digits(voice, digits))
        if talk_ms is not None:
            self._after(talk_ms, self.hangup)

    async def _send_digits(self, voice: Voice, digits: str) -> None:
        try:
            await voice.send_dtmf(digits, 160)
        except LabMediaError as problem:
            self.journal.problem = str(problem)

    def _end(self, by: Party, cause: SipMessage | None = None, linger_s: float = 0) -> None:
        """The call is over: everything stops (sending silence after `linger_s`), the client is told."""
        if self.ended:
            return
        self.journal.note_end(by, cause)
        for timer in self._timers:
            timer.cancel()
        for task in tuple(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
        if self.voice is not None and linger_s:
            self.voice.finish()
            asyncio.get_running_loop().call_later(linger_s, self.voice.stop)
        elif self.voice is not None:
            self.voice.stop()
        self.station.emit(self.report(), "ended")

    def _live_voice(self, wish: str) -> Voice:
        if self.ended:
            final = self.journal.final
            how = f"{final.status_code} {final.reason_phrase}" if final else "without a final response"
            raise CallEndedError(
                f"call {self.journal.call} ended ({how}) before it could {wish}; start another call"
            )
        if self.voice is None:
            raise CommandRefusedError(f"call {self.journal.call} has no audio to {wish}; wait for the answer")
        return self.voice

    def _after(self, milliseconds: int, action: Callable[[], object]) -> None:
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(milliseconds / 1000, action))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _try_sdp(self, use: Callable[[str], object], sdp: str) -> bool:
        """Whether the peer's SDP was usable; if not, the report says why."""
        try:
            use(sdp)
        except SdpRejectedError as problem:
            self.journal.problem = str(problem)
            return False
        return True

    def _send_bye(self, headers: Headers = ()) -> None:
        bye = self.dialog.request("BYE")
        for name, value in headers:
            bye.add_header(name, value)
        self.station.port.send_request(bye, self.dialog.next_hop(), lambda _response: None)
        self._end("us", linger_s=LINGER_S)

    def _on_bye(self, request: SipRequest) -> None:
        self._respond(request, 200)
        self._end("peer", request)

    def _on_plain(self, request: SipRequest) -> None:
        self._respond(request, 200)

    def _on_notify(self, request: SipRequest) -> None:
        """What became of our REFER, as a status line (RFC 3515 section 2.4.4)."""
        found = _SIPFRAG.match(request.text[:200])
        if found is not None:
            self.journal.refer_results.append(int(found[1]))
            self.station.emit(self.report(), "notified")
        self._respond(request, 200)

    def _on_offer(self, request: SipRequest) -> None:
        """Re-INVITE or UPDATE: the same audio again; an INVITE without offer gets ours."""
        self.dialog.retarget(request)
        self.journal.offers += 1
        offer, voice = sdp_of(request), self.voice
        headers = [("Contact", self.station.contact)]
        if interval := request.get_header("Session-Expires"):
            # RFC 4028 section 9: whoever refreshes says so, and goes on doing it.
            headers += [("Session-Expires", interval), ("Supported", "timer"), ("Require", "timer")]
        if voice is None or (offer is None and request.method == "UPDATE"):
            self._respond(request, 200, headers=headers)
            self._was_refreshed(request)
            return
        try:
            sdp = voice.offer() if offer is None else voice.answer(offer)
        except SdpRejectedError as problem:
            self.journal.problem = str(problem)
            self._respond(request, 488)
            return
        self._respond(request, 200, headers=headers, sdp=sdp)
        self._was_refreshed(request)

    def _was_refreshed(self, request: SipRequest) -> None:
        if request.get_header("Session-Expires"):
            self.station.emit(self.report(), "refreshed")

    def _respond(
        self,
        request: SipRequest,
        code: int,
        reason: str = "",
        headers: Iterable[tuple[str, str]] = (),
        sdp: str | None = None,
    ) -> None:
        response = response_to(request, code, reason, to_tag=self.dialog.local_tag, headers=headers)
        if sdp is not None:
            response.set_header("Content-Type", "application/sdp")
            response.text = sdp
        self.station.port.respond(request, response)
