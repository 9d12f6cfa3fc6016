"""What dies or is cut off while callers wait on two nodes (guarantee 6)."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest

from acd.names import AgentStatus
from lab.robots import Answer, RobotCall
from lab.robots.errors import RobotsError
from tests.e2e.desk import choose, owner, screen, waiting
from tests.e2e.exchange import Exchange, comes_true, eventually
from tests.e2e.queue_nodes.desk import AGENT_HZ, both_served, call, states
from tests.e2e.two_nodes import Pair, World
from tests.patience import slowness

MUSIC_HZ = 620


def five_waiting(pair: Pair, robots: World) -> list[RobotCall]:
    """On both nodes by turns, while anna is logged in and has a break."""
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    choose(pair.first, AgentStatus.ON_BREAK, "anna")
    callers = []
    for count in range(1, 6):
        callers.append(call(robots, pair.both()[count % 2]))
        eventually(lambda count=count: len(waiting(pair.first)) == count, 10, "the caller in the queue")  # type: ignore[misc]
    return callers


def test_five_callers_keep_place_and_music_when_the_owner_is_killed(pair: Pair, robots: World) -> None:
    """Within 3 s another controller takes over the callers of both nodes."""
    callers = five_waiting(pair, robots)
    before, old = waiting(pair.first), owner(pair.first)
    began = time.monotonic()
    os.kill(old, signal.SIGKILL)
    eventually(lambda: owner(pair.first) not in (0, old), 10, "another owner")
    assert time.monotonic() - began <= 3.0 * slowness()
    eventually(lambda: waiting(pair.first) == before, 10, "the same order")
    for each in callers:
        report = each.report()
        (music,) = report.tones  # one tone from the first to the last moment
        assert abs(music.frequency_hz - MUSIC_HZ) < 12
        assert report.rtp.packets_lost == 0
    robots.phones["anna-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    for each in callers:
        each.wait_heard(AGENT_HZ, timeout_s=30)
        assert not any(other.report().heard(AGENT_HZ) for other in callers[callers.index(each) + 1 :])
        each.hangup()
        each.wait("ended", 30)
    both_served(pair, robots)


def test_with_redis_away_who_talks_and_who_waits_stays_and_new_callers_go_on(
    pair: Pair, robots: World
) -> None:
    """The static overflow of the plan; when it is back everything is as it was."""
    robots.phones["anna-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    robots.phones["zentrale"].on_call(Answer(after_ms=50, play="%(60000,0,1500)"))
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    talks = call(robots, pair.second)
    talks.wait_heard(AGENT_HZ, timeout_s=30)
    waits = []
    for count, through in enumerate(pair.both(), start=1):
        waits.append(call(robots, through))
        eventually(lambda count=count: len(waiting(pair.first)) == count, 10, "the caller in the queue")  # type: ignore[misc]
    before = waiting(pair.first)
    redis = pair.first.processes()["redis"]
    os.kill(redis, signal.SIGSTOP)
    try:
        eventually(lambda: goes_on(robots, pair.second), 10, "a new caller to go on")
        assert all(each.report().ended_ms is None for each in (talks, *waits))
    finally:
        os.kill(redis, signal.SIGCONT)
    eventually(lambda: waiting(pair.first) == before, 10, "the same callers in the same order")
    assert states(pair)["anna"] == "In a queue call"
    talks.hangup()
    waits[0].wait_heard(AGENT_HZ, timeout_s=30)
    assert not waits[1].report().heard(AGENT_HZ)
    for each in waits:
        each.hangup()


def goes_on(robots: World, through: Exchange) -> bool:
    """Whether a new caller reaches the phone that the plan names for the overflow."""
    caller = call(robots, through)
    try:
        caller.wait_heard(1500, timeout_s=1.5)
    except RobotsError:
        return False
    finally:
        caller.hangup()
    return True


def test_a_switch_that_dies_leaves_no_ghost_and_no_stuck_agent(pair: Pair, robots: World) -> None:
    """Within 5 s of its return; callers of the other node keep their place."""
    robots.phones["anna-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    talks = call(robots, pair.second)
    talks.wait_heard(AGENT_HZ, timeout_s=30)
    there, here = call(robots, pair.second), call(robots, pair.first)
    eventually(lambda: len(waiting(pair.first)) == 2, 10, "two callers in the queue")
    choose(pair.first, AgentStatus.ON_BREAK, "anna")
    dead = pair.second.settings.node.program
    pair.second.kill_part(dead)
    eventually(
        lambda: screen(pair.first)["queues"][0]["talking"] == 0, 20, "nobody to talk over the dead node"
    )
    eventually(lambda: len(waiting(pair.first)) == 1, 10, "the caller of the other node alone")
    robots.inbox("anna-1").take_all()
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    here.wait_heard(AGENT_HZ, timeout_s=30)
    for each in (here, there, talks):
        each.hangup()
    robots.register("bert-1")
    robots.register("zentrale")
    both_served(pair, robots)


@pytest.mark.long
def test_callers_of_a_node_that_the_owner_cannot_reach_come_back_with_their_place(
    pair: Pair, robots: World
) -> None:
    """The wires are cut: no phone rings for who cannot be joined; who talks talks on; who comes goes on. All
    that whoever owns the contact centre, and a busy machine may change that meanwhile."""
    robots.phones["zentrale"].on_call(Answer(after_ms=50, play="%(60000,0,1500)"))
    robots.phones["bert-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair.first, AgentStatus.AVAILABLE, "bert")
    talks = call(robots, pair.second)
    talks.wait_heard(AGENT_HZ, timeout_s=30)
    callers = []
    for count, through in enumerate((pair.second, pair.first), start=1):
        callers.append(call(robots, through))
        eventually(lambda count=count: len(waiting(pair.first)) == count, 10, "the caller in the queue")  # type: ignore[misc]
    on_second, on_first = waiting(pair.first)

    def joinable() -> str:
        return on_first if owner(pair.first) == pair.first.processes()["controller-1"] else on_second

    def new_callers_go_on() -> bool:
        """By the record: what was decided, whoever picks up."""
        through = pair.second if joinable() == on_first else pair.first
        new = call(robots, through)
        with suppress(RobotsError):
            new.wait_heard(1500, timeout_s=1.5)
        new.hangup()
        sip_id = new.report().sip_call_id

        def reasons() -> list[str]:
            return [each["reason_id"] for each in through.legs() if each["sip_call_id"] == sip_id]

        return comes_true(lambda: "plan.ring" in reasons(), 5)

    for wire in pair.wires:
        wire.cut()
    try:
        eventually(lambda: waiting(pair.first) == [joinable()], 15, "the caller who can be joined")
        assert states(pair)["bert"] == "In a queue call"
        eventually(new_callers_go_on, 10, "a new caller to go on")
    finally:
        for wire in pair.wires:
            wire.mend()
    eventually(lambda: waiting(pair.first) == [on_second, on_first], 15, "both in their order")
    assert states(pair)["bert"] == "In a queue call"
    for each in (talks, *callers):
        each.hangup()
