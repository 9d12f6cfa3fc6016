"""What supervisors see and do with waiting calls, and the figures afterwards (C1, C9)."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cli.bootstrap import engine
from cli.demonstration.stage import Stage, staged
from lab.robots import Answer, RobotCall
from store.audit import AuditLog
from tests.e2e.desk import waiting
from tests.e2e.exchange import Exchange, eventually, exchange
from tests.e2e.screen import Screen
from tests.ports import free_port

CALLER = "+4915228817386"
AGENT_HZ, CENTRAL_HZ = 1000, 880
NUMBER = "+493023125300"


@pytest.fixture(scope="module")
def centre(switch: str) -> Iterator[Exchange]:
    web, *ports = (f"127.0.0.1:{free_port()}" for _ in range(4))
    shown = {"controllers": ports[:1], "intake": ports[1], "web": ports[2]}
    more = {"web": {"listen": web}, "metrics": shown}
    with exchange(
        switch, carrier=Path(__file__).parent / "screens.yaml", amend=lambda tree: tree.update(more)
    ) as found:
        eventually(lambda: bool(found.json("queue", "list")), 20, "an owner")
        yield found


@pytest.fixture(scope="module")
def stage(centre: Exchange) -> Iterator[Stage]:
    with staged(centre.settings) as found:
        found.robot("bert-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
        found.robot("zentrale").on_call(Answer(after_ms=50, play=f"%(30000,0,{CENTRAL_HZ})"))
        yield found


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
    callers[1].wait_heard(AGENT_HZ, timeout_s=30)
    centre.run("queue", "flush", "kunde", "verkauf", "--actor", "tester", "--reason", "fire drill")
    for place in (0, 2):
        callers[place].wait_heard(CENTRAL_HZ, timeout_s=30)
    eventually(lambda: waiting(centre, "verkauf") == [], 30, "an empty queue")
    for each in callers:
        each.hangup()
        each.wait("ended", 30)
    (moved,), (flushed,) = (
        [each for each in audited(centre, action) if each.actor == "tester"]
        for action in ("queue.move", "queue.flush")
    )
    assert (moved.actor, moved.object_id, moved.details["queue"]) == ("tester", ids[1], "technik")
    assert flushed.details["reason"] == "fire drill"

    def queues() -> dict[str, Any]:
        rows = centre.json("stats", "--customer", "kunde", "--interval", "day")
        return {each["queue"]: each["offered"] for each in rows}

    eventually(lambda: {"verkauf", "technik"} <= queues().keys(), 10, "the figures")
    assert queues()["technik"] == "<5"

    def calls_of_bert() -> list[Any]:
        rows = centre.json("stats", "--customer", "kunde", "--interval", "day", "--agents")
        return [each["calls"] for each in rows if each["agent"] == "bert"]

    eventually(lambda: calls_of_bert() == ["<5"], 10, "the end of the conversation in the figures")


@pytest.fixture
def port(centre: Exchange) -> int:
    """The HTTP interface that `fernamt up` started."""
    assert centre.settings.web is not None
    return centre.settings.web.listen[1]


def test_an_agent_and_a_supervisor_work_by_their_screens(centre: Exchange, stage: Stage, port: int) -> None:
    """Issue 6, item 8: what happens is heard at once; what is ordered is done and audited."""
    token = ("user", "token", "create")
    lead = Screen(port, centre.run(*token, "lead", "--customer", "kunde", "--role", "supervisor"))
    anna = Screen(
        port, centre.run(*token, "anna", "--customer", "kunde", "--role", "agent", "--agent", "anna")
    )
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    assert lead.get("/status") == {"ok": True, "parts": {"database": "ok", "redis": "ok"}}
    assert anna.get("/v1/me")["agent"] == "anna"
    assert anna.post("/v1/agents/bert/status", {"status": "Available"}) == 403
    with lead.open("/v1/events") as stream:
        assert _next(stream, "snapshot")["served"] is True
        assert anna.post("/v1/agents/anna/status", {"status": "Available"}) == 204
        caller = stage.call("carrier-a", NUMBER, from_user=CALLER, play="%(30000,0,700)")
        entered = _next(stream, "Entered")
        answered = _next(stream, "Answered")
        assert (answered["agent_id"], answered["member_id"]) == ("anna", entered["member_id"])
        caller.wait_heard(AGENT_HZ, timeout_s=30)
        caller.hangup()
        assert _next(stream, "Ended")["queue_id"] == "verkauf"
    assert anna.post("/v1/agents/anna/status", {"status": "Logged Out"}) == 204
    assert lead.post("/v1/calls/gone/move", {"queue": "technik"}) == 409
    eventually(lambda: bool(lead.get("/v1/figures/agents")["figures"]), 10, "the figures")
    assert {each.actor for each in audited(centre, "agent.status")} == {"api:kunde/anna"}


def test_another_customers_token_sees_and_touches_nothing(centre: Exchange, stage: Stage, port: int) -> None:
    """Bad input, guarantee 8: every order is refused, stands in the audit, and the caller waits on."""
    centre.run("agent", "logout", "bert")
    token = centre.run(
        "user", "token", "create", "chef", "--customer", "fremd", "--role", "admin", "--agent", "doris"
    )
    stranger = Screen(port, token)
    (caller,), (call_id,) = calls_waiting(centre, stage, 1)
    assert [each["queue"] for each in stranger.get("/v1/queues")["queues"]] == ["annahme"]
    assert [each["agent"] for each in stranger.get("/v1/agents")["agents"]] == ["doris"]
    assert stranger.post("/v1/agents/anna/status", {"status": "Available"}) == 404
    assert stranger.post("/v1/agents/anna/wrap-up", {"extend_s": 60}) == 404
    assert stranger.post(f"/v1/calls/{call_id}/move", {"queue": "annahme"}) == 409
    assert stranger.post(f"/v1/calls/{call_id}/supervise", {"how": "listen"}) == 409
    assert stranger.post("/v1/queues/verkauf/flush", {}) == 409
    assert stranger.get("/v1/figures/queues")["figures"] == []
    assert waiting(centre, "verkauf") == [call_id]
    (refused,) = audited(centre, "call.listen.refused")
    assert refused.actor == "api:fremd/chef"
    assert "no conversation of fremd" in refused.details["why"]
    caller.hangup()
    caller.wait("ended", 30)


def _next(stream: Any, name: str) -> Any:
    """The next event of this name."""
    found = False
    for line in stream:
        if found and line.startswith(b"data: "):
            return json.loads(line[6:])
        found = line == f"event: {name}\n".encode() or (found and line != b"\n")
    raise AssertionError(f"the stream ended without {name}")


def test_prometheus_reads_what_controllers_and_the_intake_count(centre: Exchange, stage: Stage) -> None:
    """Issue 7, item 7."""
    settings = centre.settings.metrics
    assert settings is not None
    assert settings.intake is not None
    web = settings.web
    assert web is not None
    eventually(lambda: metrics(web)["process_start_time_seconds"] > 0, 10, "the HTTP interface's figures")
    caller = stage.call("carrier-a", NUMBER, from_user=CALLER, play="%(30000,0,700)")
    eventually(lambda: bool(waiting(centre, "verkauf")), 10, "the caller")
    of_queue = 'fernamt_queue_waiting{customer="kunde",queue="verkauf"}'
    eventually(lambda: metrics(settings.controllers[0])[of_queue] == 1, 10, "the caller in the figures")
    found = metrics(settings.controllers[0])
    assert found['fernamt_contact_centre_led{customer="kunde"}'] == 1
    assert found["fernamt_decision_seconds_count"] >= 1
    assert found["fernamt_redis_up"] == 1
    caller.hangup()
    eventually(lambda: waiting(centre, "verkauf") == [], 10, "an empty queue")
    address = settings.intake
    eventually(lambda: metrics(address)["fernamt_record_lag_seconds_count"] >= 1, 10, "the record")
    found = metrics(address)
    assert found['fernamt_trunk_legs_total{answered="yes",side="a",trunk="carrier-a"}'] >= 1
    assert found['fernamt_disk_free_bytes{place="records"}'] > 0
    assert found['fernamt_record_errors_total{error="spool"}'] == 0


def metrics(address: tuple[str, int]) -> dict[str, float]:
    """What is told there; nothing while a program that is starting does not listen yet."""
    url = "http://{}:{}/metrics".format(*address)
    found: dict[str, float] = defaultdict(float)
    with suppress(urllib.error.URLError), urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - ours
        lines = [each for each in answer.read().decode().splitlines() if not each.startswith("#")]
        found |= {name: float(value) for name, _, value in (each.rpartition(" ") for each in lines)}
    return found
