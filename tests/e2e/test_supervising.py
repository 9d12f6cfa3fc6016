"""What supervisors see and do with waiting calls, and the figures afterwards (C1, C9)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.bootstrap import acd_desk, engine
from cli.queue_desk import screens
from cli.stage import Stage, staged
from lab.robots import Answer, RobotCall
from store.audit import AuditLog
from tests.e2e.exchange import Exchange, eventually, exchange

CALLER = "+4915228817386"
AGENT_HZ, CENTRAL_HZ = 1000, 880
NUMBER = "+493023125300"


@pytest.fixture(scope="module")
def centre(switch: str) -> Iterator[Exchange]:
    with exchange(switch, carrier=Path(__file__).parent / "screens.yaml") as found:
        eventually(lambda: bool(found.json("queue", "list")), 20, "an owner")
        yield found


@pytest.fixture(scope="module")
def stage(centre: Exchange) -> Iterator[Stage]:
    with staged(centre.settings) as found:
        found.robot("bert-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
        found.robot("zentrale").on_call(Answer(after_ms=50, play=f"%(30000,0,{CENTRAL_HZ})"))
        yield found


def waiting(centre: Exchange, queue: str) -> list[str]:
    return [
        call["call"]
        for screen in screens(acd_desk(centre.settings), "kunde")
        for each in screen["queues"]
        for call in each["waiting"]
        if each["queue"] == queue
    ]


def calls_waiting(centre: Exchange, stage: Stage, count: int) -> tuple[list[RobotCall], list[str]]:
    callers = []
    for number in range(1, count + 1):
        callers.append(stage.call("carrier-a", NUMBER, from_user=CALLER, play="%(30000,0,700)"))
        eventually(lambda number=number: len(waiting(centre, "verkauf")) == number, 10, "the caller")  # type: ignore[misc]
    return callers, waiting(centre, "verkauf")


def audited(centre: Exchange, action: str) -> list[Any]:
    return [each for each in AuditLog(engine(centre.settings, "tests")).latest() if each.action == action]


def test_waiting_calls_are_moved_and_a_queue_is_emptied(centre: Exchange, stage: Stage) -> None:
    """The moved one is answered there, the others go where the plan's overflow points; then the figures."""
    centre.run("agent", "login", "bert")
    callers, ids = calls_waiting(centre, stage, 3)
    said = centre.run("queue", "watch", "kunde", "--seconds", "1")
    assert all(each[:8] in said for each in ids)
    centre.run("queue", "move", "kunde", ids[1], "technik", "--actor", "tester")
    callers[1].wait_heard(AGENT_HZ, timeout_s=10)
    centre.run("queue", "flush", "kunde", "verkauf", "--actor", "tester", "--reason", "fire drill")
    for place in (0, 2):
        callers[place].wait_heard(CENTRAL_HZ, timeout_s=10)
    assert waiting(centre, "verkauf") == []
    for each in callers:
        each.hangup()
        each.wait("ended", 10)
    (moved,), (flushed,) = audited(centre, "queue.move"), audited(centre, "queue.flush")
    assert (moved.actor, moved.object_id, moved.details["queue"]) == ("tester", ids[1], "technik")
    assert flushed.details["reason"] == "fire drill"

    def figures() -> dict[str, Any]:
        rows = centre.json("stats", "--customer", "kunde", "--interval", "day")
        return {each["queue"]: (each["small"], each["offered"]) for each in rows}

    eventually(lambda: figures() == {"verkauf": (True, "<5"), "technik": (True, "<5")}, 10, "the figures")
    (bert,) = [
        each
        for each in centre.json("stats", "--customer", "kunde", "--interval", "day", "--agents")
        if each["agent"] == "bert"
    ]
    assert bert["calls"] == 1
