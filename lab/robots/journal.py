"""The notes a robot takes during one call, from which the report is made at any time."""

import time
from dataclasses import dataclass, field
from typing import Literal

from aiosipua.message import SipMessage, SipRequest, SipResponse

from lab.media.rtp_receiver import RtpStats
from lab.robots.report import CallReport, CallState, Party, Provisional
from lab.robots.sip_text import all_headers, body_parts, sdp_of
from lab.robots.voice import Voice

MAX_PROVISIONALS = 100


@dataclass(slots=True)
class Journal:
    """Filled by the leg, in the order of events."""

    call: str
    phone: str
    direction: Literal["outgoing", "incoming"]
    invite: SipRequest
    state: CallState = "calling"
    provisionals: list[Provisional] = field(default_factory=list)
    final: SipResponse | None = None
    reasons: list[str] = field(default_factory=list)
    answered_ms: int | None = None
    ended_ms: int | None = None
    ended_by: Party | None = None
    post_dial_delay_ms: int | None = None
    problem: str | None = None
    refer_code: int | None = None
    refer_results: list[int] = field(default_factory=list)
    offers: int = 0
    _started_s: float = field(default_factory=time.monotonic)

    def now_ms(self) -> int:
        return round((time.monotonic() - self._started_s) * 1000)

    def note_provisional(self, response: SipResponse) -> None:
        early_media = sdp_of(response) is not None
        if len(self.provisionals) < MAX_PROVISIONALS:
            self.provisionals.append(
                Provisional(response.status_code, response.reason_phrase, self.now_ms(), early_media)
            )
        if response.status_code in (180, 183):
            self._note_delay()

    def note_answer(self, response: SipResponse) -> None:
        self.final = response
        self.state = "answered"
        self.answered_ms = self.now_ms()
        self._note_delay()

    def note_end(self, by: Party, cause: SipMessage | None = None) -> None:
        """`cause` is the BYE, CANCEL or refusal that ended the call, for its Reason headers."""
        self.state = "ended"
        self.ended_ms = self.now_ms()
        self.ended_by = by
        if isinstance(cause, SipResponse):
            self.final = cause
        if cause is not None:
            self.note_reasons(cause)

    def note_reasons(self, message: SipMessage) -> None:
        self.reasons.extend(message.get_header_values("Reason"))

    def report(self, voice: Voice | None) -> CallReport:
        """The call as it stands."""
        invite, final = self.invite, self.final
        return CallReport(
            call=self.call,
            phone=self.phone,
            direction=self.direction,
            state=self.state,
            sip_call_id=invite.call_id or "",
            request_uri=invite.uri,
            from_header=invite.get_header("From") or "",
            to_header=invite.get_header("To") or "",
            headers=all_headers(invite),
            body=invite.text,
            parts=body_parts(invite),
            provisionals=tuple(self.provisionals),
            final_code=final.status_code if final else None,
            final_reason=final.reason_phrase if final else "",
            response_headers=all_headers(final) if final else (),
            reason_headers=tuple(self.reasons),
            answered_ms=self.answered_ms,
            ended_ms=self.ended_ms,
            ended_by=self.ended_by,
            post_dial_delay_ms=self.post_dial_delay_ms,
            digits=voice.digits if voice else "",
            tones=voice.tones if voice else (),
            rtp=voice.stats if voice else RtpStats(),
            problem=self.problem,
            refer_code=self.refer_code,
            refer_results=tuple(self.refer_results),
            offers=self.offers,
            began_ms=round(self._started_s * 1000),
            codec=voice.codec if voice else "",
        )

    def _note_delay(self) -> None:
        if self.post_dial_delay_ms is None:
            self.post_dial_delay_ms = self.now_ms()
