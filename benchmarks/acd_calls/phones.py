"""Callers and agents' phones in one process: who came when, whose phone rang when, who ended how.

Callers come at a steady rate and stay; an agent's phone rings, answers, talks for a while and hangs up.
Nobody sends sound. UDP loses messages when the switch's buffers are full, on loopback too: requests and
answers are sent again as RFC 3261 has it. Each caller has a number of his own, by which a phone that rings
tells whose turn it is.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from benchmarks.acd_calls.carrier import PASSWORD, agent, queue_number
from benchmarks.acd_calls.sip import Message, answer, authorization, read, request, sdp

HOST = "127.0.0.1"
_RING_S = 0.1
#: RFC 3261, 17.1.1.1: after so long a message is sent again, then after twice as long up to T2, 64 T1 in all.
_T1_S, _T2_S = 0.5, 4.0
#: Numbers that the Bundesnetzagentur keeps free for films, but for our own block.
_NUMBERS = ("+492214710", "+496990009", "+494066969", "+498999998")


@dataclass(slots=True)
class Caller:
    """What became of a caller; monotonic seconds, None for never."""

    call_id: str
    number: str
    queue: int
    joined_s: float | None = None
    rung_s: float | None = None
    agent: str = ""
    ended_s: float | None = None
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """So many callers a second for so long, to so many queues; phones talk for `talk_s`."""

    rate: float
    seconds: float
    agents: int
    queues: int
    talk_s: float


@dataclass
class Traffic:
    """Runs the load. `ports`: the node's for carriers and for phones, ours as the carrier."""

    load: Load
    carrier_port: int
    phone_port: int
    our_port: int
    domain: str
    callers: dict[str, Caller] = field(default_factory=dict)
    #: Who showed the number last.
    shown: dict[str, Caller] = field(default_factory=dict)
    #: When each agent hung up, every time.
    free_s: dict[str, list[float]] = field(default_factory=dict)
    rtp_port: int = 0
    #: Messages that had to be sent again.
    repeated: int = 0

    async def run(self, logged_in: Callable[[], None]) -> None:
        """Register the phones, call, and wait until all is over (at most the time of all calls after it)."""
        loop = asyncio.get_running_loop()
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sink.bind((HOST, 0))
        self.rtp_port = sink.getsockname()[1]
        _, self._phones = await loop.create_datagram_endpoint(lambda: Phones(self), local_addr=(HOST, 0))
        _, self._carrier = await loop.create_datagram_endpoint(
            lambda: Carrier(self), local_addr=(HOST, self.our_port)
        )
        try:
            await self._phones.register()
            await loop.run_in_executor(None, logged_in)
            await self._call()
            await self._end()
        finally:
            sink.close()

    async def _call(self) -> None:
        began = time.monotonic()
        for number in range(round(self.load.rate * self.load.seconds)):
            await asyncio.sleep(max(0.0, began + number / self.load.rate - time.monotonic()))
            shown = f"{_NUMBERS[number // 1000 % len(_NUMBERS)]}{number % 1000:03}"
            self._carrier.call(Caller(f"call-{number}", shown, number % self.load.queues))

    async def _end(self) -> None:
        deadline = time.monotonic() + 3 * self.load.talk_s + 15
        while time.monotonic() < deadline and any(each.ended_s is None for each in self.callers.values()):
            await asyncio.sleep(0.2)


class _Endpoint(asyncio.DatagramProtocol):
    """A UDP port; answers are repeated for requests that come again."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self._answered: dict[str, bytes] = {}
        self._again: dict[str, asyncio.TimerHandle] = {}
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)
        self.port: int = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        now = time.monotonic()
        message = read(data)
        if message is None:
            return
        if message.status:
            self.answered(message, now)
            return
        key = f"{message.call_id} {message.headers['cseq']}"
        if message.method != "ACK" and key in self._answered:
            self.transport.sendto(self._answered[key], addr)
            return
        self.asked(message, addr, now)

    def answered(self, message: Message, now: float) -> None:
        """An answer to what we sent."""

    def asked(self, message: Message, addr: tuple[str, int], now: float) -> None:
        """A request."""

    def insist(self, key: str, data: bytes, addr: tuple[str, int]) -> None:
        """Send, and send again until `heard`."""
        self.transport.sendto(data, addr)
        self._wait(key, data, addr, _T1_S, 64 * _T1_S)

    def heard(self, key: str) -> None:
        """The other side has it."""
        if (timer := self._again.pop(key, None)) is not None:
            timer.cancel()

    def _wait(self, key: str, data: bytes, addr: tuple[str, int], pause_s: float, left_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._again[key] = loop.call_later(pause_s, self._repeat, key, data, addr, pause_s, left_s - pause_s)

    def _repeat(self, key: str, data: bytes, addr: tuple[str, int], pause_s: float, left_s: float) -> None:
        if left_s <= 0:
            self._again.pop(key, None)
            return
        self.traffic.repeated += 1
        self.transport.sendto(data, addr)
        self._wait(key, data, addr, min(2 * pause_s, _T2_S), left_s)

    def reply(self, to: Message, addr: tuple[str, int], status: str, body: str = "") -> None:
        self.transport.sendto(self.written(to, status, body), addr)

    def written(self, to: Message, status: str, body: str = "") -> bytes:
        """The answer to a request, and to the same when it comes again."""
        written = answer(to, status, f"t{self.port}", f"sip:bench@{HOST}:{self.port}", body)
        self._answered[f"{to.call_id} {to.headers['cseq']}"] = written
        return written

    def via(self, branch: str) -> str:
        return f"SIP/2.0/UDP {HOST}:{self.port};branch=z9hG4bK-{branch};rport"


class Carrier(_Endpoint):
    """The callers."""

    def call(self, caller: Caller) -> None:
        """Send the INVITE."""
        self.traffic.callers[caller.call_id] = self.traffic.shown[caller.number] = caller
        uri = f"sip:{queue_number(caller.queue)}@{HOST}:{self.traffic.carrier_port}"
        headers = {
            "Via": self.via(caller.call_id),
            "Max-Forwards": "70",
            "From": f"<sip:{caller.number}@{HOST}>;tag={caller.call_id}",
            "To": f"<{uri}>",
            "Call-ID": caller.call_id,
            "CSeq": "1 INVITE",
            "Contact": f"<sip:{caller.number}@{HOST}:{self.port}>",
        }
        invite = request("INVITE", uri, headers, sdp(self.traffic.rtp_port))
        self.insist(caller.call_id, invite, (HOST, self.traffic.carrier_port))

    def answered(self, message: Message, now: float) -> None:
        self.heard(message.call_id)
        caller = self.traffic.callers.get(message.call_id)
        if caller is None or message.sequence != "INVITE" or message.status < 200:
            return
        if message.status >= 300:
            caller.refused, caller.ended_s = message.status, now
            uri = f"sip:{queue_number(caller.queue)}@{HOST}:{self.traffic.carrier_port}"
            branch = caller.call_id
        else:
            caller.joined_s = caller.joined_s or now
            uri, branch = message.contact, f"{caller.call_id}-ack"
        ack = {
            "Via": self.via(branch),
            "Max-Forwards": "70",
            "From": message.headers["from"],
            "To": message.headers["to"],
            "Call-ID": message.call_id,
            "CSeq": "1 ACK",
        }
        self.transport.sendto(request("ACK", uri, ack), (HOST, self.traffic.carrier_port))

    def asked(self, message: Message, addr: tuple[str, int], now: float) -> None:
        if message.method == "BYE" and message.call_id in self.traffic.callers:
            self.traffic.callers[message.call_id].ended_s = now
        if message.method != "ACK":
            self.reply(message, addr, "200 OK")


class Phones(_Endpoint):
    """All agents' phones behind one port."""

    def __init__(self, traffic: Traffic) -> None:
        super().__init__(traffic)
        self._registered: dict[str, asyncio.Future[None]] = {}
        self._ringing: dict[str, asyncio.TimerHandle] = {}

    async def register(self) -> None:
        """Every phone. Raises TimeoutError when the node does not take them."""
        loop = asyncio.get_running_loop()
        for number in range(1, self.traffic.load.agents + 1):
            name = agent(number)
            self._registered[name] = loop.create_future()
            self._register(name, 1, "")
            await asyncio.wait_for(self._registered[name], 10)  # in turn: nothing is sent twice here

    def _register(self, name: str, sequence: int, proof: str) -> None:
        uri = f"sip:{self.traffic.domain}"
        headers = {
            "Via": self.via(f"{name}-{sequence}"),
            "Max-Forwards": "70",
            "From": f"<sip:{name}@{self.traffic.domain}>;tag={name}",
            "To": f"<sip:{name}@{self.traffic.domain}>",
            "Call-ID": f"register-{name}",
            "CSeq": f"{sequence} REGISTER",
            "Contact": f"<sip:{name}@{HOST}:{self.port}>",
            "Expires": "3600",
        }
        if proof:
            headers["Authorization"] = proof
        self.insist(name, request("REGISTER", uri, headers), (HOST, self.traffic.phone_port))

    def answered(self, message: Message, now: float) -> None:
        if message.sequence != "REGISTER":
            self.heard(f"{message.call_id} {message.sequence}")
            return
        name = message.call_id.removeprefix("register-")
        self.heard(name)
        if message.status == 401:
            challenge = message.headers["www-authenticate"]
            proof = authorization(challenge, name, PASSWORD, f"sip:{self.traffic.domain}")
            self._register(name, int(message.headers["cseq"].split()[0]) + 1, proof)
        elif message.status == 200 and not self._registered[name].done():
            self._registered[name].set_result(None)

    def asked(self, message: Message, addr: tuple[str, int], now: float) -> None:
        loop = asyncio.get_running_loop()
        match message.method:
            case "INVITE":
                name = message.uri.partition(":")[2].partition("@")[0]
                caller = self.traffic.shown.get(message.from_user)
                if caller is not None and caller.rung_s is None:
                    caller.rung_s, caller.agent = now, name
                self.transport.sendto(answer(message, "180 Ringing", f"t{self.port}"), addr)
                if message.call_id in self._ringing:
                    return
                self._ringing[message.call_id] = loop.call_later(_RING_S, self._pick_up, message, addr, name)
            case "CANCEL":
                self.reply(message, addr, "200 OK")
                if (ringing := self._ringing.pop(message.call_id, None)) is not None:
                    ringing.cancel()
            case "ACK":
                self.heard(message.call_id)
            case _:
                self.reply(message, addr, "200 OK")

    def _pick_up(self, invite: Message, addr: tuple[str, int], name: str) -> None:
        self._ringing.pop(invite.call_id, None)
        self.insist(invite.call_id, self.written(invite, "200 OK", sdp(self.traffic.rtp_port)), addr)
        asyncio.get_running_loop().call_later(self.traffic.load.talk_s, self._hang_up, invite, addr, name)

    def _hang_up(self, invite: Message, addr: tuple[str, int], name: str) -> None:
        headers = {
            "Via": self.via(f"{invite.call_id}-bye"),
            "Max-Forwards": "70",
            "From": f"{invite.headers['to']};tag=t{self.port}",
            "To": invite.headers["from"],
            "Call-ID": invite.call_id,
            "CSeq": "9 BYE",
        }
        self.traffic.free_s.setdefault(name, []).append(time.monotonic())
        self.insist(f"{invite.call_id} BYE", request("BYE", invite.contact, headers), addr)
