"""One contact centre over two nodes and two controllers, and what dies meanwhile (guarantee 6)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from acd.names import AgentStatus
from cli.bootstrap import acd_desk, message_dir
from cli.wiring.queue_desk import command, screens
from lab.robots import Answer, Ignore, Reject, RingThenHangup, RobotCall
from lab.robots.errors import RobotsError
from tests.e2e.exchange import Exchange, comes_true, eventually
from tests.e2e.tones import recording
from tests.e2e.two_nodes import Pair, World, two_nodes, world
from tests.patience import slowness

CALLER = "+4915228817386"
MUSIC_HZ, AGENT_HZ, CALLER_HZ = 620, 1000, 700
NUMBER, RECORDED, BACK = "+493023125300", "+493023125301", "+493023125302"
QUESTION_HZ, OFFER_HZ, NOTED_HZ, TOLD_AGENT_HZ = 520, 2300, 2700, 2800


def _sentences(directory: Path) -> None:
    for name, hertz in (("offer", OFFER_HZ), ("noted", NOTED_HZ), ("agent", TOLD_AGENT_HZ)):
        recording(directory / "sounds" / "ansagen" / f"callback-{name}.wav", hertz)


@pytest.fixture(scope="module")
def pair(switch: str) -> Iterator[Pair]:
    with two_nodes(switch, Path(__file__).parent / "queues.yaml", _sentences) as found:
        eventually(lambda: owner(found) != 0, 20, "an owner")
        yield found


@pytest.fixture(scope="module")
def robots(pair: Pair) -> Iterator[World]:
    """anna's phone is registered with the first node, the others with the second."""
    homes = {"anna-1": pair.first, "bert-1": pair.second, "zentrale": pair.second}
    with world(pair, homes) as found:
        choose(pair, AgentStatus.AVAILABLE, "anna")
        choose(pair, AgentStatus.ON_BREAK, "anna")
        for through in pair.both():
            eventually(lambda through=through: is_queued(pair, found, through), 30, "the owner on this node")  # type: ignore[misc]
        yield found


@pytest.fixture(autouse=True)
def nobody_is_there(pair: Pair, robots: World) -> Iterator[None]:
    """Calls of another test are forgotten; afterwards everybody goes home."""
    for name in robots.phones:
        robots.inbox(name).take_all()
        robots.inbox(name).drain()
    yield
    robots.end_calls()
    choose(pair, AgentStatus.LOGGED_OUT, "anna", "bert")
    eventually(lambda: set(states(pair).values()) == {"Idle"}, 10, "idle agents")
    eventually(lambda: waiting(pair) == [], 10, "an empty queue")


def owner(pair: Pair) -> int:
    """The process of the controller that owns the contact centre; 0 while nobody does."""
    holder = acd_desk(pair.first.settings).owner("kunde")
    return int(holder.split("/")[1]) if holder is not None else 0


def screen(pair: Pair) -> dict[str, Any]:
    found = screens(acd_desk(pair.first.settings), "kunde")
    return found[0] if found else {"agents": [], "queues": [{"waiting": []}]}


def states(pair: Pair) -> dict[str, str]:
    return {each["agent"]: each["state"] for each in screen(pair)["agents"]}


def waiting(pair: Pair) -> list[str]:
    (queue,) = screen(pair)["queues"]
    return [each["call"] for each in queue["waiting"]]


def choose(pair: Pair, status: AgentStatus, *names: str) -> None:
    for name in names:
        command(acd_desk(pair.first.settings), "kunde", name, status)


def call(robots: World, through: Exchange) -> RobotCall:
    return robots.call(through, NUMBER, from_user=CALLER, play=f"%(60000,0,{CALLER_HZ})")


def is_queued(pair: Pair, robots: World, through: Exchange) -> bool:
    """Whether a caller waits: those of a node that the owner cannot command yet take the overflow."""
    caller = call(robots, through)
    try:
        return comes_true(lambda: len(waiting(pair)) == 1, 2)
    finally:
        caller.hangup()
        eventually(lambda: waiting(pair) == [], 10, "an empty queue")


def five_waiting(pair: Pair, robots: World) -> list[RobotCall]:
    """On both nodes by turns, while anna is logged in and has a break."""
    choose(pair, AgentStatus.AVAILABLE, "anna")
    choose(pair, AgentStatus.ON_BREAK, "anna")
    callers = []
    for count in range(1, 6):
        callers.append(call(robots, pair.both()[count % 2]))
        eventually(lambda count=count: len(waiting(pair)) == count, 10, "the caller in the queue")  # type: ignore[misc]
    return callers


@pytest.mark.parametrize(("agent", "through"), [("anna", "second"), ("bert", "first"), ("bert", "second")])
def test_an_agent_is_reached_wherever_the_phone_is_registered_and_the_caller_waits(
    pair: Pair, robots: World, agent: str, through: str
) -> None:
    """C1: with the caller's number; both hear each other; the agent's phone stops with the caller."""
    robots.phones[f"{agent}-1"].on_call(Answer(after_ms=100, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair, AgentStatus.AVAILABLE, agent)
    caller = call(robots, getattr(pair, through))
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    answered = robots.inbox(f"{agent}-1").received(f"{agent}-1", 20)
    answered.wait_heard(CALLER_HZ, timeout_s=20)
    assert CALLER in answered.report().from_header
    eventually(lambda: states(pair)[agent] == "In a queue call", 5, "the agent to be in a call")
    caller.hangup()
    assert answered.wait("ended", 20).ended_by == "peer"


def test_a_call_over_two_nodes_has_the_records_of_one_call(pair: Pair, robots: World) -> None:
    """Guarantee 4: what one node asks of a phone of the other is no call of its own."""
    robots.phones["anna-1"].on_call(Answer(after_ms=50))
    choose(pair, AgentStatus.AVAILABLE, "anna")
    caller = call(robots, pair.second)
    eventually(lambda: states(pair)["anna"] == "In a queue call", 10, "the agent to be in a call")
    caller.hangup()
    sip_id = caller.wait("ended", 20).sip_call_id
    eventually(lambda: sip_id in {each["sip_call_id"] for each in pair.second.legs()}, 15, "its record")
    records = pair.second.legs()
    (own,) = [each for each in records if each["sip_call_id"] == sip_id]
    assert own["node"] == "node-2"
    assert [each["side"] for each in records if each["call_id"] == own["call_id"]].count("a") == 1
    assert {
        each["node"] for each in records if each["side"] == "a" and each["call_id"] == own["call_id"]
    } == {"node-2"}
    assert "NODE" not in {each.get("entry") for each in records}


def test_five_callers_keep_place_and_music_when_the_owner_is_killed(pair: Pair, robots: World) -> None:
    """Within 3 s another controller takes over the callers of both nodes."""
    callers = five_waiting(pair, robots)
    before, old = waiting(pair), owner(pair)
    began = time.monotonic()
    os.kill(old, signal.SIGKILL)
    eventually(lambda: owner(pair) not in (0, old), 10, "another owner")
    assert time.monotonic() - began <= 3.0 * slowness()
    eventually(lambda: waiting(pair) == before, 10, "the same order")
    for each in callers:
        report = each.report()
        (music,) = report.tones  # one tone from the first to the last moment
        assert abs(music.frequency_hz - MUSIC_HZ) < 12
        assert report.rtp.packets_lost == 0
    robots.phones["anna-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair, AgentStatus.AVAILABLE, "anna")
    for each in callers:
        each.wait_heard(AGENT_HZ, timeout_s=30)
        assert not any(other.report().heard(AGENT_HZ) for other in callers[callers.index(each) + 1 :])
        each.hangup()
        each.wait("ended", 30)


def test_phones_that_send_no_sound_leave_no_ghosts(pair: Pair, robots: World) -> None:
    """Complaint 1: both sides silent; both are joined, and both end with the other within 5 s."""
    for hangs_up in ("caller", "agent"):
        robots.phones["anna-1"].on_call(Answer(after_ms=50, silent=True))
        choose(pair, AgentStatus.AVAILABLE, "anna")
        caller = robots.call(pair.second, NUMBER, from_user=CALLER, silent=True)
        agent = robots.inbox("anna-1").received("anna-1", 30)
        eventually(lambda: states(pair)["anna"] == "In a queue call", 5, "the agent to be in a call")
        ends, stays = (caller, agent) if hangs_up == "caller" else (agent, caller)
        ends.hangup()
        assert stays.wait("ended", 5 * slowness()).ended_by == "peer"
        eventually(lambda: states(pair)["anna"] == "Waiting", 5, "the agent to be free")


def test_with_redis_away_who_talks_and_who_waits_stays_and_new_callers_go_on(
    pair: Pair, robots: World
) -> None:
    """The static overflow of the plan; when it is back everything is as it was."""
    robots.phones["anna-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    robots.phones["zentrale"].on_call(Answer(after_ms=50, play="%(60000,0,1500)"))
    choose(pair, AgentStatus.AVAILABLE, "anna")
    talks = call(robots, pair.second)
    talks.wait_heard(AGENT_HZ, timeout_s=30)
    waits = []
    for count, through in enumerate(pair.both(), start=1):
        waits.append(call(robots, through))
        eventually(lambda count=count: len(waiting(pair)) == count, 10, "the caller in the queue")  # type: ignore[misc]
    before = waiting(pair)
    redis = pair.first.processes()["redis"]
    os.kill(redis, signal.SIGSTOP)
    try:
        eventually(lambda: goes_on(robots, pair.second), 10, "a new caller to go on")
        assert all(each.report().ended_ms is None for each in (talks, *waits))
    finally:
        os.kill(redis, signal.SIGCONT)
    eventually(lambda: waiting(pair) == before, 10, "the same callers in the same order")
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
    choose(pair, AgentStatus.AVAILABLE, "anna")
    talks = call(robots, pair.second)
    talks.wait_heard(AGENT_HZ, timeout_s=30)
    there, here = call(robots, pair.second), call(robots, pair.first)
    eventually(lambda: len(waiting(pair)) == 2, 10, "two callers in the queue")
    choose(pair, AgentStatus.ON_BREAK, "anna")
    dead = pair.second.settings.node.program
    pair.second.kill_part(dead)
    eventually(lambda: screen(pair)["queues"][0]["talking"] == 0, 20, "nobody to talk over the dead node")
    eventually(lambda: len(waiting(pair)) == 1, 10, "the caller of the other node alone")
    robots.inbox("anna-1").take_all()
    choose(pair, AgentStatus.AVAILABLE, "anna")
    here.wait_heard(AGENT_HZ, timeout_s=30)
    for each in (here, there, talks):
        each.hangup()
    robots.register("bert-1")
    robots.register("zentrale")


@pytest.mark.long
def test_callers_of_a_node_that_the_owner_cannot_reach_come_back_with_their_place(
    pair: Pair, robots: World
) -> None:
    """The wires are cut: no phone rings for who cannot be joined; who talks talks on; who comes goes on. All
    that whoever owns the contact centre, and a busy machine may change that meanwhile."""
    robots.phones["zentrale"].on_call(Answer(after_ms=50, play="%(60000,0,1500)"))
    robots.phones["bert-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair, AgentStatus.AVAILABLE, "bert")
    talks = call(robots, pair.second)
    talks.wait_heard(AGENT_HZ, timeout_s=30)
    callers = []
    for count, through in enumerate((pair.second, pair.first), start=1):
        callers.append(call(robots, through))
        eventually(lambda count=count: len(waiting(pair)) == count, 10, "the caller in the queue")  # type: ignore[misc]
    on_second, on_first = waiting(pair)

    def joinable() -> str:
        return on_first if owner(pair) == pair.first.processes()["controller-1"] else on_second

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
        eventually(lambda: waiting(pair) == [joinable()], 15, "the caller who can be joined")
        assert states(pair)["bert"] == "In a queue call"
        eventually(new_callers_go_on, 10, "a new caller to go on")
    finally:
        for wire in pair.wires:
            wire.mend()
    eventually(lambda: waiting(pair) == [on_second, on_first], 15, "both in their order")
    assert states(pair)["bert"] == "In a queue call"
    for each in (talks, *callers):
        each.hangup()


@pytest.mark.parametrize(
    "behaviour",
    [
        Reject(486),
        *(
            pytest.param(each, marks=pytest.mark.long)
            for each in (Reject(480), Reject(603), Ignore(), RingThenHangup(300))
        ),
    ],
    ids=repr,
)
def test_whatever_a_phone_answers_the_caller_reaches_the_next_agent(
    pair: Pair, robots: World, behaviour: Reject | Ignore | RingThenHangup
) -> None:
    """Also by way of another node: anna's phone is registered with the first one."""
    robots.phones["anna-1"].on_call(behaviour)
    robots.phones["bert-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair, AgentStatus.AVAILABLE, "anna", "bert")
    caller = call(robots, pair.second)
    caller.wait_heard(AGENT_HZ, timeout_s=15)
    eventually(lambda: states(pair) == {"anna": "Waiting", "bert": "In a queue call"}, 5, "anna to be free")
    caller.hangup()


def test_a_caller_who_goes_as_the_agent_answers_leaves_nobody_stuck(pair: Pair, robots: World) -> None:
    """CANCEL and 200 cross on the wire: whoever is first, both phones end and the agent is free."""
    choose(pair, AgentStatus.AVAILABLE, "anna")
    for after_ms in (0, 5, 10, 20, 40, 80):
        robots.phones["anna-1"].on_call(Answer(after_ms=after_ms))
        caller = call(robots, pair.second)
        agent = robots.inbox("anna-1").received("anna-1", 30)
        caller.hangup()
        agent.wait("ended", 20)
        caller.wait("ended", 20)
        eventually(lambda: states(pair)["anna"] == "Waiting" and not waiting(pair), 5, "anna to be free")


def strangers(pair: Pair) -> tuple[Exchange, Exchange]:
    """The machine whose controller owns the contact centre, and the other one."""
    owns = pair.first.processes()["controller-1"] == owner(pair)
    return (pair.first, pair.second) if owns else (pair.second, pair.first)


def talk_of(pair: Pair, agent: str) -> str:
    eventually(lambda: states(pair)[agent] == "In a queue call", 30, "the agent to talk")
    (talk,) = (each["talks"] for each in screen(pair)["agents"] if each["agent"] == agent)
    return str(talk[0]["call"])


@pytest.mark.long
def test_a_supervisor_attends_from_a_phone_of_another_node(pair: Pair, robots: World) -> None:
    """C5: the phone is registered with the second node, the call is on the first."""
    robots.phones["anna-1"].on_call(Answer(after_ms=50, play=f"%(400,1000,{AGENT_HZ});loops=60"))
    robots.phones["zentrale"].on_call(Answer(after_ms=50, play="%(400,1300,1600);loops=60"))
    choose(pair, AgentStatus.AVAILABLE, "anna")
    caller = robots.call(pair.first, NUMBER, from_user=CALLER, play=f"%(400,700,{CALLER_HZ});loops=60")
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    pair.second.run("call", "barge", talk_of(pair, "anna"), "--as", "leitung")
    supervisor = robots.inbox("zentrale").received("zentrale", 30)
    caller.wait_heard(1600, timeout_s=30)
    for hertz in (AGENT_HZ, CALLER_HZ):
        supervisor.wait_heard(hertz, timeout_s=30)
    caller.hangup()
    assert supervisor.wait("ended", 30).ended_by == "peer"


@pytest.mark.long
def test_a_conversation_on_another_machine_than_the_owners_is_recorded_there(
    pair: Pair, robots: World
) -> None:
    """C4: where the call is; a command of the other machine finds it."""
    home, other = strangers(pair)
    robots.phones["anna-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair, AgentStatus.AVAILABLE, "anna")
    caller = robots.call(other, RECORDED, from_user=CALLER, play=f"%(60000,0,{CALLER_HZ})")
    caller.wait_heard(QUESTION_HZ, timeout_s=30)
    caller.send_dtmf("1", 80)
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    spools = [message_dir(each.settings) / "recordings" for each in (home, other)]
    eventually(lambda: bool([*spools[1].glob("*.wav")]), 30, "the recording to begin")
    caller.wait_heard(AGENT_HZ, min_ms=2_000, timeout_s=30)  # what is shorter than half a second is not kept
    call_id = talk_of(pair, "anna")
    home.run("record", "pause", call_id)
    assert [*spools[0].glob("*")] == []
    caller.hangup()
    eventually(lambda: bool(home.json("record", "list", "--call", call_id)), 30, "the recording")
    (row,) = home.json("record", "list", "--call", call_id)
    assert (row["agent"], row["consent_key"]) == ("anna", "1")
    eventually(lambda: [*spools[1].glob("*")] == [], 30, "an empty spool")


@pytest.mark.long
def test_a_wish_heard_on_one_node_is_called_back_with_an_agent_of_the_other(
    pair: Pair, robots: World
) -> None:
    """C1: by the owner's node, wherever the wish was noted and the agent's phone is registered."""
    _, other = strangers(pair)
    agent = "anna" if other is pair.first else "bert"
    robots.phones[f"{agent}-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    robots.carrier.on_call(Answer(after_ms=2_500, play="%(60000,0,1150)"), CALLER)
    choose(pair, AgentStatus.AVAILABLE, agent)
    choose(pair, AgentStatus.ON_BREAK, agent)
    wish = robots.call(other, BACK, from_user=CALLER)
    wish.wait_heard(OFFER_HZ, timeout_s=30)
    wish.send_dtmf("1", 80)
    wish.wait_heard(NOTED_HZ, timeout_s=30)
    wish.wait("ended", 30)
    eventually(lambda: len(waiting(pair)) == 1, 30, "the wish")
    choose(pair, AgentStatus.AVAILABLE, agent)
    rung = robots.inbox(f"{agent}-1").received(f"{agent}-1", 30)
    rung.wait_heard(TOLD_AGENT_HZ, timeout_s=30)
    rung.wait_heard(1150, timeout_s=30)
    rung.hangup()
    eventually(lambda: states(pair)[agent] == "Waiting" and waiting(pair) == [], 30, "the agent to be free")
