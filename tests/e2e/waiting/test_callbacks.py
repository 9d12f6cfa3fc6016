"""Callers who leave the queue to be called back when it is their turn (C1)."""

from __future__ import annotations

from typing import Any

import pytest

from acd.names import AgentStatus
from acd.orders import Supervise, Supervision
from cli.bootstrap import acd_desk
from cli.demonstration.stage import Stage
from cli.wiring.queue_desk import order, screens
from lab.robots import Answer, Reject, RobotCall
from tests.e2e.desk import agents, choose
from tests.e2e.exchange import Exchange, eventually
from tests.e2e.waiting.callers import (
    AGENT_HZ,
    AT_HOME_HZ,
    CALLER,
    CHECK_HZ,
    ENTER_HZ,
    KEYS_HZ,
    NOTED_HZ,
    NUMBER,
    OFFER_HZ,
    REFUSED_HZ,
    TOLD_AGENT_HZ,
    call,
    heard_times,
    in_queue,
)

SUPERVISOR_HZ = 1600


def wants_callback(stage: Stage, *typed: str) -> RobotCall:
    """A caller who leaves the queue to be called back: at the number shown, or after entering these."""
    caller = call(stage)
    caller.wait_heard(KEYS_HZ)
    caller.send_dtmf("3")
    caller.wait_heard(OFFER_HZ)
    caller.send_dtmf("2" if typed else "1")
    for count, number in enumerate(typed, start=1):
        eventually(lambda count=count: heard_times(caller, ENTER_HZ) >= count, 10, "the question")  # type: ignore[misc]
        caller.send_dtmf(f"{number}#", 80)
    return caller


def test_a_caller_is_called_back_when_it_is_his_turn(centre: Exchange, stage: Stage) -> None:
    """C1: virtual hold. The agent hears what it is; who came later and waits on the line is served later."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    stage.robot("carrier-a").on_call(Answer(after_ms=700, play=f"%(30000,0,{AT_HOME_HZ})"), CALLER)
    wish = wants_callback(stage)
    wish.wait_heard(NOTED_HZ)
    assert wish.wait("ended").ended_by == "peer"
    late = call(stage)
    in_queue(centre, count=2)
    choose(centre, AgentStatus.AVAILABLE, "anna")
    agent = stage.inbox("anna-1").received("anna-1", 20)
    agent.wait_heard(TOLD_AGENT_HZ)
    back = stage.inbox("carrier-a").received(CALLER, 20)
    back.wait_heard(AGENT_HZ)
    agent.wait_heard(AT_HOME_HZ)
    assert NUMBER in "".join(back.report().asserted_identities)
    assert CALLER in agent.report().from_header
    assert not late.report().heard(AGENT_HZ)
    back.hangup()
    assert agent.wait("ended").ended_by == "peer"
    late.wait_heard(AGENT_HZ)
    late.hangup()
    late.wait("ended")
    stage.inbox("anna-1").take_all()
    eventually(lambda: bool(called_back(centre)), 15, "the callback's record")
    said = {(leg["a_network"], leg["customer_id"], leg["direction"]) for leg in called_back(centre)}
    assert said == {(NUMBER, "kunde", "out")}


@pytest.mark.long
def test_a_supervisor_takes_over_who_was_called_back_and_is_in_a_call_meanwhile(
    centre: Exchange, stage: Stage
) -> None:
    """C5: the call that the order names ended with the wish. Guarantee 6: no queue rings the supervisor."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    stage.robot("bert-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{SUPERVISOR_HZ})"))
    stage.robot("carrier-a").on_call(Answer(after_ms=300, play=f"%(30000,0,{AT_HOME_HZ})"), CALLER)
    wish = wants_callback(stage)
    wish.wait("ended")
    choose(centre, AgentStatus.AVAILABLE, "anna", "bert")
    agent = stage.inbox("anna-1").received("anna-1", 20)
    back = stage.inbox("carrier-a").received(CALLER, 20)
    back.wait_heard(AGENT_HZ)
    eventually(lambda: agents(centre)["anna"]["state"] == "In a queue call", 10, "the conversation")
    (talk,) = agents(centre)["anna"]["talks"]
    order(acd_desk(centre.settings), "kunde", Supervise(talk["call"], "bert", Supervision.TAKE))
    supervisor = stage.inbox("bert-1").received("bert-1", 20)
    supervisor.wait_heard(AT_HOME_HZ)
    back.wait_heard(SUPERVISOR_HZ)
    assert agent.wait("ended").ended_by == "peer"
    eventually(lambda: agents(centre)["bert"]["state"] == "In another call", 10, "bert to be busy")
    supervisor.hangup()
    assert back.wait("ended").ended_by == "peer"
    eventually(lambda: agents(centre)["bert"]["state"] == "Waiting", 10, "bert to be free")


def called_back(centre: Exchange) -> list[dict[str, Any]]:
    return [each for each in centre.legs() if each["b_number"] == CALLER]


@pytest.mark.long
def test_barred_and_emergency_numbers_are_refused_and_one_who_is_busy_is_tried_again(
    centre: Exchange, stage: Stage
) -> None:
    """B5, B8: no callback gets round a bar, and none reaches 110 or 112; complaint 5."""
    home = "+492214710999"
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    stage.robot("carrier-a").on_call(Reject(486), home)
    wish = wants_callback(stage, "09001234567", "112", "02214710999")
    wish.wait_heard(REFUSED_HZ)
    wish.wait_heard(CHECK_HZ)
    wish.send_dtmf("1")
    wish.wait_heard(NOTED_HZ)
    wish.wait("ended")
    choose(centre, AgentStatus.AVAILABLE, "anna")
    assert stage.inbox("anna-1").received("anna-1", 20).wait("ended").ended_by == "peer"
    stage.inbox("carrier-a").received(home, 20)
    stage.robot("carrier-a").on_call(Answer(after_ms=50, play=f"%(30000,0,{AT_HOME_HZ})"), home)
    back = stage.inbox("carrier-a").received(home, 15)
    back.wait_heard(AGENT_HZ)
    back.hangup()
    stage.inbox("anna-1").take_all()


def test_a_wish_to_be_called_back_outlives_the_controller(centre: Exchange, stage: Stage) -> None:
    """Guarantee 6: the journal has it; the caller hung up long ago."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    stage.robot("carrier-a").on_call(Answer(after_ms=50, play=f"%(30000,0,{AT_HOME_HZ})"), CALLER)
    wish = wants_callback(stage)
    wish.wait_heard(NOTED_HZ)
    wish.wait("ended")
    centre.kill_part("controller-1")
    eventually(lambda: bool(screens(acd_desk(centre.settings), "kunde")), 20, "an owner")
    in_queue(centre)
    choose(centre, AgentStatus.AVAILABLE, "anna")
    back = stage.inbox("carrier-a").received(CALLER, 30)
    back.wait_heard(AGENT_HZ)
    back.hangup()
    stage.received("anna-1", "anna-1")
