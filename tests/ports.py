"""Ports for the servers of a test run, above those that the system gives to whoever asks for any.

A port that was free a moment ago may be somebody's when the server binds it: another connection's or a
robot's, who got it from the system (seen, about once in several runs). Nobody gets these from the system, and
each process of a run has a range of its own.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_HOST: Final = "127.0.0.1"
_LAST: Final = 65_500
_PROCESSES: Final = 6
#: Fewer above the system's own are not enough for a run.
_LEAST: Final = 1_200


def _range() -> range:
    """This process' part; empty where the system gives nearly all ports to anybody."""
    try:
        last = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return range(0)
    if _LAST - last < _LEAST:
        return range(0)
    worker = re.search(r"\d+\Z", os.environ.get("PYTEST_XDIST_WORKER", ""))
    size = (_LAST - last) // _PROCESSES
    first = last + 1 + size * (int(worker[0]) % _PROCESSES if worker else _PROCESSES - 1)
    return range(first, first + size)


def _one_after_the_other() -> Iterator[int]:
    ports = _range()
    if not ports:
        return itertools.repeat(0)
    begin = random.randrange(len(ports))
    return itertools.cycle([*ports[begin:], *ports[:begin]])


_candidates: Final = _one_after_the_other()


def free_port() -> int:
    """Free for TCP and UDP, and not soon given again. Raises OSError when none is."""
    for _ in range(2_000):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tcp.bind((_HOST, next(_candidates)))
                udp.bind((_HOST, port := int(tcp.getsockname()[1])))
            except OSError:
                continue
            return port
    raise OSError("no free port for a test's server")
