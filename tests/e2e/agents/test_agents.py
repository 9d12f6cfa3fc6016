"""Agents with their phones and commands, on the lab switch and on FreeSWITCH (C1)."""

from __future__ import annotations

from cli.demonstration.stage import Stage
from lab.robots import Answer
from tests.e2e.agents.desk import AGENT_HZ, ANNA, FAR, agents, call, login, queued, state, status
from tests.e2e.exchange import Exchange, eventually


def test_who_places_a_call_is_rung_by_no_queue_until_it_is_over(centre: Exchange, stage: Stage) -> None:
    """C1: agents' own outgoing calls count as busy."""
    stage.robot("carrier-a").on_call(Answer(after_ms=20, play="%(10000,0,880)"), FAR)
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    own = stage.call("anna-1", "04066969901")
    own.wait_heard(880, timeout_s=30)
    eventually(lambda: state(centre, "anna") == "In another call", 5, "anna to be busy")
    caller = call(stage)
    eventually(lambda: queued(centre, "verkauf") == 1, 5, "the caller in the queue")
    assert not stage.has_received("anna-1", "anna-1")
    own.hangup()
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    caller.hangup()


def test_who_is_called_directly_is_rung_by_no_queue_until_it_is_over(centre: Exchange, stage: Stage) -> None:
    """C1: direct calls count as busy from the first ringing."""
    stage.robot("anna-1").on_call(Answer(after_ms=600, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    direct = call(stage, ANNA)
    eventually(lambda: state(centre, "anna") == "In another call", 5, "anna to be busy")
    caller = call(stage)
    eventually(lambda: queued(centre, "verkauf") == 1, 5, "the caller in the queue")
    direct.wait_heard(AGENT_HZ, timeout_s=30)
    direct.hangup()
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    caller.hangup()
    assert len(stage.all_received("anna-1")) == 2


def test_a_wrap_up_is_extended_and_ended_with_a_code(centre: Exchange, stage: Stage) -> None:
    """C1, complaint 4."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    caller = call(stage)
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    eventually(lambda: state(centre, "anna") == "In a queue call", 5, "anna to talk")
    caller.hangup()
    eventually(lambda: state(centre, "anna") == "Wrap-up", 5, "the wrap-up")
    centre.run("agent", "wrap-up", "anna", "--extend", "300")
    eventually(lambda: agents(centre)["anna"]["wrap_up_ms"] > 200_000, 5, "a longer wrap-up")
    centre.run("agent", "wrap-up", "anna", "--code", "frage")
    eventually(lambda: state(centre, "anna") == "Waiting", 5, "anna to be free")


def test_agents_log_in_pause_and_log_out_by_phone(centre: Exchange, stage: Stage) -> None:
    """C1: by codes; what cannot be done is said."""

    def dials(code: str) -> None:
        stage.call("anna-1", code).wait("ended", 30)

    dials("*82")
    assert status(centre, "anna") == "Logged Out"
    for code, wanted in (
        ("*80", "Available"),
        ("*82", "On Break"),
        ("*83", "Available"),
        ("*81", "Logged Out"),
    ):
        dials(code)
        eventually(lambda wanted=wanted: status(centre, "anna") == wanted, 5, wanted)  # type: ignore[misc]
