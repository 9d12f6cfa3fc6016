"""Which agent is asked, and which caller an agent gets first: skills, strategies, weights (C1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.events import Configured, OwnCallBegan, StatusChosen, TalkEnded
from acd.names import AgentStatus, Strategy
from acd.spec import Membership, QueueSpec, Relaxation, Skill, TenantSpec
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=0)


def test_skills_are_needed_and_relax_with_waiting() -> None:
    queue = replace(QUEUE, relaxations=(Relaxation(30 * SECOND, 40), Relaxation(60 * SECOND, 100)))
    centre = Centre(
        [queue],
        [agent("anna", "verkauf", skills={"englisch": 50}), agent("bernd", "verkauf")],
    )
    centre.joins("c1", skills=(Skill("englisch", 80),))
    assert centre.rung() == []
    centre.after(29)
    assert centre.rung() == []
    centre.after(1)
    assert centre.rung() == [("anna", "c1")]
    centre.talks("anna")
    centre.joins("c2", skills=(Skill("englisch", 100),))
    centre.after(59)
    assert ("bernd", "c2") not in centre.rung()
    centre.after(1)
    assert centre.rung() == [("bernd", "c2")]


def test_the_preferred_agent_is_waited_for_but_not_for_ever() -> None:
    queue = replace(QUEUE, preferred_ms=20 * SECOND)
    centre = Centre([queue], [agent("anna", "verkauf"), agent("bernd", "verkauf")])
    centre.tell(OwnCallBegan("anna", "out-1"))
    centre.joins("c1", preferred="anna")
    assert centre.rung() == []
    centre.joins("c2")
    assert centre.rung() == [("bernd", "c2")]
    centre.tell(TalkEnded(centre.talks("bernd")))
    assert centre.rung() == []
    centre.after(20)
    assert centre.rung() == [("bernd", "c1")]


@pytest.mark.parametrize("leaves", ["logs out", "is removed", "serves another queue"])
def test_the_preferred_agent_is_not_waited_for_once_gone(leaves: str) -> None:
    queue = replace(QUEUE, preferred_ms=600 * SECOND)
    other, bernd = replace(QUEUE, id="technik"), agent("bernd", "verkauf")
    centre = Centre([queue, other], [agent("anna", "verkauf"), bernd])
    centre.tell(OwnCallBegan("anna", "out-1"))
    centre.joins("c1", preferred="anna")
    assert centre.rung() == []
    if leaves == "logs out":
        centre.tell(StatusChosen("anna", AgentStatus.ON_BREAK))
        assert centre.rung() == [], "who has a break comes back"
        centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    else:
        staff = (bernd,) if leaves == "is removed" else (agent("anna", "technik"), bernd)
        centre.tell(Configured(TenantSpec("beispiel", (queue, other), staff)))
    assert centre.rung() == [("bernd", "c1")]


STRATEGIES = {
    Strategy.TOP_DOWN: ["anna", "bernd", "anna", "bernd"],
    Strategy.ROUND_ROBIN: ["anna", "bernd", "clara", "anna"],
    Strategy.LONGEST_IDLE: ["anna", "bernd", "clara", "anna"],
    Strategy.FEWEST_CALLS: ["anna", "bernd", "clara", "anna"],
    Strategy.LEAST_TALK_TIME: ["anna", "bernd", "clara", "clara"],
}


@pytest.mark.parametrize("strategy", [s for s in STRATEGIES if s is not Strategy.TOP_DOWN])
def test_strategies_choose_in_their_order(strategy: Strategy) -> None:
    """Complaint 3: the first agent is always picked."""
    centre = Centre(
        [replace(QUEUE, strategy=strategy)], [agent(name, "verkauf") for name in ("anna", "bernd", "clara")]
    )
    talks_s = iter((30, 20, 10, 5))
    chosen = []
    for number in range(4):
        centre.now_ms += SECOND
        centre.joins(f"c{number}")
        ((name, _),) = centre.rung()
        chosen.append(name)
        offer = centre.talks(name)
        centre.now_ms += next(talks_s) * SECOND
        centre.tell(TalkEnded(offer))
    assert chosen == STRATEGIES[strategy]


def test_top_down_asks_in_the_order_of_the_list_and_penalties_go_before() -> None:
    last = replace(agent("anna"), queues=(Membership("verkauf", penalty=5),))
    centre = Centre(
        [replace(QUEUE, strategy=Strategy.TOP_DOWN)],
        [last, agent("bernd", "verkauf"), agent("clara", "verkauf")],
    )
    for number in range(3):
        centre.joins(f"c{number}")
    assert [centre.state.members[f"c{n}"].offers for n in range(3)] == [(1,), (2,), (3,)]
    assert [centre.state.offers[n].agent_id for n in (1, 2, 3)] == ["bernd", "clara", "anna"]


def test_weighted_and_random_reach_everybody_by_share() -> None:
    seats = {"anna": 3, "bernd": 1}
    agents = [
        replace(agent(name), queues=(Membership("verkauf", share=share),)) for name, share in seats.items()
    ]
    centre = Centre([replace(QUEUE, strategy=Strategy.WEIGHTED)], agents)
    counts = dict.fromkeys(seats, 0)
    for number in range(400):
        centre.joins(f"c{number}")
        ((name, _),) = centre.rung()
        counts[name] += 1
        centre.tell(TalkEnded(centre.talks(name)))
    assert 260 < counts["anna"] < 340


def test_ring_progressively_adds_an_agent_at_a_time() -> None:
    queue = replace(QUEUE, strategy=Strategy.RING_PROGRESSIVELY, progress_ms=5 * SECOND)
    centre = Centre([queue], [agent(name, "verkauf") for name in ("anna", "bernd", "clara")])
    centre.joins("c1")
    assert centre.rung() == [("anna", "c1")]
    centre.after(5)
    assert centre.rung() == [("bernd", "c1")]
    centre.after(5)
    assert centre.rung() == [("clara", "c1")]


def test_an_agent_of_two_queues_takes_the_weightier_one_first() -> None:
    centre = Centre(
        [QUEUE, replace(QUEUE, id="notdienst", weight=50)], [agent("anna", "verkauf", "notdienst")]
    )
    centre.joins("c0")
    offer = centre.talks("anna")
    centre.joins("c1")
    centre.now_ms += 60 * SECOND
    centre.joins("c2", "notdienst")
    centre.tell(TalkEnded(offer))
    assert centre.rung() == [("anna", "c2")]
