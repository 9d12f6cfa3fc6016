"""One robot phone: a SIP address, rules for incoming calls, the calls it makes, a registration."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aiosipua.message import SipRequest

from lab.media.g711 import Codec
from lab.robots.behaviour import Answer, Behaviour
from lab.robots.errors import CommandRefusedError
from lab.robots.incoming import IncomingLeg
from lab.robots.leg import Leg, Station
from lab.robots.outgoing import Order, OutgoingLeg
from lab.robots.registration import Registration
from lab.robots.report import CallReport
from lab.robots.sip_message import ALLOW, response_to
from lab.robots.sip_port import SipPort
from lab.robots.sip_text import Address, new_tag, tag_of, user_of
from lab.robots.sip_via import branch_of

MAX_RULES = 1000
_SIP_INSIDE = "192.168.178.20:5060"
"""What a phone behind a NAT takes for its address."""
_SOUND_INSIDE = "127.66.66.66"
"""And for that of its sound: the switch could not send from the loopback to a private one."""


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    """How a phone is set up; `port` 0 takes a free one, `transport` is "udp" or "tcp". `behind_nat`: Contact,
    Via and SDP state addresses that nobody outside reaches."""

    name: str
    port: int = 0
    transport: str = "udp"
    local_ip: str = "127.0.0.1"
    username: str | None = None
    password: str | None = None
    codecs: tuple[Codec, ...] = (Codec.PCMA, Codec.PCMU)
    behind_nat: bool = False


class CallNumbers:
    """Names for calls, unique in the process: c1, c2, ..."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        self._last += 1
        return f"c{self._last}"


class Phone:
    """Made with `open`; `emit(report, event)` is called for incoming, ringing, answered, ended."""

    def __init__(self, settings: PhoneSettings, numbers: CallNumbers) -> None:
        self.settings = settings
        self._numbers = numbers
        self._port = SipPort(self._on_request, self._on_ack)
        self._station: Station | None = None
        self._legs: dict[tuple[str, str], Leg] = {}
        self._ringing: dict[str, IncomingLeg] = {}
        self._default: Behaviour = Answer()
        self._rules: dict[str, Behaviour] = {}
        self._registration: Registration | None = None
        self._on_leg: Callable[[Leg], None] = lambda _leg: None

    async def open(self, emit: Callable[[CallReport, str], None], on_leg: Callable[[Leg], None]) -> Address:
        """Bind and answer from now on; `on_leg` gets every incoming leg before its first event.

        Raises CommandRefusedError when the address is taken.
        """
        settings = self.settings
        try:
            stated = _SIP_INSIDE if settings.behind_nat else None
            await self._port.open(settings.transport, settings.local_ip, settings.port, stated)
        except OSError as problem:
            raise CommandRefusedError(
                f"phone {settings.name}: cannot bind {settings.local_ip}:{settings.port} "
                f"({problem.strerror}); use port 0"
            ) from None
        host, port = self._port.socket.local
        user = settings.username or settings.name
        suffix = ";transport=tcp" if settings.transport == "tcp" else ""
        self._on_leg = on_leg
        self._emit = emit
        self._station = Station(
            name=settings.name,
            port=self._port,
            local_ip=host,
            contact=f"<sip:{user}@{self._port.stated}{suffix}>",
            codecs=settings.codecs,
            username=settings.username,
            password=settings.password,
            emit=self._on_event,
            sound_ip=_SOUND_INSIDE if settings.behind_nat else host,
        )
        return host, port

    async def close(self) -> None:
        """Hang up everything and free the port."""
        for leg in tuple(self._live_legs()):
            leg.hangup()
        if self._registration is not None:
            self._registration.stop()
        await asyncio.sleep(0)
        await self._port.close()

    def on_call(self, behaviour: Behaviour, dialled: str | None) -> None:
        """Behave like this from the next call on; with `dialled` only when this user part is called.

        A trailing `*` makes it a prefix; an exact rule beats prefixes, the longest prefix wins.
        """
        if dialled is None:
            self._default = behaviour
        elif len(self._rules) < MAX_RULES or dialled in self._rules:
            self._rules[dialled] = behaviour
        else:
            raise CommandRefusedError(f"phone {self.settings.name} has {MAX_RULES} rules; use prefixes")

    async def call(self, order: Order) -> OutgoingLeg:
        """Start a call; events and the report tell what becomes of it."""
        leg = OutgoingLeg(self._ready(), self._numbers.next(), order)
        self._legs[leg.key] = leg
        self._on_leg(leg)
        await leg.start()
        return leg

    async def register(self, registrar: Address, domain: str, expires_s: int) -> int:
        """Register and stay registered; 0 seconds takes the registration back. Returns seconds granted."""
        if self._registration is None:
            self._registration = Registration(self._ready(), registrar, domain)
        granted_s = await self._registration.register(expires_s)
        if expires_s == 0:
            self._registration = None
        return granted_s

    async def send_raw(self, data: bytes, to: Address, replies_within_ms: int) -> list[str]:
        """Send any bytes from the phone's own port; returns the responses that came in that time."""
        replies: list[str] = []
        self._port.collect_strays(replies)
        self._port.send_raw(data, to)
        await asyncio.sleep(replies_within_ms / 1000)
        return replies

    def _ready(self) -> Station:
        if self._station is None:
            raise CommandRefusedError(f"phone {self.settings.name} is not open")
        return self._station

    def _live_legs(self) -> Iterator[Leg]:
        return (leg for leg in self._legs.values() if not leg.ended)

    def _on_event(self, report: CallReport, event: str) -> None:
        if event == "ended":
            for key in [key for key, leg in self._legs.items() if leg.journal.call == report.call]:
                # Late requests of the peer (its own BYE crossing ours) still find the call for a while.
                asyncio.get_running_loop().call_later(5, self._legs.pop, key, None)
            for branch in [b for b, leg in self._ringing.items() if leg.journal.call == report.call]:
                asyncio.get_running_loop().call_later(5, self._ringing.pop, branch, None)
        self._emit(report, event)

    def _on_ack(self, ack: SipRequest) -> None:
        leg = self._leg_of(ack)
        if leg is not None:
            leg.on_ack(ack)

    def _on_request(self, request: SipRequest, peer: Address) -> None:
        if request.method == "CANCEL":
            ringing = self._ringing.get(branch_of(request))
            if ringing is not None:
                ringing.on_cancel(request)
            else:
                self._refuse(request, 481)
            return
        if tag_of(request.get_header("To") or ""):
            leg = self._leg_of(request)
            if leg is not None:
                leg.on_request(request)
            else:
                self._refuse(request, 481)
            return
        if request.method == "INVITE":
            self._incoming(request, peer)
        else:
            self._refuse(request, 200 if request.method == "OPTIONS" else 405)

    def _leg_of(self, request: SipRequest) -> Leg | None:
        return self._legs.get((request.call_id or "", tag_of(request.get_header("To") or "")))

    def _refuse(self, request: SipRequest, code: int) -> None:
        headers = (("Allow", ALLOW), ("Accept", "application/sdp")) if code in (200, 405) else ()
        response = response_to(request, code, to_tag=new_tag(), headers=headers)
        self._port.respond(request, response)

    def _incoming(self, invite: SipRequest, peer: Address) -> None:
        leg = IncomingLeg(self._ready(), self._numbers.next(), invite, peer)
        self._legs[leg.key] = leg
        self._ringing[leg.branch] = leg
        self._on_leg(leg)
        self._emit(leg.report(), "incoming")
        leg.start(self._behaviour_for(user_of(invite.uri)))

    def _behaviour_for(self, dialled: str) -> Behaviour:
        exact = self._rules.get(dialled)
        if exact is not None:
            return exact
        prefixes = [rule for rule in self._rules if rule.endswith("*") and dialled.startswith(rule[:-1])]
        return self._rules[max(prefixes, key=len)] if prefixes else self._default
