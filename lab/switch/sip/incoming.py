"""An incoming call's leg: 100, 180, 183, 200 or a refusal, CANCEL and ACK."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiosipua.message import SipRequest, SipResponse

from lab.media.errors import SdpRejectedError
from lab.switch.causes import Cause, sip_code
from lab.switch.channel import Channel
from lab.switch.sip.building import Dialog, phrase, response_to
from lab.switch.sip.reading import first
from lab.switch.sip.sip_leg import (
    SipLeg,
    add_header,
    attach_sdp,
    parse_peer_audio,
    q850_cause,
)
from lab.switch.sip.transactions import T1_S, T2_S, ServerTransaction

if TYPE_CHECKING:
    from lab.switch.sip.endpoint import SipProfile


class IncomingLeg(SipLeg):
    """UAS side of an INVITE."""

    def __init__(
        self,
        profile: SipProfile,
        channel: Channel,
        dialog: Dialog,
        invite: SipRequest,
        transaction: ServerTransaction,
    ) -> None:
        super().__init__(profile, channel, dialog)
        self.invite = invite
        self.transaction = transaction
        self.answered = False
        self._rung = False
        self._respond: tuple[int, str, str | None] | None = None
        self._acked = False
        self._repeat: asyncio.TimerHandle | None = None
        transaction.on_cancel = self._cancelled

    @property
    def contact(self) -> str:
        user = self.channel.profiles[-1].destination_number
        wire = self.profile.wire
        safe = "".join(character for character in user if character.isalnum() or character in "+-_.*#")
        return (
            f"<sip:{safe or 'mod_sofia'}@{wire.ip}:{wire.port};transport={self.transaction.source.transport}>"
        )

    def ring_ready(self) -> None:
        if self._open and not self._rung and not self.channel.has_media:
            self._rung = True
            self._send(180)
            self.channel.mark_ring_ready()

    async def pre_answer(self) -> None:
        if not self._open or self.channel.has_media:
            return
        if not self.invite.body:  # no reliable 183 there: FreeSWITCH has no way to offer before its 200
            self.channel.hangup(Cause.INCOMPATIBLE_DESTINATION)
            return
        sdp = await self._description()
        if self._open and sdp is not None:
            self._send(183, sdp)
            self.channel.mark_early_media()

    async def answer(self) -> None:
        if not self._open:
            return
        sdp = await self._description()
        if not self._open or sdp is None:
            return
        self.answered = True
        self._send(200, sdp)
        self._repeat_until_acknowledged(T1_S, 0.0)
        self.channel.mark_answered()

    def release(self) -> None:
        self.transaction.on_cancel = None  # the transaction outlives the call by 32 s, the call need not
        super().release()

    def respond(self, code: int, phrase: str, contact: str | None = None) -> None:
        self._respond = (code, phrase, contact)

    def end(self, cause: Cause) -> None:
        channel = self.channel
        if self._repeat is not None:
            self._repeat.cancel()
        if self.ended:
            return
        if self.answered:
            channel.set("sip_hangup_disposition", "send_bye")
            self.send_bye(cause)
            return
        self.ended = True
        channel.set("sip_hangup_disposition", "send_refuse")
        code, text, contact = self._refusal(cause)
        response = response_to(self.invite, code, text, tag=self.dialog.local_tag)
        self.profile.sign(response)
        response.headers.set_single("Reason", self.reason(cause))
        if contact:
            add_header(response, "Contact", contact)
        self._add_response_headers(response)
        self.transaction.respond(response)

    def acknowledged(self, request: SipRequest) -> None:
        if self._acked:
            return
        self._acked = True
        if self._repeat is not None:
            self._repeat.cancel()
        if self.invite.body:
            return
        endpoint = parse_peer_audio(request.text) if request.body else None
        if endpoint is not None:
            self.agree(endpoint)
        else:
            self.channel.hangup(Cause.INCOMPATIBLE_DESTINATION)

    @property
    def _open(self) -> bool:
        return self.channel.up and not self.ended and not self.answered

    def _refusal(self, cause: Cause) -> tuple[int, str, str | None]:
        if self._respond is not None:
            return self._respond
        code = sip_code(cause)
        ignore = (self.channel.get("sip_ignore_remote_cause") or "").lower() == "true"
        remote = self.channel.variables.get("last_bridge_proto_specific_hangup_cause") or ""
        digits = remote.removeprefix("sip:")
        if not ignore and remote.startswith("sip:") and digits.isdigit() and 300 <= int(digits[:4]) <= 699:
            code = int(digits)
        return code, phrase(code), None

    async def _description(self) -> str | None:
        """The session description to send; None when the leg was ended for want of a common codec."""
        if self.channel.has_media and self.local_sdp:
            return self.local_sdp
        await self.open_media()
        if not self.invite.body:
            return self.offer(self.codecs)
        try:
            return self.answer_to(self.invite.text)
        except SdpRejectedError:
            self.channel.hangup(Cause.INCOMPATIBLE_DESTINATION)
            return None

    def _send(self, code: int, sdp: str | None = None) -> None:
        response = response_to(self.invite, code, tag=self.dialog.local_tag)
        self.profile.sign(response)
        response.headers.set_single("Contact", self.contact)
        self._add_response_headers(response)
        if sdp:
            attach_sdp(response, sdp)
        self.transaction.respond(response)
        self.channel.set("sip_to_tag", self.dialog.local_tag)

    def _add_response_headers(self, response: SipResponse) -> None:
        for name, value in self.channel.variables.with_prefix("sip_rh_"):
            add_header(response, name.removeprefix("sip_rh_"), value)

    def _cancelled(self, request: SipRequest) -> None:
        if self.answered or self.ended:
            return
        self.ended = True
        response = response_to(self.invite, 487, tag=self.dialog.local_tag)
        self.profile.sign(response)
        self.transaction.respond(response)
        channel = self.channel
        if first(request, "reason"):
            channel.set("sip_reason", first(request, "reason"))
        channel.set("sip_hangup_disposition", "recv_cancel")
        channel.set("sip_invite_failure_status", "487")
        channel.set("sip_invite_failure_phrase", "CANCEL")
        cause = q850_cause(channel, request) or Cause.ORIGINATOR_CANCEL
        self.note_end(487, "Request Terminated", cause)
        channel.hangup(cause)

    def _repeat_until_acknowledged(self, interval_s: float, waited_s: float) -> None:
        def again() -> None:
            if self._acked or self.ended:
                return
            if waited_s + interval_s >= self.profile.transactions.timeout_s:
                self.channel.hangup(Cause.RECOVERY_ON_TIMER_EXPIRE)
                return
            if not self.transaction.source.reliable:
                self.transaction.repeat()
            self._repeat_until_acknowledged(min(2 * interval_s, T2_S), waited_s + interval_s)

        self._repeat = asyncio.get_running_loop().call_later(interval_s, again)
