"""An agent who may have two calls at a time, on the lab switch and on FreeSWITCH (C1, C4)."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer, RobotCall
from tests.e2e.agents.desk import AGENT_HZ, call, spooled, state
from tests.e2e.desk import agents, login, owner, waiting
from tests.e2e.exchange import Exchange, eventually

PAAR = "+493023125307"


def bert(centre: Exchange) -> dict[str, Any]:
    """What the owner shows of the agent."""
    return agents(centre)["bert"]  # type: ignore[no-any-return]


def talks(centre: Exchange) -> list[str]:
    return [each["call"] for each in bert(centre)["talks"] if each["state"] == "talking"]


def wrapped_up(centre: Exchange) -> list[str]:
    return [each["call"] for each in bert(centre)["wrap_ups"]]


def two_callers(centre: Exchange, stage: Stage) -> tuple[list[RobotCall], list[RobotCall], list[str]]:
    """Two callers who talk with bert, bert's part of their calls, and the calls' ids. As a phone does it, the
    first caller is on hold when the second is answered."""
    stage.robot("bert-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "bert")
    callers, legs = [call(stage, PAAR)], [stage.inbox("bert-1").received("bert-1", 30)]
    eventually(lambda: len(talks(centre)) == 1, 30, "the first conversation")
    legs[0].hold()
    eventually(lambda: bert(centre)["talks"][0]["held_ms"] is not None, 30, "the first caller on hold")
    callers.append(call(stage, PAAR))
    legs.append(stage.inbox("bert-1").received("bert-1", 30))
    eventually(lambda: len(talks(centre)) == 2, 30, "the second conversation")
    return callers, legs, talks(centre)


def dials(stage: Stage, code: str) -> None:
    stage.call("bert-1", code).wait("ended", 30)


def test_a_second_caller_is_put_through_beside_the_first_and_the_third_when_one_is_wrapped_up(
    centre: Exchange, stage: Stage
) -> None:
    """C1, complaint 4: each conversation has its own wrap-up; codes say which is meant."""
    callers, _, (c1, c2) = two_callers(centre, stage)
    callers[1].wait_heard(AGENT_HZ, timeout_s=30)
    third = call(stage, PAAR)
    eventually(lambda: len(waiting(centre, "paar")) == 1, 30, "the third caller in the queue")
    (c3,) = waiting(centre, "paar")
    assert (bert(centre)["capacity"], state(centre, "bert")) == (2, "In a queue call")
    assert "2/2" in centre.run("agent", "list", "kunde")
    callers[0].hangup()
    eventually(lambda: wrapped_up(centre) == [c1], 30, "the wrap-up of the first")
    assert (talks(centre), waiting(centre, "paar")) == ([c2], [c3])
    assert not stage.has_received("bert-1", "bert-1")
    dials(stage, "*841")
    third.wait_heard(AGENT_HZ, timeout_s=30)
    eventually(lambda: talks(centre) == [c2, c3], 30, "the third conversation")
    assert wrapped_up(centre) == []
    callers[1].hangup()
    eventually(lambda: wrapped_up(centre) == [c2], 30, "the wrap-up of the second")
    third.hangup()
    eventually(lambda: wrapped_up(centre) == [c2, c3], 30, "the wrap-up of the third")
    assert state(centre, "bert") == "Wrap-up"
    centre.run("agent", "wrap-up", "bert", "--code", "erledigt", "--call", c2)
    eventually(lambda: wrapped_up(centre) == [c3], 30, "the end of the second's")
    dials(stage, "*841")
    eventually(lambda: state(centre, "bert") == "Waiting", 30, "bert to be free")


@pytest.mark.long
def test_a_recording_is_paused_by_code_of_the_caller_in_hands_and_a_consent_names_its_call(
    centre: Exchange, stage: Stage
) -> None:
    """C4, § 201 StGB: a yes from the phone is refused while there are two whose yes it may be."""
    callers, legs, (c1, c2) = two_callers(centre, stage)
    legs[1].hold()
    eventually(lambda: all(each["held_ms"] is not None for each in bert(centre)["talks"]), 30, "both on hold")
    dials(stage, "*88")
    assert spooled(centre) == []
    for each in (c1, c2):
        centre.run("record", "consent", each, "--spoken")
    eventually(lambda: len(spooled(centre)) == 2, 30, "both recordings")
    dials(stage, "*86")
    assert "has no recording that could be paused" in centre.tried("record", "pause", c2).stderr
    legs[0].resume()
    eventually(lambda: held(centre) == [False, True], 30, "the first caller back")
    legs[0].hold()
    eventually(lambda: held(centre) == [True, True], 30, "the first caller on hold again")
    dials(stage, "*86")
    assert "has no recording that could be paused" in centre.tried("record", "pause", c1).stderr
    for caller in callers:
        caller.hangup()
        caller.wait("ended", 30)
    eventually(lambda: spooled(centre) == [], 30, "the recordings to be stored")


@pytest.mark.long
def test_two_conversations_and_a_wrap_up_outlive_the_controller_that_led_them(
    centre: Exchange, stage: Stage
) -> None:
    """C1, guarantee 6: the next owner has both, and neither is taken for the other."""
    callers, legs, (c1, c2) = two_callers(centre, stage)
    third = call(stage, PAAR)
    eventually(lambda: len(waiting(centre, "paar")) == 1, 30, "the third caller in the queue")
    callers[1].hangup()
    eventually(lambda: wrapped_up(centre) == [c2], 30, "the wrap-up of the second")
    died = owner(centre)
    os.kill(died, signal.SIGKILL)
    eventually(lambda: owner(centre) not in (0, died) and bool(agents(centre)), 30, "another owner")
    eventually(lambda: (talks(centre), wrapped_up(centre)) == ([c1], [c2]), 30, "what the dead one had")
    assert len(waiting(centre, "paar")) == 1
    legs[0].resume()
    dials(stage, "*841")
    third.wait_heard(AGENT_HZ, timeout_s=30)
    callers[0].wait_heard(AGENT_HZ, timeout_s=30)
    eventually(lambda: len(talks(centre)) == 2, 30, "the third conversation")
    callers[0].hangup()
    eventually(lambda: wrapped_up(centre) == [c1], 30, "the wrap-up of the first")
    third.hangup()
    eventually(lambda: len(wrapped_up(centre)) == 2, 30, "the wrap-up of the third")
    assert wrapped_up(centre)[0] == c1


def held(centre: Exchange) -> list[bool]:
    return [each["held_ms"] is not None for each in bert(centre)["talks"]]
