"""Nodes that are killed by turns while calls go on, and what they leave behind in Redis."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.chaos.nodes.seen import Kill
from benchmarks.exchange_load.carrier import CUSTOMER
from cli.bootstrap import acd_desk, live_calls
from cli.errors import ProgramError
from cli.trunk_views import trunks_now
from cli.wiring.queue_desk import screens
from store.errors import StoreError
from tests.e2e.exchange import Exchange, comes_true, eventually
from tests.e2e.two_nodes import Pair

#: A node that died often is started again after 15 s; starting takes another few.
_BACK_S: Final = 60.0
#: Sooner than entries in Redis end by themselves (60 s for places, 90 s for calls).
FORGOTTEN_S: Final = 30.0
_MOST: Final = 20_000
_MOST_TOLD: Final = 10


@dataclass(frozen=True, slots=True)
class Left:
    """What is still held although every call is over. `after_s`: when it was so, from the last call's end."""

    calls: int
    lines: int
    trunk_places: int
    waiting: int
    after_s: float

    @property
    def nothing(self) -> bool:
        return not (self.calls or self.lines or self.trunk_places or self.waiting)


class Killer:
    """Kills one node after the other. `forgotten_s`: after each one's return, when its old calls were gone
    from the live state."""

    def __init__(self, pair: Pair, times: int, pause_s: tuple[float, float], chance: random.Random) -> None:
        self._pair = pair
        self._live = live_calls(pair.first.settings)
        self._times = times
        self._pause_s = pause_s
        self._chance = chance
        self.enough = threading.Event()
        self.kills: list[Kill] = []
        self.forgotten_s: list[float] = []

    def run(self, tell: Callable[[str], None]) -> None:
        """All kills, until it is enough. Raises AssertionError when a node does not come back."""
        for number in range(self._times):
            if self.enough.wait(self._chance.uniform(*self._pause_s)):
                return
            self._kill(number % len(self._pair.both()))
            if (number + 1) % 5 == 0:
                tell(f"{number + 1} of {self._times} kills")
        self.enough.wait(self._pause_s[1])

    def _kill(self, node: int) -> None:
        running = self._pair.both()[node]
        program = running.settings.node.program
        process = running.processes()[program]
        at_s, seconds = time.monotonic(), time.time()
        os.kill(process, signal.SIGKILL)

        def back() -> bool:
            return self.enough.is_set() or running.processes().get(program) not in (None, process)

        eventually(back, _BACK_S, f"{program} to return")
        back_s = time.monotonic()
        self.kills.append(Kill(node, at_s, back_s))
        gone = comes_true(lambda: self.enough.is_set() or not self._older(node, seconds), FORGOTTEN_S)
        self.forgotten_s.append(time.monotonic() - back_s if gone else float("inf"))

    def _older(self, node: int, seconds: float) -> bool:
        """Whether the node has calls in the live state that began before this moment (seconds since 1970)."""
        name = self._pair.both()[node].settings.node.name
        try:
            known = self._live.list(node=name, limit=_MOST)
        except StoreError:  # late on a busy machine
            return True
        return any(each.started_at.timestamp() < seconds for each in known)


def left_behind(pair: Pair, tell: Callable[[str], None]) -> Left:
    """Once all calls are over: as soon as nothing is left, at the latest after FORGOTTEN_S. Tells which calls
    are."""
    began = time.monotonic()
    found: list[Left] = []

    def nothing() -> bool:
        try:
            found.append(_left(pair.first, time.monotonic() - began))
        except (StoreError, ProgramError):
            return False
        return found[-1].nothing

    if not comes_true(nothing, FORGOTTEN_S):
        for call in live_calls(pair.first.settings).list(limit=_MOST_TOLD):
            tell(f"left: {call}")
    return found[-1] if found else _left(pair.first, time.monotonic() - began)


def _left(running: Exchange, after_s: float) -> Left:
    limits = running.json("limit", "show", CUSTOMER)["limits"]
    shown = screens(acd_desk(running.settings), CUSTOMER)
    return Left(
        len(live_calls(running.settings).list(limit=_MOST)),
        sum(each["now"] for each in limits if each["counter"] == "simultaneous-calls"),
        sum(each.calls for each in trunks_now(running.settings)),
        sum(len(queue["waiting"]) for each in shown for queue in each["queues"]),
        after_s,
    )
