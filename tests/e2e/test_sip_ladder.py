"""The SIP messages of one call, while somebody has the node copy them (docs/trace.md)."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cli.demonstration.stage import Stage, staged
from lab.robots import Answer
from tests.e2e.exchange import Exchange, eventually, exchange, switch_missing
from tests.ports import free_port

OURS = "+492214710161"


@pytest.fixture
def captured() -> Iterator[tuple[Exchange, Stage]]:
    """An exchange whose intake listens for SIP messages; the lab switch sends no copies."""
    reason = switch_missing("freeswitch")
    if reason:
        pytest.skip(reason)

    def amend(tree: dict[str, Any]) -> None:
        tree["sip_capture"] = f"127.0.0.1:{free_port()}"

    with exchange("freeswitch", amend=amend) as running, staged(running.settings) as stage:
        log = running.directory / "log" / "intake.log"
        eventually(lambda: "intake ready" in log.read_text(), 30, "somebody to listen")
        yield running, stage


@contextmanager
def capturing(running: Exchange) -> Iterator[None]:
    """`fernamt call capture` until Ctrl-C."""
    command = [sys.executable, "-m", "cli.entry", "--settings", str(running.settings_file)]
    command += ["call", "capture", "--seconds", "60", "--reason", "a test"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "is captured" in process.stderr.readline()
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0


@pytest.mark.freeswitch
def test_the_ladder_shows_each_message_while_somebody_captures(captured: tuple[Exchange, Stage]) -> None:
    running, stage = captured
    stage.robot("bau-1").on_call(Answer(after_ms=50), OURS)
    with capturing(running):
        stage.call("carrier-a", OURS, talk_ms=200).wait("ended", 10)
    legs: list[dict[str, Any]] = []

    def recorded() -> bool:
        legs[:] = [leg for leg in running.legs() if leg["b_number"] == OURS]
        return len(legs) == 2

    eventually(recorded, 15, "both records")
    sip: list[dict[str, Any]] = []

    def kept() -> bool:
        sip[:] = running.json("call", "trace", legs[0]["call_id"])["sip"]
        return any(each["first_line"].startswith("BYE ") for each in sip)

    eventually(kept, 15, "the messages of the call")
    lines = [each["first_line"] for each in sip]
    assert sum(line.startswith("INVITE ") for line in lines) >= 2, "in and out"
    assert "SIP/2.0 200 OK" in lines
    assert {len(each["source"].split(":")) for each in sip} == {2}
    assert " -> " in running.run("call", "trace", legs[0]["call_id"])
