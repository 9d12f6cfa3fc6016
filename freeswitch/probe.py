"""Whether a controller answers: ask it as FreeSWITCH does, and hang up."""

from __future__ import annotations

import socket

_GREETING = b"connect\n\n"


def takes_calls(address: tuple[str, int], timeout_s: float = 1.0) -> bool:
    """Whether the controller at `address` greets a connection in time; a frozen one is connected to by its
    kernel but says nothing. Costs it one session without a call."""
    try:
        with socket.create_connection(address, timeout=timeout_s) as connection:
            connection.settimeout(timeout_s)
            heard = b""
            while len(heard) < len(_GREETING) and (more := connection.recv(len(_GREETING) - len(heard))):
                heard += more
    except OSError:
        return False
    return heard == _GREETING
