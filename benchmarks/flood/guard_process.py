"""The guard as a process of its own, with the book in memory: no database is needed for it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.calls.site import HOST
from controller.guard import ROUND_S, Guard
from controller.guard_meters import GuardMeters
from dialplan.strangers.ban import Ban
from dialplan.strangers.counting import Rules
from firewall.attach import SocketBarrier
from firewall.meter import Meter


class Book:
    """controller.guard.BanBook in memory."""

    def __init__(self) -> None:
        self._bans: dict[str, Ban] = {}

    def all(self) -> Sequence[Ban]:
        """What was put."""
        return list(self._bans.values())

    def put(self, ban: Ban) -> None:
        """Keep it."""
        self._bans[ban.address] = ban


def main() -> None:
    """Guard until SIGTERM; the callers' address is ours."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ports", required=True)
    ports = [int(port) for port in parser.parse_args().ports.split(",")]
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    barrier, meter = SocketBarrier(ports), Meter(ports)
    guard = Guard(
        "sockets",
        meter,
        barrier,
        Book(),
        lambda source: "the callers" if source == HOST else "",
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
