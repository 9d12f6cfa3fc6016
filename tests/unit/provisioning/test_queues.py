"""Queues and agents in YAML: what is refused and where, what the contact centre makes of the rest (C1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acd.names import Strategy
from acd.spec import AgentSpec, Membership, Overflow, QueueSpec, Relaxation, Skill
from provisioning.contact_centres import contact_centre
from provisioning.load import CheckedConfig

CENTRE = """\
    prompts: [{id: musik, tone: "%(400,0,620)"}]
    queues:
      - {id: verkauf, ring_s: 15, music: musik, overflow: {to_queue: alle, after_s: 60, no_agents_s: 0}}
      - id: alle
        strategy: weighted
        weight: 5
        skills: [{name: deutsch, level: 50}]
        relaxations: [{after_s: 30, lower_by: 20}]
    agents:
      - id: anna
        secret: {lab: geheim}
        phone: phone-1
        queues: [{queue: verkauf}, {queue: alle, penalty: 3, share: 2}]
        skills: [{name: deutsch, level: 90}]
        busy_delay_s: 7
      - {id: bert, secret: {lab: geheim}}
"""

Accept = Callable[..., CheckedConfig]
Change = Callable[..., str]
Refuse = Callable[..., list[str]]

REFUSED = {
    "a queue twice": (("{id: verkauf,", "{id: alle,"), "id-twice", "queues[1].id"),
    "an unknown announcement": (("music: musik", "music: mus"), "unknown-prompt", "queues[0].music"),
    "an overflow to nowhere": (("to_queue: alle", "to_queue: al"), "unknown-queue", "overflow.to_queue"),
    "an overflow into itself": (("to_queue: alle", "to_queue: verkauf"), "queue-overflow", "queues[0]"),
    "an agent of no such queue": (("{queue: verkauf}", "{queue: kauf}"), "unknown-queue", "queues[0].queue"),
    "a queue served twice": (("{queue: verkauf}", "{queue: alle}"), "id-twice", "queues[1].queue"),
    "an agent without a phone": (("        phone: phone-1\n", ""), "agent-phone", "agents[0].queues"),
    "a skill twice": (
        ("[{name: deutsch, level: 90}]", "[{name: a, level: 1}, {name: a, level: 2}]"),
        "id-twice",
        "skills[1].name",
    ),
    "a skill beyond 100": (("level: 90", "level: 101"), "out-of-range", "skills[0].level"),
    "a strategy that nobody knows": (("strategy: weighted", "strategy: luck"), "", "queues[1].strategy"),
    "a phone that rings for ever": (("ring_s: 15", "ring_s: 900"), "out-of-range", "queues[0].ring_s"),
}


def text(changed: Change, *pairs: tuple[str, str]) -> str:
    """The valid configuration with a contact centre, texts in it replaced."""
    whole = changed() + CENTRE
    for old, new in pairs:
        assert old in whole
        whole = whole.replace(old, new, 1)
    return whole


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_at_its_place(changed: Change, refused: Refuse, case: str) -> None:
    """C1: unknown names, names twice, what could never ring."""
    pair, id_, place = REFUSED[case]
    lines = refused(text(changed, pair))
    assert [line for line in lines if f"[config.{id_}" in line and place in line], lines


def test_a_queue_that_nobody_serves_is_a_warning(changed: Change, accepted: Accept) -> None:
    warnings = accepted(text(changed, ("{queue: verkauf}, ", ""))).warnings
    assert "config.queue-unserved" in {each.id for each in warnings}


def test_it_is_compiled_for_the_contact_centre(changed: Change, accepted: Accept) -> None:
    """C1: milliseconds; agents without a queue are left out."""
    centre = contact_centre(accepted(text(changed)).config.customers[0])
    assert centre is not None
    assert centre.spec.queues == (
        QueueSpec("verkauf", ring_ms=15_000, overflow=Overflow("alle", after_ms=60_000, no_agents_ms=0)),
        QueueSpec("alle", Strategy.WEIGHTED, weight=5, relaxations=(Relaxation(30_000, 20),)),
    )
    memberships = (Membership("verkauf"), Membership("alle", penalty=3, share=2))
    skills = (Skill("deutsch", 90),)
    assert centre.spec.agents == (AgentSpec("anna", memberships, skills, busy_delay_ms=7_000),)
    assert centre.needs == {"verkauf": (), "alle": (Skill("deutsch", 50),)}
    assert centre.phones == {"anna": "phone-1"}


def test_a_customer_without_queues_has_no_contact_centre(changed: Change, accepted: Accept) -> None:
    assert contact_centre(accepted(changed()).config.customers[0]) is None
