"""Who calls and who is called around two nodes, as a carrier does it: a node that says nothing for a moment,
is slow or refuses with 408 or 5xx is left, and the other one's address is tried."""

from __future__ import annotations

import asyncio
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from benchmarks.acd_calls.sip import Message, answer, read, request, sdp
from benchmarks.chaos.nodes.seen import Call, Leg

HOST: Final = "127.0.0.1"
#: No sign at all from a node, or no answer although those who are called answer at once: try the other one.
SILENT_S, LATE_S = 1.0, 5.0
_RING_S: Final = 0.2
#: Whoever says goodbye says so again until it is heard, so many times.
_GOODBYES: Final = 5
_AGAIN_S: Final = 1.0


class _Port(asyncio.DatagramProtocol, ABC):
    """A UDP port of somebody's."""

    def __init__(self, rtp_port: int) -> None:
        self._rtp_port = rtp_port
        self._transport: asyncio.DatagramTransport

    @property
    @abstractmethod
    def legs(self) -> list[Leg]:
        """Every leg so far."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._port: int = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = read(data)
        if message is None:
            return
        if message.status:
            self.answered(message)
        elif message.method != "ACK":
            self.asked(message, addr)

    def answered(self, message: Message) -> None:
        """An answer to what we sent."""

    def asked(self, message: Message, addr: tuple[str, int]) -> None:
        """A request."""
        self.reply(message, addr, "200 OK")

    def reply(self, to: Message, addr: tuple[str, int], status: str, body: str = "") -> None:
        contact = f"sip:load@{HOST}:{self._port}"
        self._write(answer(to, status, f"t{self._port}", contact, body), addr)

    def send(self, method: str, uri: str, headers: dict[str, str], to_port: int, body: str = "") -> None:
        self._write(request(method, uri, {"Max-Forwards": "70", **headers}, body), (HOST, to_port))

    def _write(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._transport.is_closing():  # what was to be said later when all was ended
            self._transport.sendto(data, addr)


@dataclass(slots=True)
class _Attempt:
    """A leg with what its further requests need."""

    call: Call
    leg: Leg
    shown: str
    talk_s: float
    uri: str
    port: int
    others: Sequence[int]
    given_up: bool = False
    goodbyes: int = 0
    to: str = ""
    contact: str = ""
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Nothing more will be sent."""
        return self.leg.ended_s is not None or self.goodbyes >= _GOODBYES or self.leg.heard_s is None


class Calling(_Port):
    """Who calls from a trunk's port. `ports`: each node's for this trunk; `legs` holds every attempt."""

    def __init__(self, name: str, ports: Sequence[int], rtp_port: int) -> None:
        super().__init__(rtp_port)
        self._name = name
        self._ports = ports
        self._attempts: dict[str, _Attempt] = {}
        self._numbers = itertools.count()

    @property
    def legs(self) -> list[Leg]:
        return [each.leg for each in self._attempts.values()]

    @property
    def quiet(self) -> bool:
        """Whether every call is over."""
        return all(each.over or each.given_up for each in self._attempts.values())

    def call(self, call: Call, shown: str, first: int, talk_s: float) -> None:
        """Over the node `first`, then over the others."""
        nodes = [*range(first, len(self._ports)), *range(first)]
        self._try(call, shown, talk_s, nodes)

    def _try(self, call: Call, shown: str, talk_s: float, nodes: Sequence[int]) -> None:
        node, *others = nodes
        port = self._ports[node]
        leg = Leg("a", f"{self._name}-{next(self._numbers)}", node, time.monotonic())
        call.attempts.append(leg)
        uri = f"sip:{call.number}@{HOST}:{port}"
        made = self._attempts[leg.call_id] = _Attempt(
            call, leg, shown, talk_s, uri, port, others, to=f"<{uri}>"
        )
        later = asyncio.get_running_loop().call_later
        made.timers = [later(SILENT_S, self._silent, made), later(LATE_S, self.leave, leg.call_id)]
        contact = {"Contact": f"<sip:{shown}@{HOST}:{self._port}>"}
        headers = self._headers(made, "1 INVITE", leg.call_id) | contact
        self.send("INVITE", uri, headers, port, sdp(self._rtp_port))

    def _headers(self, made: _Attempt, sequence: str, branch: str) -> dict[str, str]:
        return {
            "Via": f"SIP/2.0/UDP {HOST}:{self._port};branch=z9hG4bK-{branch};rport",
            "From": f"<sip:{made.shown}@{HOST}:{self._port}>;tag={made.leg.call_id}",
            "To": made.to,
            "Call-ID": made.leg.call_id,
            "CSeq": sequence,
        }

    def _silent(self, made: _Attempt) -> None:
        if made.leg.heard_s is None:
            self.leave(made.leg.call_id)

    def leave(self, call_id: str) -> None:
        """Try the next node; who answers after all is told that nobody waits any more."""
        made = self._attempts[call_id]
        if made.given_up or made.leg.answered_s is not None or made.leg.ended_s is not None:
            return
        made.given_up = True
        if made.leg.heard_s is not None:
            self._cancel(made)
        self._next(made)

    def _next(self, made: _Attempt) -> None:
        if made.others:
            self._try(made.call, made.shown, made.talk_s, made.others)

    def _cancel(self, made: _Attempt) -> None:
        self.send("CANCEL", made.uri, self._headers(made, "1 CANCEL", made.leg.call_id), made.port)

    def answered(self, message: Message) -> None:
        made = self._attempts.get(message.call_id)
        if made is None:
            return
        now = time.monotonic()
        first_sign = made.leg.heard_s is None
        made.leg.heard_s = made.leg.heard_s or now
        match message.sequence:
            case "INVITE" if message.status >= 300:
                self._refused(made, message, now)
            case "INVITE" if message.status >= 200:
                self._accepted(made, message, now)
            case "INVITE" if made.given_up and first_sign:
                self._cancel(made)
            case "BYE" if message.status >= 200:
                made.goodbyes = _GOODBYES
                if message.status == 200:  # any other word: the node does not know the call, it died with it
                    made.leg.ended_s = made.leg.ended_s or now

    def _refused(self, made: _Attempt, message: Message, now: float) -> None:
        before, made.to = made.to, message.headers["to"]
        self.send("ACK", made.uri, self._headers(made, "1 ACK", made.leg.call_id), made.port)
        made.to = before
        if made.leg.ended_s is not None:
            return
        made.leg.final, made.leg.ended_s = message.status, now
        if not made.given_up and (message.status == 408 or message.status >= 500):
            made.given_up = True
            self._next(made)

    def _accepted(self, made: _Attempt, message: Message, now: float) -> None:
        made.to, made.contact = message.headers["to"], message.contact
        self.send("ACK", made.contact, self._headers(made, "1 ACK", f"{made.leg.call_id}-ack"), made.port)
        if made.leg.final:
            return
        made.leg.final = message.status
        for timer in made.timers:
            timer.cancel()
        if made.given_up:
            self._goodbye(made)
        else:
            made.leg.answered_s = now
            asyncio.get_running_loop().call_later(made.talk_s, self._goodbye, made)

    def _goodbye(self, made: _Attempt) -> None:
        if made.goodbyes >= _GOODBYES or made.leg.ended_s is not None:
            return
        made.goodbyes += 1
        self.send("BYE", made.contact, self._headers(made, "2 BYE", f"{made.leg.call_id}-bye"), made.port)
        asyncio.get_running_loop().call_later(_AGAIN_S, self._goodbye, made)

    def asked(self, message: Message, addr: tuple[str, int]) -> None:
        made = self._attempts.get(message.call_id)
        if message.method == "BYE" and made is not None:
            made.leg.ended_s = made.leg.ended_s or time.monotonic()
        super().asked(message, addr)


class Called(_Port):
    """Who is called: rings, answers, and waits until the node ends the call. `nodes`: by the port that a node
    sends from."""

    def __init__(self, nodes: Mapping[int, int], rtp_port: int) -> None:
        super().__init__(rtp_port)
        self._nodes = nodes
        self._legs: dict[str, Leg] = {}
        self._ringing: dict[str, tuple[asyncio.TimerHandle, Message]] = {}

    @property
    def legs(self) -> list[Leg]:
        return list(self._legs.values())

    def asked(self, message: Message, addr: tuple[str, int]) -> None:
        match message.method:
            case "INVITE" if message.call_id not in self._legs:
                now = time.monotonic()
                self._legs[message.call_id] = Leg("b", message.call_id, self._nodes[addr[1]], now, now)
                self.reply(message, addr, "180 Ringing")
                later = asyncio.get_running_loop().call_later(_RING_S, self._pick_up, message, addr)
                self._ringing[message.call_id] = (later, message)
            case "INVITE":
                self.reply(message, addr, "180 Ringing" if message.call_id in self._ringing else "200 OK")
            case "CANCEL":
                self._cancelled(message, addr)
            case "BYE":
                super().asked(message, addr)
                self._over(message.call_id)
            case _:
                super().asked(message, addr)

    def _pick_up(self, invite: Message, addr: tuple[str, int]) -> None:
        del self._ringing[invite.call_id]
        self._legs[invite.call_id].answered_s = time.monotonic()
        self.reply(invite, addr, "200 OK", sdp(self._rtp_port))

    def _cancelled(self, message: Message, addr: tuple[str, int]) -> None:
        self.reply(message, addr, "200 OK")
        if (ringing := self._ringing.pop(message.call_id, None)) is not None:
            later, invite = ringing
            later.cancel()
            self.reply(invite, addr, "487 Request Terminated")
            self._over(message.call_id)

    def _over(self, call_id: str) -> None:
        leg = self._legs.get(call_id)
        if leg is not None and leg.ended_s is None:
            leg.ended_s = time.monotonic()
