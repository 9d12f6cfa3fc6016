"""A sofia profile: its sockets, who may call, and where each request goes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from aiosipua.headers import parse_uri
from aiosipua.message import SipRequest, SipResponse

from lab.media.g711 import Codec
from lab.switch.config.settings import ProfileSettings, User, whole
from lab.switch.sip.building import ALLOW, Dialog, response_to
from lab.switch.sip.digest import Nonces, Verdict, claim_of
from lab.switch.sip.nat import contact_is_inside
from lab.switch.sip.reading import Message, first, tag_of
from lab.switch.sip.sip_leg import SipLeg
from lab.switch.sip.transactions import ServerTransaction, TransactionLayer, mark_received, stamp_via
from lab.switch.sip.wire import Address, SipWire

if TYPE_CHECKING:
    from lab.switch.core import Switch

log = logging.getLogger(__name__)

USER_AGENT: Final = "fernamt-lab"
_IN_DIALOG: Final = frozenset({"BYE", "INVITE", "UPDATE", "INFO", "REFER", "OPTIONS", "NOTIFY", "MESSAGE"})
_KNOWN: Final = _IN_DIALOG | {"SUBSCRIBE", "PUBLISH", "PRACK"}


class SipProfile:
    """One profile of sofia.conf, running."""

    def __init__(self, switch: Switch, settings: ProfileSettings) -> None:
        self.switch = switch
        self.settings = settings
        self.wire = SipWire(settings.sip_ip, settings.sip_port, self._arrived, self._refused)
        self.transactions = TransactionLayer(self.wire, settings.timer_t1x64_s)
        self.nonces = Nonces(whole(settings.params.get("nonce-ttl"), 60))
        self._legs: dict[tuple[str, str], SipLeg] = {}

    @property
    def name(self) -> str:
        return self.settings.name

    async def open(self) -> None:
        await self.wire.open()

    async def close(self) -> None:
        self.transactions.close()
        await self.wire.close()

    def codecs(self, side: str) -> tuple[Codec, ...]:
        """The G.711 laws of inbound- or outbound-codec-prefs (codec-prefs for both), in their order."""
        text = self.settings.get(f"{side}-codec-prefs") or self.settings.get("codec-prefs") or "PCMU,PCMA"
        names = [entry.split("@")[0].strip().upper() for entry in text.split(",")]
        return tuple(Codec[name] for name in names if name in Codec.__members__) or (Codec.PCMA, Codec.PCMU)

    def keep(self, leg: SipLeg) -> None:
        self._legs[leg.dialog.key] = leg

    @property
    def legs(self) -> list[SipLeg]:
        """The legs of the profile."""
        return list(self._legs.values())

    def forget(self, leg: SipLeg) -> None:
        self._legs.pop(leg.dialog.key, None)

    def sign(self, message: Message) -> None:
        """User-Agent and what we can do."""
        message.headers.set_single("User-Agent", self.settings.get("user-agent-string") or USER_AGENT)
        message.headers.set_single("Allow", ALLOW)

    def send_ack(self, ack: SipRequest, destination: Address) -> None:
        """ACK to a 2xx: a transaction of its own without an answer (RFC 3261 section 13.2.2.4)."""
        stamp_via(ack, self.wire, destination)
        self.wire.send(ack, destination)

    # -- requests -------------------------------------------------------------------------------

    def _arrived(self, message: Message, source: Address) -> None:
        if isinstance(message, SipResponse):
            self.transactions.response_arrived(message, source)
            return
        mark_received(message, source)
        if message.method == "ACK":
            self._ack(message)
            return
        transaction, again = self.transactions.server(message, source)
        if again:
            transaction.repeat()
            return
        self._request(message, transaction)

    def _refused(self, branch: str, method: str) -> None:
        self.transactions.undeliverable(branch, method)

    def _request(self, request: SipRequest, transaction: ServerTransaction) -> None:
        if request.method == "CANCEL":
            self._cancel(request, transaction)
            return
        local_tag = tag_of(request, "to")
        if local_tag:
            leg = self._legs.get((first(request, "call-id"), local_tag))
            if leg is None or leg.dialog.remote_tag not in ("", tag_of(request, "from")):
                transaction.respond(response_to(request, 481))
            else:
                leg.request_arrived(request, transaction)
            return
        match request.method:
            case "INVITE":
                self._invite(request, transaction)
            case "REGISTER":
                self._register(request, transaction)
            case "OPTIONS":
                self._answer(request, transaction, 200)
            case _:
                self._answer(request, transaction, 405 if request.method in _KNOWN else 501)

    def _answer(self, request: SipRequest, transaction: ServerTransaction, code: int, text: str = "") -> None:
        response = response_to(request, code, text)
        self.sign(response)
        transaction.respond(response)

    def _ack(self, request: SipRequest) -> None:
        leg = self._legs.get((first(request, "call-id"), tag_of(request, "to")))
        if leg is not None:
            leg.acknowledged(request)
        invite = self.transactions.find_invite(request)
        if invite is not None:
            invite.acknowledged()

    def _cancel(self, request: SipRequest, transaction: ServerTransaction) -> None:
        invite = self.transactions.find_invite(request)
        if invite is None:
            self._answer(request, transaction, 481)
            return
        self._answer(request, transaction, 200)
        if not invite.final and invite.on_cancel is not None:
            invite.on_cancel(request)

    # -- who may ----------------------------------------------------------------------------------

    def _realm(self, request: SipRequest) -> str:
        realm = self.settings.get("challenge-realm", "auto_to")
        return parse_uri(request.uri).host if realm in ("auto_to", "auto_from") else realm

    def _domain(self, request: SipRequest) -> str:
        return self.settings.get("force-register-domain") or parse_uri(request.uri).host

    def _authenticate(self, request: SipRequest, transaction: ServerTransaction, code: int) -> User | None:
        """The user who proved the secret; None when a challenge or a refusal was sent."""
        realm = self._realm(request)
        claim = claim_of(request, realm)
        verdict, user = Verdict.MISSING, None
        if claim is not None:
            user = self.switch.config.find_user(claim.username, self._domain(request))
            verdict = self.nonces.check(claim, request.method, user, realm)
        if verdict is Verdict.GOOD:
            return user
        if verdict is Verdict.WRONG:
            log.warning(
                "profile %s: %s from %s with wrong credentials", self.name, request.method, transaction.source
            )
            self._answer(request, transaction, 403)
            self._tell_of_failure(request, transaction)
            return None
        response = response_to(request, code)
        self.sign(response)
        header = "WWW-Authenticate" if code == 401 else "Proxy-Authenticate"
        response.headers.set_single(header, self.nonces.challenge(realm, stale=verdict is Verdict.STALE))
        transaction.respond(response)
        return None

    def _tell_of_failure(self, request: SipRequest, transaction: ServerTransaction) -> None:
        source = transaction.source
        self.switch.bus.fire(
            "CUSTOM",
            lambda: [
                ("profile-name", self.name),
                ("to-user", first(request, "to")[:100]),
                ("to-host", self._domain(request)),
                ("network-ip", source.host),
                ("user-agent", first(request, "user-agent")),
                ("network-port", str(source.port)),
                ("registration-type", request.method),
            ],
            subclass="sofia::register_failure",
        )

    def _invite(self, request: SipRequest, transaction: ServerTransaction) -> None:
        listed = self.settings.get("apply-inbound-acl")
        user: User | None = None
        allowed = not listed
        for name in filter(None, (part.strip() for part in listed.split(","))):
            acl = self.switch.config.acls.get(name)
            allowed = allowed or (acl is not None and acl.allows(transaction.source.host))
        if self.settings.is_on("auth-calls", default=True) and not (listed and allowed):
            user = self._authenticate(request, transaction, 407)
            if user is None:
                return
        elif not allowed:
            log.warning("profile %s: INVITE from %s is not in %s", self.name, transaction.source.host, listed)
            self._answer(request, transaction, 403)
            return
        trying = response_to(request, 100)
        trying.headers.set_single("User-Agent", self.settings.get("user-agent-string") or USER_AGENT)
        transaction.respond(trying)
        self.switch.call_arrived(self, request, transaction, user)

    def _register(self, request: SipRequest, transaction: ServerTransaction) -> None:
        if self.settings.is_on("disable-register"):
            self._answer(request, transaction, 403)
            return
        user = self._authenticate(request, transaction, 401)
        if user is None:
            return
        try:
            taken = self.switch.registrar.register(
                request, user, transaction.source, self.name, self._is_inside
            )
        except (ValueError, IndexError) as problem:
            log.warning("profile %s: REGISTER of %s: %s", self.name, user.id, problem)
            self._answer(request, transaction, 400)
            return
        response = response_to(request, 200)
        self.sign(response)
        if taken is not None and taken[1]:
            response.headers.append("Contact", f"<{taken[0]}>;expires={taken[1]}")
        transaction.respond(response)

    def _is_inside(self, host: str) -> bool:
        return contact_is_inside(self.settings, self.switch.config.acls, host)

    def dialogs(self) -> list[Dialog]:
        return [leg.dialog for leg in self._legs.values()]
