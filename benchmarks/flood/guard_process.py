"""The guard as a process of its own, with the book in memory: no database is needed for it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from benchmarks.calls.site import HOST
from controller.guard import ROUND_S, Guard
from controller.guard_meters import GuardMeters
from controller.known_addresses import KnownAddresses
from dialplan.strangers.ban import Ban
from dialplan.strangers.counting import Rules
from firewall.attach import SocketBarrier
from firewall.meter import Meter


class Book:
    """controller.guard.BanBook in memory, with no phone anywhere."""

    def __init__(self) -> None:
        self._bans: dict[str, Ban] = {}

    def all(self) -> Sequence[Ban]:
        """What was put."""
        return list(self._bans.values())

    def put(self, bans: Sequence[Ban]) -> None:
        """Keep them."""
        self._bans.update({ban.address: ban for ban in bans})

    def lift(self, address: str) -> None:
        """Forget it."""
        self._bans.pop(address, None)

    def remember(self, sources: Sequence[str]) -> None:
        """Nobody asks for it."""

    def ages_s(self) -> Mapping[str, float]:
        """There are none."""
        return {}


def main() -> None:
    """Guard until SIGTERM; the callers' address is ours."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ports", required=True)
    ports = [int(port) for port in parser.parse_args().ports.split(",")]
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    barrier, meter, book = SocketBarrier(ports), Meter(ports), Book()
    guard = Guard(
        "sockets",
        meter,
        barrier,
        book,
        lambda source: "the callers" if source == HOST else "",
        KnownAddresses(book, time.monotonic),
        Rules(),
        GuardMeters(time.monotonic),
        clock=lambda: datetime.now(UTC),
        steady_s=time.monotonic,
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not stopped.wait(ROUND_S):
        guard.round()
    barrier.lift_all()
    meter.close()


if __name__ == "__main__":
    main()
