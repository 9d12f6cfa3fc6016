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


#: Whom five calls reach: clara was there first, anna last; bernd has a break while the second call comes.
STRATEGIES = {
    Strategy.TOP_DOWN: ["anna", "anna", "anna", "anna", "anna"],
    Strategy.ROUND_ROBIN: ["anna", "clara", "anna", "bernd", "clara"],
    Strategy.LONGEST_IDLE: ["clara", "anna", "clara", "bernd", "anna"],
    Strategy.FEWEST_CALLS: ["anna", "clara", "bernd", "anna", "bernd"],
    Strategy.LEAST_TALK_TIME: ["anna", "clara", "bernd", "bernd", "bernd"],
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strategies_choose_in_their_order(strategy: Strategy) -> None:
    """Complaint 3: the first agent is always picked. No two of them choose the same here."""
    assert len({tuple(each) for each in STRATEGIES.values()}) == len(STRATEGIES)
    staff = [agent(name, "verkauf") for name in ("anna", "bernd", "clara")]
    centre = Centre([replace(QUEUE, strategy=strategy)], staff, logged_in=False)
    for name in ("clara", "bernd", "anna"):
        centre.tell(StatusChosen(name, AgentStatus.AVAILABLE))
        centre.now_ms += SECOND
    chosen = []
    for number, talk_s in enumerate((30, 20, 10, 4, 5)):
        if number == 1:
            centre.tell(StatusChosen("bernd", AgentStatus.ON_BREAK))
        centre.joins(f"c{number}")
        ((name, _),) = centre.rung()
        chosen.append(name)
        offer = centre.talks(name)
        centre.now_ms += SECOND
        if number == 1:
            centre.tell(StatusChosen("bernd", AgentStatus.AVAILABLE))
        centre.now_ms += talk_s * SECOND
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


@pytest.mark.parametrize(
    ("strategy", "seats", "parts"),
    [
        (Strategy.WEIGHTED, {"anna": 3, "bernd": 1}, {"anna": 300, "bernd": 100}),
        (Strategy.WEIGHTED, {"anna": 1, "bernd": 2, "clara": 1}, {"anna": 100, "bernd": 200, "clara": 100}),
        (Strategy.RANDOM, {"anna": 3, "bernd": 1}, {"anna": 200, "bernd": 200}),
    ],
)
def test_weighted_reaches_everybody_by_share_and_random_everybody_alike(
    strategy: Strategy, seats: dict[str, int], parts: dict[str, int]
) -> None:
    agents = [
        replace(agent(name), queues=(Membership("verkauf", share=share),)) for name, share in seats.items()
    ]
    centre = Centre([replace(QUEUE, strategy=strategy)], agents)
    counts = dict.fromkeys(seats, 0)
    in_a_row = 0
    last = ""
    for number in range(400):
        centre.joins(f"c{number}")
        ((name, _),) = centre.rung()
        counts[name] += 1
        in_a_row, last = in_a_row + (name == last), name
        centre.tell(TalkEnded(centre.talks(name)))
    assert all(abs(counts[name] - part) < 40 for name, part in parts.items()), counts
    assert in_a_row > 50, "drawn, not in turn"


BY_SKILL = replace(QUEUE, best_skill_first=True)


@pytest.mark.parametrize("strategy", [each for each in Strategy if each is not Strategy.RING_ALL])
def test_the_most_skilled_is_asked_first_whatever_the_strategy(strategy: Strategy) -> None:
    """The share of the less skilled one is a thousand times as large."""
    anna = replace(agent("anna", skills={"en": 40, "fr": 100}), queues=(Membership("verkauf", share=1_000),))
    centre = Centre(
        [replace(BY_SKILL, strategy=strategy)], [anna, agent("bernd", "verkauf", skills={"en": 90})]
    )
    for number in range(20):
        centre.joins(f"c{number}", skills=(Skill("en", 30),))
        assert centre.rung() == [("bernd", f"c{number}")]
        centre.tell(TalkEnded(centre.talks("bernd")))


def test_the_best_skill_counts_behind_penalties_and_only_what_the_caller_needs() -> None:
    bernd = replace(agent("bernd", skills={"en": 90, "fr": 90}), queues=(Membership("verkauf", penalty=1),))
    clara = agent("clara", "verkauf", skills={"en": 50})
    dora = agent("dora", "verkauf", skills={"en": 60, "fr": 10})
    centre = Centre([replace(BY_SKILL, strategy=Strategy.TOP_DOWN)], [bernd, clara, dora])
    centre.joins("c1", skills=(Skill("en", 30),))
    centre.joins("c2")
    centre.joins("c3", skills=(Skill("fr", 5),))
    order = [centre.state.offers[number].agent_id for number in (1, 2, 3)]
    assert order == ["dora", "clara", "bernd"]


def test_without_best_skill_first_the_strategy_alone_counts() -> None:
    staff = [agent("anna", "verkauf", skills={"en": 40}), agent("bernd", "verkauf", skills={"en": 90})]
    centre = Centre([replace(QUEUE, strategy=Strategy.TOP_DOWN)], staff)
    centre.joins("c1", skills=(Skill("en", 30),))
    assert centre.rung() == [("anna", "c1")]


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
