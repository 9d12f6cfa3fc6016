"""Our own transport in the usual way: an `async full` socket held for the whole call. Shows what the way
costs, apart from greenswitch."""

from __future__ import annotations

import argparse
import sys

from gevent import socket
from gevent.server import StreamServer

from freeswitch import commands
from freeswitch.errors import ConnectionLost
from freeswitch.transport import Connection, prepare

_MY_EVENTS = b"myevents\n\n"


class Holding:
    """Connects, subscribes, bridges, and reads events until FreeSWITCH closes."""

    def __init__(self, dial_string: str) -> None:
        bridge = commands.execute("bridge", dial_string)
        self._hello = commands.connect().wire + _MY_EVENTS + commands.linger(1).wire + bridge.wire

    def serve(self, sock: socket.socket, address: tuple[str, int]) -> None:
        """One call."""
        connection = Connection(sock, f"{address[0]}:{address[1]}")
        try:
            connection.send(self._hello)
            while True:
                for message in connection.receive():
                    # What an application would do at least: look which event it is.
                    message.headers.get("Event-Name")
        except ConnectionLost:
            pass
        finally:
            connection.close()


def main() -> None:
    """Listen until SIGTERM. Prints "ready" when calls may come."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dial-string", required=True)
    options = parser.parse_args()
    server = StreamServer(("127.0.0.1", options.port), Holding(options.dial_string).serve, backlog=1024)
    server.start()
    prepare(server.socket)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
