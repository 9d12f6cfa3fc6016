"""A peer whose first response to 112 comes after it was given up: no call stays up there (decision 0044).

FreeSWITCH's SIP library alone is asked: the lab switch has its own.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import pytest
from aiosipua.message import SipMessage, SipRequest

from cli.demonstration.stage import Stage, staged
from lab.robots import Answer
from tests.e2e.exchange import eventually, exchange, switch_missing
from tests.e2e.forgetful_registrar import answered, respond

#: After SIP's timer of 3 s.
_RINGS_S: Final = 4.5
_ANSWERS_S: Final = 6.0


class LatePeer:
    """Rings and answers the first INVITE late, without 100 Trying. `heard`: the methods that came."""

    def __init__(self, port: int) -> None:
        self.heard: list[str] = []
        self._port = port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._timers: list[threading.Timer] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as farewell:
            farewell.sendto(b"", ("127.0.0.1", self._port))
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(65536)
            if not data:
                return
            request = SipMessage.parse(data)
            if not isinstance(request, SipRequest) or request.method == "OPTIONS":
                continue
            self.heard.append(request.method)
            if request.method in ("CANCEL", "BYE"):
                self._socket.sendto(bytes(respond(request, 200)), peer)
            elif request.method == "INVITE" and not self._timers:
                for after_s, response in (
                    (_RINGS_S, respond(request, 180)),
                    (_ANSWERS_S, answered(request, self._port)),
                ):
                    timer = threading.Timer(after_s, self._socket.sendto, (bytes(response), peer))
                    self._timers.append(timer)
                    timer.start()


@contextmanager
def late_peer(stage: Stage) -> Iterator[LatePeer]:
    """In the place of the first trunk."""
    stage.robot("carrier-a").close()
    places = stage.settings.lab_network
    assert places is not None
    with closing(LatePeer(places["192.0.2.10:5060"][1])) as found:
        yield found


@pytest.mark.freeswitch
@pytest.mark.skipif(switch_missing("freeswitch") is not None, reason="FreeSWITCH is not installed")
def test_a_peer_that_rings_when_it_was_given_up_is_left_as_soon_as_it_answers() -> None:
    """RFC 3261 section 9.1: nothing to cancel before its first response. A late 180 gets nothing; a late 200
    gets ACK and BYE."""
    with exchange("freeswitch") as running, staged(running.settings) as stage, late_peer(stage) as peer:
        stage.robot("carrier-b").on_call(Answer(after_ms=20), "112")
        assert stage.call("kanzlei-1", "112", talk_ms=50).wait("ended", 20).final_code == 200
        eventually(lambda: "BYE" in peer.heard, 20, "the late answer to be ended")
        assert set(peer.heard) == {"INVITE", "ACK", "BYE"}
