"""Whether an HTTP server of ours answers."""

from __future__ import annotations

import socket

#: Nothing is there, which is said without asking anybody else.
_ASKED = b"GET / HTTP/1.0\r\n\r\n"


def answers(address: tuple[str, int], timeout_s: float = 1.0) -> bool:
    """Whether somebody speaks HTTP there in time, whatever is said; a frozen one says nothing."""
    try:
        with socket.create_connection(address, timeout=timeout_s) as connection:
            connection.settimeout(timeout_s)
            connection.sendall(_ASKED)
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False
