"""The baseline: an application of greenswitch as its README shows one, holding `async full` for the call."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import gevent
import greenswitch
from greenswitch.esl import OutboundSessionHasGoneAway

#: greenswitch counts connections that it has lost as open ones; its default of 100 would soon refuse calls.
_MAX_CONNECTIONS = 1_000_000


def application(dial_string: str) -> type:
    """The application class that greenswitch makes an object of for each call."""

    class Bridging:
        def __init__(self, session: Any) -> None:
            self.session = session

        def run(self) -> None:
            """Bridge the caller and wait for the end of the call."""
            try:
                self.session.myevents()
                # With a limit: without one FreeSWITCH never closes, and greenswitch leaks the session.
                self.session.linger(1)
                self.session.bridge(dial_string, block=True, response_timeout=120)
            except (OutboundSessionHasGoneAway, gevent.Timeout):
                pass
            finally:
                self.session.stop()

    return Bridging


def main() -> None:
    """Listen until SIGTERM. Prints "ready" when calls may come."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dial-string", required=True)
    options = parser.parse_args()
    server = greenswitch.OutboundESLServer(
        bind_address="127.0.0.1",
        bind_port=options.port,
        application=application(options.dial_string),
        max_connections=_MAX_CONNECTIONS,
    )
    listening = gevent.spawn(server.listen)
    while server.bound_port is None:
        gevent.sleep(0.01)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    listening.get()


if __name__ == "__main__":
    main()
