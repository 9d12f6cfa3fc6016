"""An outgoing call's leg: INVITE, its answers, CANCEL."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from aiosipua.auth import SipDigestAuth, answer_challenge
from aiosipua.message import SipRequest, SipResponse

from lab.media.g711 import Codec
from lab.switch.causes import Cause, cause_of_sip
from lab.switch.channel import Channel, new_uuid
from lab.switch.config.settings import GatewaySettings
from lab.switch.sip.building import ALLOW, Dialog, new_tag, phrase
from lab.switch.sip.identity import from_header, identity_headers
from lab.switch.sip.invite_facts import addresses
from lab.switch.sip.reading import cseq_of, first, tag_of
from lab.switch.sip.redirect import CODES, redirected
from lab.switch.sip.sip_leg import SipLeg, add_header, attach_sdp, parse_peer_audio, q850_cause
from lab.switch.sip.transactions import ClientTransaction
from lab.switch.sip.wire import Address

if TYPE_CHECKING:
    from lab.switch.sip.endpoint import SipProfile

log = logging.getLogger(__name__)

FIRST_CSEQ: Final = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """Where an outgoing call goes: Request-URI, To, the next hop, and the gateway whose name it uses.
    `sticky`: all that follows in the call goes there too."""

    uri: str
    to: str
    hop: Address
    gateway: GatewaySettings | None = None
    sticky: bool = False


def _as_asked(channel: Channel, target: Target) -> Target:
    """The Request-URI and the To that variables ask for; where the INVITE is sent stays as it is."""
    to = channel.get("sip_invite_to_uri") or target.to
    return replace(
        target,
        uri=channel.get("sip_invite_req_uri") or target.uri,
        to=to.removeprefix("<").removesuffix(">"),
    )


class OutgoingLeg(SipLeg):
    """UAC side of an INVITE."""

    def __init__(self, profile: SipProfile, channel: Channel, target: Target) -> None:
        local = from_header(channel, profile.settings, target.gateway)
        params = channel.get("sip_invite_params")
        if params:
            # After sofia_overcome_sip_uri_weakness: behind the transport, in the Request-URI only.
            target = replace(target, uri=f"{target.uri};{params}")
        target = _as_asked(channel, target)
        dialog = Dialog(
            call_id=channel.get("sip_invite_call_id") or new_uuid(),
            local=local,
            local_tag=new_tag(),
            remote=f"<{target.to}>",
            remote_tag="",
            target=target.uri,
            destination=target.hop,
            local_cseq=FIRST_CSEQ,
            sticky=target.sticky,
        )
        super().__init__(profile, channel, dialog)
        self.target = target
        self._transaction: ClientTransaction | None = None
        self._answered = False
        self._challenged = False
        self._provisional = False
        self._cancel_with: Cause | None = None

    @property
    def contact(self) -> str:
        wire, gateway = self.profile.wire, self.target.gateway
        transport = self.target.hop.transport
        if gateway is not None:
            in_contact = gateway.is_on("extension-in-contact")
            user = gateway.get("extension") if in_contact else f"gw+{gateway.name}"
            return f"<sip:{user}@{wire.ip}:{wire.port};transport={transport};gw={gateway.name}>"
        return f"<sip:mod_sofia@{wire.ip}:{wire.port};transport={transport}>"

    async def start(self, codecs: tuple[Codec, ...]) -> None:
        """Open the media and send the INVITE. Raises PortsExhaustedError without a free port."""
        await self.open_media()
        self.offer(codecs)
        channel = self.channel
        channel.set("sip_call_id", self.dialog.call_id)
        channel.set("sip_outgoing_contact_uri", self.contact)
        channel.set("sip_req_uri", self.target.uri.removeprefix("sip:"))
        self._invite(None)

    def ring_ready(self) -> None:
        """The peer rings, not we."""

    async def pre_answer(self) -> None:
        """The peer decides."""

    async def answer(self) -> None:
        """The peer decides."""

    def respond(self, code: int, phrase: str, contact: str | None = None) -> None:
        """There is nothing to respond to."""

    def end(self, cause: Cause) -> None:
        channel = self.channel
        if self.ended:
            return
        if self._answered:
            channel.set("sip_hangup_disposition", "send_bye")
            self.send_bye(cause)
            return
        self.ended = True
        channel.set("sip_hangup_disposition", "send_cancel")
        channel.set("sip_invite_failure_status", "487")
        channel.set("sip_invite_failure_phrase", "CANCEL")
        self._cancel_with = cause
        if self._provisional:
            self._cancel()
        elif self._transaction is not None:
            # RFC 3261 section 9.1: CANCEL must wait for a provisional response; a silent peer gets none.
            self._transaction.abandon()

    def _cancel(self) -> None:
        if self._transaction is not None and self._cancel_with is not None:
            self.profile.transactions.cancel(self._transaction, [("Reason", self.reason(self._cancel_with))])
            self._cancel_with = None

    def _invite(self, credentials: tuple[str, str] | None) -> None:
        invite = self.dialog.request("INVITE")
        channel, settings, gateway = self.channel, self.profile.settings, self.target.gateway
        invite.headers.set_single("Max-Forwards", channel.get("max_forwards") or "70")
        invite.headers.set_single("Contact", self.contact)
        self.profile.sign(invite)
        invite.headers.set_single("Allow", ALLOW)
        invite.headers.set_single("Supported", "path, replaces")
        if credentials:
            invite.headers.set_single(*credentials)
        for name, value in channel.variables.with_prefix("sip_h_"):
            add_header(invite, name.removeprefix("sip_h_"), value)
        for name, value in identity_headers(channel, settings, gateway):
            add_header(invite, name, value)
        self._body(invite)
        self._transaction = self.profile.transactions.request(invite, self.target.hop, self._response_arrived)

    def _body(self, invite: SipRequest) -> None:
        """The session description; with sip_multipart further parts before it, as FreeSWITCH orders them
        (RFC 5621)."""
        extra = self.channel.variables.elements("sip_multipart")
        if not extra:
            attach_sdp(invite, self.local_sdp)
            return
        boundary = self.channel.uuid
        parts = [*map(_part, extra), _part(f"application/sdp:{self.local_sdp}")]
        invite.text = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
        invite.headers.set_single("Content-Type", f"multipart/mixed; boundary={boundary}")

    # -- responses ------------------------------------------------------------------------------

    def _response_arrived(self, response: SipResponse, source: Address) -> None:
        if cseq_of(response)[0] != self.dialog.local_cseq and not self._answered:
            return  # an answer to an INVITE before the challenge was met
        code = response.status_code
        if code < 200:
            self._progress(response, source)
        elif code < 300:
            self._accepted(response, source)
        elif not self.ended:
            self._refused(response)

    def _progress(self, response: SipResponse, source: Address) -> None:
        self._provisional = True
        if self._cancel_with is not None:
            self._cancel()
            return
        channel = self.channel
        if self.ended or not channel.up or response.status_code == 100:
            return
        self._note_peer(response, source)
        if response.status_code == 180:
            channel.mark_ring_ready()
        if response.body:
            endpoint = parse_peer_audio(response.text)
            if endpoint is not None:
                self.agree(endpoint)
                channel.mark_early_media()

    def _accepted(self, response: SipResponse, source: Address) -> None:
        self.dialog.remote_tag = tag_of(response, "to")
        self.dialog.learn(response)
        self._acknowledge(response)
        if self._answered:
            return  # a retransmitted 2xx
        self._answered = True
        if self.ended or not self.channel.up:
            self.send_bye(Cause.NORMAL_CLEARING)
            return
        self._note_peer(response, source)
        for name in ("sip_invite_failure_status", "sip_invite_failure_phrase"):
            self.channel.set_on_partner(name, None)
        endpoint = parse_peer_audio(response.text) if response.body else None
        if endpoint is not None:
            self.agree(endpoint)
        elif not self.channel.has_media:
            self.channel.hangup(Cause.INCOMPATIBLE_DESTINATION)
            return
        self.channel.mark_answered()

    def _acknowledge(self, response: SipResponse) -> None:
        ack = self.dialog.request("ACK", cseq=cseq_of(response)[0])
        self.profile.send_ack(ack, self.dialog.next_hop())

    def _refused(self, response: SipResponse) -> None:
        code = response.status_code
        if code in (401, 407) and self._meet_challenge(response):
            return
        self.ended = True
        channel = self.channel
        if not channel.up:
            return
        text = response.reason_phrase or phrase(code)
        cause = redirected(self, response) if code in CODES else q850_cause(channel, response)
        cause = cause or cause_of_sip(code)
        channel.set("sip_hangup_disposition", "recv_refuse")
        for name, value in (("sip_invite_failure_status", str(code)), ("sip_invite_failure_phrase", text)):
            channel.set(name, value)
            channel.set_on_partner(name, value)
        if first(response, "reason"):
            channel.set("sip_reason", first(response, "reason"))
            channel.set_on_partner("sip_reason", first(response, "reason"))
        self.note_end(code, text, cause)
        channel.hangup(cause)

    def _meet_challenge(self, response: SipResponse) -> bool:
        gateway = self.target.gateway
        password = gateway.get("password") if gateway is not None else ""
        if gateway is None or not password or self._challenged or not self.channel.up:
            return False
        self._challenged = True
        user = gateway.get("auth-username") or gateway.get("username")
        answer = answer_challenge(
            SipDigestAuth(user, password), response, response.status_code, "INVITE", self.target.uri
        )
        if answer is None:
            return False
        self._provisional = False
        self._invite(answer)
        return True

    def _note_peer(self, response: SipResponse, source: Address) -> None:
        if tag_of(response, "to"):
            self.dialog.remote_tag = tag_of(response, "to")
        channel = self.channel
        for name, value in (
            ("sip_reply_host", source.host),
            ("sip_reply_port", str(source.port)),
            ("sip_network_ip", source.host),
            ("sip_network_port", str(source.port)),
            *addresses(response),
            ("sip_full_from", first(response, "from")),
            ("sip_full_to", first(response, "to")),
            ("sip_to_tag", tag_of(response, "to")),
            ("sip_from_tag", self.dialog.local_tag),
            ("sip_cseq", str(cseq_of(response)[0])),
            ("sip_user_agent", first(response, "user-agent") or first(response, "server")),
        ):
            channel.take(name, value or None)


def _part(value: str) -> str:
    """`type:content`; behind `type:~` the value brings headers of its own, up to an empty line."""
    kind, _, content = value.partition(":")
    own_headers = content.startswith("~")
    length = len(content.encode()) + (0 if own_headers else 1)
    head = f"Content-Type: {kind}\r\nContent-Length: {length}\r\n" + ("" if own_headers else "\r\n")
    return head + content.removeprefix("~")
