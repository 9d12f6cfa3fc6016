"""What incoming and outgoing SIP legs share: media, in-dialog requests, BYE."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from aiosipua.message import SipRequest, SipResponse

from lab.media.errors import SdpRejectedError
from lab.media.g711 import Codec
from lab.media.rtp import RtpSession
from lab.media.sdp import CONTENT_TYPE, AudioEndpoint, build_answer, build_offer, parse_audio
from lab.switch.causes import Cause
from lab.switch.channel import Channel
from lab.switch.media import LegMedia
from lab.switch.sip.building import Dialog, phrase, reason_header, response_to
from lab.switch.sip.codecs import in_common, named
from lab.switch.sip.reading import Message, cseq_of, first
from lab.switch.sip.refer import refer, refuses, subscription_state
from lab.switch.sip.transactions import ServerTransaction
from lab.switch.sip.wire import Address
from lab.switch.states import CallState

if TYPE_CHECKING:
    from lab.switch.sip.endpoint import SipProfile

log = logging.getLogger(__name__)

_Q850: Final = re.compile(r"Q\.850\s*;.*?cause\s*=\s*(\d{1,3})", re.IGNORECASE)
_SIPFRAG: Final = re.compile(r"\s*SIP/2\.0 (\d{3})")
_INFO_SIGNAL: Final = re.compile(r"^\s*Signal\s*=\s*([0-9*#A-Da-d])", re.MULTILINE)


class SipLeg:
    """A dialog (being made) with its channel and audio."""

    def __init__(self, profile: SipProfile, channel: Channel, dialog: Dialog) -> None:
        self.profile = profile
        self.channel = channel
        self.dialog = dialog
        self.media: LegMedia | None = None
        self.local_sdp = ""
        self.ended = False

    # -- media ----------------------------------------------------------------------------------

    async def open_media(self) -> LegMedia:
        """Bind the RTP port once."""
        if self.media is None:
            rtp = await RtpSession.open(self.profile.settings.rtp_ip, symmetric=True)
            if self.media is None and not self.ended:
                self.media = LegMedia(rtp, self.channel.digit)
                channel = self.channel
                channel.set("local_media_ip", rtp.local_ip)
                channel.set("local_media_port", str(rtp.port))
                channel.set("advertised_media_ip", rtp.local_ip)
            else:
                rtp.close()
        self.channel.check()
        if self.media is None:
            raise RuntimeError(f"{self.channel!r} has no media although it is up")
        return self.media

    def release(self) -> None:
        if self.media is not None:
            self.media.close()
        self.profile.forget(self)

    def agree(self, endpoint: AudioEndpoint) -> None:
        """Use what the peer said about its audio."""
        channel = self.channel
        codec = endpoint.codec
        if self.media is not None:
            self.media.rtp.set_remote(
                endpoint.host, endpoint.port, codec.payload_type, endpoint.dtmf_payload_type
            )
        for name, value in (
            ("remote_media_ip", endpoint.host),
            ("remote_media_port", str(endpoint.port)),
            ("remote_audio_media_flow", endpoint.direction),
            ("audio_media_flow", "sendrecv"),
            ("rtp_audio_recv_pt", str(codec.payload_type)),
            ("rtp_use_codec_name", codec.name),
            ("rtp_use_codec_rate", "8000"),
            ("rtp_use_codec_ptime", "20"),
            ("rtp_use_codec_channels", "1"),
            ("rtp_last_audio_codec_string", f"{codec.name}@8000h@20i@1c"),
            ("read_codec", codec.name),
            ("read_rate", "8000"),
            ("write_codec", codec.name),
            ("write_rate", "8000"),
            ("dtmf_type", "rfc2833" if endpoint.dtmf_payload_type else "info"),
        ):
            channel.set(name, value)
        self._note_hold(endpoint)

    def first_common(self, endpoint: AudioEndpoint) -> AudioEndpoint:
        """The peer's audio with the codecs that the leg takes; SdpRejectedError without one."""
        common = self._in_common(endpoint)
        if not common:
            raise SdpRejectedError(
                f"profile {self.profile.name} takes none of the offered codecs; see its prefs"
            )
        return replace(endpoint, codecs=common)

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """What the leg takes."""
        return named(self.channel.get("absolute_codec_string"), self.profile.codecs("inbound"))

    @property
    def _greedy(self) -> bool:
        return self.channel.get("rtp_codec_negotiation") == "greedy"

    def _in_common(self, endpoint: AudioEndpoint) -> tuple[Codec, ...]:
        return in_common(self.codecs, endpoint.codecs, greedy=self._greedy)

    def _note_hold(self, endpoint: AudioEndpoint) -> None:
        media = self.media
        if media is None or not self.channel.answered:
            return
        held = endpoint.direction in ("sendonly", "inactive") or endpoint.host == "0.0.0.0"  # noqa: S104
        if held != media.held:
            media.held = held
            if held:
                self.channel.set_callstate(CallState.HELD)
            self.channel.fire("CHANNEL_HOLD" if held else "CHANNEL_UNHOLD")
            if not held:
                self.channel.set_callstate(CallState.ACTIVE)

    def offer(self, codecs: tuple[Codec, ...]) -> str:
        """Our offer for the open port."""
        if self.media is None:
            return ""
        self.local_sdp = build_offer(self.profile.settings.rtp_ip, self.media.rtp.port, codecs)
        self.channel.set("rtp_local_sdp_str", self.local_sdp)
        return self.local_sdp

    def answer_to(self, offer: str) -> str:
        """Our answer to the peer's offer; raises SdpRejectedError when nothing fits."""
        if self.media is None:
            return ""
        chosen = self._in_common(parse_audio(offer))[:1] if self._greedy else ()
        answer, agreed = build_answer(
            offer,
            self.profile.settings.rtp_ip,
            self.media.rtp.port,
            chosen or self.codecs,
        )
        self.local_sdp = answer
        self.channel.set("rtp_local_sdp_str", answer)
        self.agree(agreed)
        return answer

    # -- in-dialog requests ---------------------------------------------------------------------

    def request_arrived(self, request: SipRequest, transaction: ServerTransaction) -> None:
        """A request inside the dialog."""
        number, _ = cseq_of(request)
        if number < self.dialog.remote_cseq:
            transaction.respond(response_to(request, 500, tag=self.dialog.local_tag))
            return
        self.dialog.remote_cseq = number
        match request.method:
            case "BYE":
                self._bye(request, transaction)
            case "INVITE" | "UPDATE":
                self._renegotiate(request, transaction)
            case "INFO":
                self._info(request)
                transaction.respond(self._response(request, 200))
            case "OPTIONS" | "NOTIFY":
                if request.method == "NOTIFY":
                    self._refer_progress(request)
                transaction.respond(self._response(request, 200))
            case "REFER":
                self._referred(request, transaction)
            case _:
                transaction.respond(self._response(request, 501))

    def acknowledged(self, request: SipRequest) -> None:
        """ACK to a 2xx of ours."""

    def _bye(self, request: SipRequest, transaction: ServerTransaction) -> None:
        self.ended = True
        channel = self.channel
        transaction.respond(self._response(request, 200))
        if not channel.up:
            return
        cause = q850_cause(channel, request) or Cause.NORMAL_CLEARING
        if first(request, "reason"):
            channel.set("sip_reason", first(request, "reason"))
            channel.set_on_partner("sip_reason", first(request, "reason"))
        self.note_end(200, "OK", cause)
        channel.set("sip_hangup_disposition", "recv_bye")
        channel.hangup(cause)

    def note_end(self, code: int, text: str, cause: Cause) -> None:
        """The variables that say which final message ended the leg."""
        channel = self.channel
        channel.set("sip_term_status", str(code))
        channel.set("proto_specific_hangup_cause", f"sip:{code}")
        channel.set("sip_term_cause", str(cause.value))
        channel.set_on_partner("sip_hangup_phrase", text)

    def _renegotiate(self, request: SipRequest, transaction: ServerTransaction) -> None:
        self.dialog.learn(request)
        response = self._response(request, 200)
        if request.body:
            try:
                sdp = self.answer_to(request.text)
            except SdpRejectedError as refused:
                log.info("%r: %s", self.channel, refused)
                transaction.respond(self._response(request, 488))
                return
            attach_sdp(response, sdp)
        elif request.method == "INVITE" and self.local_sdp:
            attach_sdp(response, self.local_sdp)
        transaction.respond(response)

    def _info(self, request: SipRequest) -> None:
        content = first(request, "content-type").lower()
        found = _INFO_SIGNAL.search(request.text[:1024]) if "dtmf-relay" in content else None
        digit = found[1] if found else request.text.strip()[:1] if content == "application/dtmf" else ""
        if digit and digit in "0123456789*#ABCDabcd":
            self.channel.digit(digit.upper(), "INBAND_SIGNALING")
            if self.media is not None and self.media.peer is not None:
                self.media.peer.send_digits(digit.upper())

    def _response(self, request: SipRequest, code: int) -> SipResponse:
        response = response_to(request, code, tag=self.dialog.local_tag)
        self.profile.sign(response)
        if request.method in ("INVITE", "UPDATE") and code < 300:
            response.headers.set_single("Contact", self.contact)
        return response

    @property
    def contact(self) -> str:
        return f"<sip:mod_sofia@{self.profile.wire.ip}:{self.profile.wire.port}>"

    # -- transfer -----------------------------------------------------------------------------------

    def refer(self, target: str) -> None:
        """Ask the peer to call `target` instead; its word arrives as sip_refer_status_code."""
        self.channel.set("sip_refer_status_code", None)
        refer = self.dialog.request("REFER")
        self.profile.sign(refer)
        refer.headers.set_single("Contact", self.contact)
        add_header(refer, "Refer-To", target if target.startswith("<") else f"<{target}>")
        self.profile.transactions.request(refer, self.dialog.next_hop(), self._refer_answered)

    def _referred(self, request: SipRequest, transaction: ServerTransaction) -> None:
        if refuses(self):
            transaction.respond(self._response(request, 405))
            return
        transaction.respond(self._response(request, 202))
        code = refer(self, request)
        notify = self.dialog.request("NOTIFY")
        self.profile.sign(notify)
        notify.headers.set_single("Contact", self.contact)
        for name, value in subscription_state(request):
            notify.headers.set_single(name, value)
        notify.text = f"SIP/2.0 {code} {phrase(code)}\r\n"
        self.profile.transactions.request(notify, self.dialog.next_hop(), _nothing_to_do)

    def _refer_answered(self, response: SipResponse, _source: Address) -> None:
        if response.status_code >= 300:
            self._refer_done(response.status_code)

    def _refer_progress(self, request: SipRequest) -> None:
        found = _SIPFRAG.match(request.text[:200])
        if found and int(found[1]) >= 200:
            self._refer_done(int(found[1]))

    def _refer_done(self, code: int) -> None:
        self.channel.set("sip_refer_status_code", str(code))
        self.channel.notify()

    # -- ending ---------------------------------------------------------------------------------

    def send_bye(self, cause: Cause) -> None:
        """BYE with the reason; the answer, or none, changes nothing."""
        self.ended = True
        bye = self.dialog.request("BYE")
        self.profile.sign(bye)
        bye.headers.set_single("Reason", self.reason(cause))
        for name, value in self.channel.variables.with_prefix("sip_bye_h_"):
            add_header(bye, name.removeprefix("sip_bye_h_"), value)
        self.profile.transactions.request(bye, self.dialog.next_hop(), _nothing_to_do)

    def reason(self, cause: Cause) -> str:
        return self.channel.variables.get("sip_reason") or reason_header(cause)


def _nothing_to_do(_response: SipResponse, _source: Address) -> None:
    """Whatever the peer says to our BYE or NOTIFY changes nothing."""


def q850_cause(channel: Channel, message: Message) -> Cause | None:
    """The cause of a Reason header, unless the channel ignores them (RFC 3326)."""
    if (channel.get("ignore_q850_reason") or "").lower() in ("true", "yes", "1"):
        return None
    for value in message.headers.get("reason"):
        found = _Q850.search(value)
        if found and int(found[1]) in _KNOWN_CAUSES and int(found[1]):
            return Cause(int(found[1]))
    return None


_KNOWN_CAUSES: Final = frozenset(cause.value for cause in Cause)


def attach_sdp(message: Message, sdp: str) -> None:
    message.text = sdp
    message.headers.set_single("Content-Type", CONTENT_TYPE)
    message.headers.set_single("Content-Disposition", "session")


def add_header(message: Message, name: str, value: str) -> None:
    """A header whose content a variable gave; line breaks end it, as they may not make further headers."""
    clean_name = re.sub(r"[^A-Za-z0-9-]", "", name)
    if clean_name:
        message.headers.append(clean_name, re.split(r"[\r\n]", value, maxsplit=1)[0])


def parse_peer_audio(text: str) -> AudioEndpoint | None:
    """The peer's audio, or None when there is no usable one."""
    try:
        return parse_audio(text)
    except SdpRejectedError as refused:
        log.info("%s", refused)
        return None
