"""The calls that are placed while nodes die: kinds by turns, every other one over the other node first."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from benchmarks.carrier import port_of
from benchmarks.chaos.nodes.carrier import QUEUE_NUMBER
from benchmarks.chaos.nodes.seen import Call, Kind, Leg
from benchmarks.chaos.nodes.sides import HOST, Called, Calling
from benchmarks.exchange_load.carrier import (
    CALLS_IN,
    CALLS_OUT,
    IS_CALLED,
    MAIN_NUMBER,
    TAKES,
    TAKES_TOO,
    called_in,
    called_out,
)
from cli.settings import Settings
from cli.wiring.carrier import compile_carrier, load_carrier

_MOBILE: Final = "+4915228817386"
#: Of twenty calls; shortest and longest talk or wait in seconds.
_SHARES: Final = {Kind.URGENT: 6, Kind.QUEUE: 3, Kind.OUT: 6, Kind.IN: 5}
_TALK_S: Final = {Kind.URGENT: (1, 4), Kind.QUEUE: (3, 9), Kind.OUT: (1, 6), Kind.IN: (1, 6)}
#: After the last call was placed: the longest talk, and goodbyes that are said again.
_END_S: Final = 40.0


@dataclass
class Traffic:
    """Everybody around the nodes, in one process."""

    nodes: Sequence[Settings]
    rate: float
    chance: random.Random
    calls: list[Call] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)

    def run(self, meanwhile: Callable[[], None], stop: Callable[[], None]) -> None:
        """Place calls until `meanwhile`, in a thread of its own, is done; then wait for the end of all calls.

        Raises what it raises; `stop` tells it to end early when this is interrupted.
        """
        asyncio.run(self._run(meanwhile, stop))

    async def _run(self, meanwhile: Callable[[], None], stop: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        with ExitStack() as held:
            held.callback(stop)
            sink = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sink.bind((HOST, 0))
            sides = _Sides(self.nodes, sink.getsockname()[1])
            await sides.open(held)
            done = loop.run_in_executor(None, meanwhile)
            began, number = time.monotonic(), 0
            while not done.done():
                self._place(sides, number)
                number += 1
                await asyncio.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            deadline = time.monotonic() + _END_S
            while not sides.quiet and time.monotonic() < deadline:
                await asyncio.sleep(0.2)
            self.legs = sides.legs
            await done

    def _place(self, sides: _Sides, number: int) -> None:
        (kind,) = self.chance.choices(list(_SHARES), list(_SHARES.values()))
        talk_s = self.chance.uniform(*_TALK_S[kind])
        match kind:
            case Kind.URGENT:
                side, shown, dialled = sides.customer, MAIN_NUMBER, ("110", "112")[number % 2]
            case Kind.OUT:
                side, shown, dialled = sides.customer, MAIN_NUMBER, called_out(number)
            case Kind.IN:
                side, shown, dialled = sides.carrier, _MOBILE, called_in(number)
            case Kind.QUEUE:
                side, shown, dialled = sides.carrier, _MOBILE, QUEUE_NUMBER
        call = Call(kind, dialled)
        self.calls.append(call)
        side.call(call, shown, self.chance.randrange(len(self.nodes)), talk_s)


class _Sides:
    """The carrier and the customer that call, and all that are called."""

    def __init__(self, nodes: Sequence[Settings], rtp_port: int) -> None:
        trunks = compile_carrier(nodes[0], load_carrier(nodes[0]), 0).trunks
        ports = [each.node.ports for each in nodes]
        self.customer = Calling("out", [each.trunk for each in ports], rtp_port)
        self.carrier = Calling("in", [each.carrier for each in ports], rtp_port)
        senders = {
            port: node for node, each in enumerate(ports) for port in (each.trunk, each.carrier, each.phone)
        }
        self._called = [Called(senders, rtp_port) for _ in (TAKES, TAKES_TOO, IS_CALLED)]
        names = (CALLS_OUT, CALLS_IN, TAKES, TAKES_TOO, IS_CALLED)
        everybody = (self.customer, self.carrier, *self._called)
        self._places = [(port_of(trunks[name]), each) for name, each in zip(names, everybody, strict=True)]

    async def open(self, held: ExitStack) -> None:
        """Take the ports, until `held` ends."""
        loop = asyncio.get_running_loop()
        for port, each in self._places:
            transport, _ = await loop.create_datagram_endpoint(
                lambda each=each: each,  # type: ignore[misc]
                local_addr=(HOST, port),
            )
            held.callback(transport.close)

    @property
    def quiet(self) -> bool:
        return self.customer.quiet and self.carrier.quiet

    @property
    def legs(self) -> list[Leg]:
        return [leg for side in (self.customer, self.carrier, *self._called) for leg in side.legs]
