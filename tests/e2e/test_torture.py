"""SIP that torments parsers (RFC 4475), from strangers and from a peer that may call: everybody lives on."""

from __future__ import annotations

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer
from tests.e2e.attacker import Attacker
from tests.e2e.exchange import Exchange, eventually
from tests.e2e.rfc4475 import MESSAGES

NUMBER = "+492214710108"


def lives(running: Exchange, stage: Stage, processes: dict[str, int]) -> None:
    """The switch is the very process that it was, and calls get through."""
    stage.robot("bau-1").on_call(Answer(after_ms=20), NUMBER)
    call = stage.call("carrier-a", NUMBER, from_user="+4915228817386", talk_ms=50)
    assert call.wait("ended", 20).final_code == 200
    assert running.processes() == processes


def mark_of(number: int, door: str) -> str:
    return f"torture-{door}-{number}"


@pytest.mark.parametrize("door", ["carrier", "trunk", "phone"])
def test_the_exchange_lives_and_nobody_is_let_in(running: Exchange, stage: Stage, door: str) -> None:
    """Issue 7, bad input: each message by a stranger; no answer is a success or a call."""
    processes = running.processes()
    port = getattr(running.settings.node.ports, door)
    with Attacker("127.0.0.90", running.settings) as stranger:
        for number, each in enumerate(MESSAGES):
            stranger.send_bytes(each.written(f"127.0.0.1:{port}", stranger.here, mark_of(number, door)), port)
        answers = stranger.heard(1.0)
    assert not [each for each in answers if each.startswith("SIP/2.0 2") and "INVITE" in each]
    assert not [each for each in answers if each.startswith(("SIP/2.0 180", "SIP/2.0 183", "INVITE"))]
    lives(running, stage, processes)


def test_a_peer_that_sends_it_reaches_nobody_else(running: Exchange, stage: Stage) -> None:
    """From a carrier's own address; what is valid and unusual is treated as any call, to its number alone."""
    port, robot = running.settings.node.ports.carrier, stage.robot("carrier-a")
    processes = running.processes()
    stage.robot("bau-1").on_call(Answer(after_ms=20, talk_ms=20), "+492214710104")
    for number, each in enumerate(MESSAGES):
        here = f"127.0.0.1:{robot.port}"
        data = each.written(f"127.0.0.1:{port}", here, mark_of(number, "peer"))
        if data:
            robot.send_raw(data[:60_000], ("127.0.0.1", port), replies_within_ms=30)
    assert stage.all_received("carrier-b") == []
    lives(running, stage, processes)


def test_after_all_of_it_calls_have_their_records(running: Exchange, stage: Stage) -> None:
    lives(running, stage, running.processes())
    eventually(lambda: any(leg["b_number"] == NUMBER for leg in running.legs()), 15, "the last call's record")
    assert running.json("cdr", "quarantine") == []
