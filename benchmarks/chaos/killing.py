"""Parts of a running exchange that are killed: at random, or one controller after the other."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from typing import Final

from freeswitch.probe import takes_calls
from tests.e2e.exchange import Exchange, eventually

CONTROLLERS: Final = ("controller-1", "controller-2")
#: All but the switch: what dies with a node is another question (benchmarks/README.md).
VICTIMS: Final = (*CONTROLLERS, "postgres", "redis", "intake", "rating")
#: The supervisor waits up to 15 s before a part that died often is started again.
_BACK_S: Final = 90.0


def kill(running: Exchange, part: str) -> bool:
    """kill -9; False when it was dead already."""
    process = running.processes().get(part)
    if process is None:
        return False
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False  # its successor is on its way
    return True


class Killer(threading.Thread):
    """Kills a random part every `pause_s` (shortest, longest) until told that it is enough."""

    def __init__(self, running: Exchange, chance: random.Random, pause_s: tuple[float, float]) -> None:
        super().__init__(daemon=True)
        self._running = running
        self._chance = chance
        self._pause_s = pause_s
        self.enough = threading.Event()
        self.killed: Counter[str] = Counter()

    def run(self) -> None:
        while not self.enough.wait(self._chance.uniform(*self._pause_s)):
            victim = self._chance.choice(VICTIMS)
            self.killed[victim] += kill(self._running, victim)

    def stop(self) -> None:
        self.enough.set()
        self.join(10.0)


def await_whole(running: Exchange) -> None:
    """Wait until every part runs and both controllers take calls."""
    addresses = running.settings.controllers[: len(CONTROLLERS)]

    def whole() -> bool:
        found = running.processes()
        parts = all(_lives(found.get(part)) for part in VICTIMS)
        return parts and all(takes_calls(address) for address in addresses)

    eventually(whole, _BACK_S, "every part to run again")


def kill_controllers_in_turn(running: Exchange, times: int) -> list[float]:
    """One dies while the other lives, which is killed when the first is back. When: seconds since 1970."""
    rest = threading.Event()
    killed = []
    for number in range(times):
        await_whole(running)
        rest.wait(2.0)
        if kill(running, CONTROLLERS[number % len(CONTROLLERS)]):
            killed.append(time.time())
        rest.wait(3.0)
    return killed


def _lives(process: int | None) -> bool:
    if process is None:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
