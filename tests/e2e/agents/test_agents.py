"""Agents with their phones and commands, on the lab switch and on FreeSWITCH (C1)."""

from __future__ import annotations

from datetime import timedelta

from acd.figures import Rules
from cli.bootstrap import engine, now
from cli.centre.centre_figures import centre_figures
from cli.demonstration.stage import Stage
from lab.robots import Answer
from tests.e2e.agents.desk import AGENT_HZ, ALLE, ANNA, FAR, call, state, status
from tests.e2e.desk import agents, login, waiting
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
    eventually(lambda: len(waiting(centre, "verkauf")) == 1, 5, "the caller in the queue")
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
    eventually(lambda: len(waiting(centre, "verkauf")) == 1, 5, "the caller in the queue")
    direct.wait_heard(AGENT_HZ, timeout_s=30)
    direct.hangup()
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    caller.hangup()
    assert len(stage.all_received("anna-1")) == 2


def test_the_time_on_hold_stands_in_the_agents_figures(centre: Exchange, stage: Stage) -> None:
    """C9: as the agent's phone says it, by a re-INVITE."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    before = on_hold_s(centre)
    caller = call(stage, ALLE)
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    agent = stage.inbox("anna-1").received("anna-1", 30)
    eventually(lambda: state(centre, "anna") == "In a queue call", 30, "anna to talk")
    agent.hold()
    eventually(lambda: (held_ms(centre) or 0) >= 1_000, 30, "the hold")
    agent.resume()
    eventually(lambda: held_ms(centre) is None, 30, "the end of the hold")
    caller.hangup()
    eventually(lambda: on_hold_s(centre) >= before + 1.0, 30, "the figures")
    refused = centre.tried("stats", "--customer", "kunde", "--agents")
    assert "agents_declared" in refused.stderr, "nobody declared that agents may be told apart"


def held_ms(centre: Exchange) -> int | None:
    (talk,) = agents(centre)["anna"]["talks"]
    return talk["held_ms"]  # type: ignore[no-any-return]


def on_hold_s(centre: Exchange) -> float:
    """Of anna today: from the log itself, for of so few calls nothing is given out."""
    until = now()
    with engine(centre.settings, "tests").connect() as connection:
        found = centre_figures(connection, "kunde", until - timedelta(hours=1), until, Rules(None), until)
    return sum(each.hold_ms for (_, name), each in found.figures.agents.items() if name == "anna") / 1000


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


def test_what_is_no_agent_is_told_so_and_nothing_happens(centre: Exchange, stage: Stage) -> None:
    """Bad input: unknown agents, and a code from a phone whose owner serves no queue."""
    login(centre, "anna")
    done = centre.tried("agent", "login", "nobody")
    assert done.returncode == 1
    assert "no controller serves an agent nobody" in done.stderr
    assert stage.call("clara-1", "*81").wait("ended", 30).final_code in range(400, 500)
    wanted = {"anna": "Available", "bert": "Logged Out"}
    eventually(
        lambda: {name: each["status"] for name, each in agents(centre).items()} == wanted, 10, "only anna"
    )


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
