"""Queues and agents in YAML: what is refused and where, what the contact centre makes of the rest (C1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acd.effects import Announce
from acd.names import Strategy
from acd.spec import AgentSpec, Callback, Membership, Overflow, QueueSpec, Relaxation, Skill
from dialplan.plans.hours import Hours
from dialplan.plans.nodes import CallbackNode, QueueNode
from provisioning.contact_centres import contact_centre
from provisioning.load import CheckedConfig
from provisioning.queue_sentences import TEXTS
from provisioning.routing_plans import compile_plans
from provisioning.schema import PromptEntry
from provisioning.sounds import TonesOnly

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
    plans:
      - id: verkauf
        start: warten
        nodes:
          - id: warten
            queue:
              name: verkauf
              overflow: ende
              exits: [{key: "1", to: ende}, {key: "2", to: zurueck}]
              priority: 7
              agent: anna
          - {id: zurueck, callback: {queue: verkauf, otherwise: ende}}
          - {id: ende, end: {cause: busy}}
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
    "an unknown greeting": (("music: musik", "music: musik, greeting: hallo"), "unknown-prompt", "greeting"),
    "an unknown hint": (
        ("music: musik", "music: musik, announcements: {hint: tasten}"),
        "unknown-prompt",
        "announcements.hint",
    ),
    "unknown hours": (("music: musik", "music: musik, hours: nie"), "unknown-opening-hours", "hours"),
    "a folder outside": (("music: musik", 'music: musik, recordings: "../x"'), "sound-folder", "recordings"),
    "an announcement every moment": (
        ("music: musik", "music: musik, announcements: {every_s: 5}"),
        "out-of-range",
        "every_s",
    ),
    "a key that is none": (('key: "1"', 'key: "12"'), "queue-key", "exits[0].key"),
    "a key twice": (('key: "2"', 'key: "1"'), "id-twice", "exits[1].key"),
    "an exit to nowhere": (('key: "1", to: ende', 'key: "1", to: end'), "", "exits[0].to"),
    "a callback for no queue": (("callback: {queue: verkauf", "callback: {queue: kauf"), "unknown-queue", ""),
    "a callback at no hours": (
        ("callback: {queue: verkauf", "callback: {hours: nie, queue: verkauf"),
        "unknown-opening-hours",
        "callback.hours",
    ),
    "a callback tried for ever": (
        ("music: musik", "music: musik, callback: {tries: 99}"),
        "out-of-range",
        "callback.tries",
    ),
    "an agent of another queue": (("agent: anna", "agent: bert"), "unknown-agent", "queue.agent"),
    "an agent without any call": (("busy_delay_s: 7", "capacity: 0"), "out-of-range", "agents[0].capacity"),
    "an agent with too many calls": (
        ("busy_delay_s: 7", "capacity: 11"),
        "out-of-range",
        "agents[0].capacity",
    ),
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
    warnings = accepted(
        text(changed, ("{queue: verkauf}, ", ""), ("              agent: anna\n", ""))
    ).warnings
    assert "config.queue-unserved" in {each.id for each in warnings}


@pytest.mark.parametrize(
    ("rule", "warned"),
    [
        ("{to_queue: verkauf, no_agents_s: 0}", True),
        ("{to_queue: verkauf, after_s: 60}", True),
        ("{to_queue: verkauf, length: 5}", False),
        ("{after_s: 60}", False),
    ],
)
def test_overflows_that_lead_round_in_a_circle_are_a_warning(
    changed: Change, accepted: Accept, rule: str, warned: bool
) -> None:
    """C1: at the overflow that closes the circle; full queues may help each other."""
    written = text(changed, ("        strategy: weighted\n", f"        overflow: {rule}\n"))
    found = [each for each in accepted(written).warnings if each.id == "config.queue-circle"]
    assert [each.path.endswith("queues[1].overflow.to_queue") for each in found] == [True] * warned
    assert [each.found for each in found] == ["verkauf -> alle -> verkauf"] * warned


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


def test_how_many_calls_an_agent_may_have_at_a_time_is_compiled(changed: Change, accepted: Accept) -> None:
    """C1: per-agent capacity; one where nothing is said."""
    for written, capacity in (("busy_delay_s: 7", 1), ("busy_delay_s: 7\n        capacity: 3", 3)):
        found = contact_centre(accepted(text(changed, ("busy_delay_s: 7", written))).config.customers[0])
        assert found is not None
        assert [each.capacity for each in found.spec.agents] == [capacity]


def test_what_callers_are_told_is_compiled_and_recordings_of_ones_own_go_first(
    changed: Change, accepted: Accept
) -> None:
    """C1: position-1.wav of the customer's, the rest is spoken."""
    told = "greeting: musik, announcements: {every_s: 60, expected_wait: false, hint: musik}"
    written = text(changed, ("music: musik", f"music: musik, {told}, recordings: eigene"))
    customer = accepted(written).config.customers[0]
    centre = contact_centre(customer, Recorded())
    assert centre is not None
    spec = centre.spec.queue["verkauf"]
    assert (spec.greets, spec.announce_ms, spec.typical_ms) == (True, 60_000, 240_000)
    announcing = centre.announcing["verkauf"]
    assert announcing.sounds(Announce("c", "verkauf", 1, None, first=True)) == (
        "musik",
        "eigene/position-1.wav",
        "musik",
    )
    assert announcing.sounds(Announce("c", "verkauf", 2, None)) == (TEXTS["position-2"], "musik")
    assert not centre.spec.queue["alle"].greets


def test_a_plans_way_into_a_queue_is_compiled(changed: Change, accepted: Accept) -> None:
    written = text(changed, ("music: musik", "music: musik, hours: buero, preferred_s: 30"))
    written += '    opening_hours: [{id: buero, slots: [{days: [mon], begins: "08:00", ends: "09:00"}]}]\n'
    node = compile_plans(accepted(written).config.customers[0], TonesOnly())["verkauf"].nodes["warten"]
    assert isinstance(node, QueueNode)
    assert (node.exits, node.priority, node.agent) == ({"1": "ende", "2": "zurueck"}, 7, "anna")
    assert node.remembers
    assert isinstance(node.hours, Hours)


def test_callbacks_are_compiled(changed: Change, accepted: Accept) -> None:
    """C1: the queue's rule, and what callers are asked in a plan."""
    rule = "callback: {tries: 2, retry_s: 60, answer_s: 30, pause_s: 5, within_s: 600, most: 7}"
    customer = accepted(text(changed, ("music: musik", f"music: musik, {rule}"))).config.customers[0]
    centre = contact_centre(customer)
    assert centre is not None
    assert centre.spec.queue["verkauf"].callback == Callback(2, 60_000, 30_000, 5_000, 600_000, 7)
    node = compile_plans(customer, Recorded())["verkauf"].nodes["zurueck"]
    assert isinstance(node, CallbackNode)
    assert (node.customer_id, node.queue, node.otherwise) == (customer.id, "verkauf", "ende")
    assert node.speech.digits[7] == "7."


@pytest.mark.parametrize(
    ("entry", "rules"),
    [
        ("", (30, False)),
        ("    recording: {retention_days: 7}\n", (7, False)),
        ("    recording: {spoken_consent: true}\n", (30, True)),
    ],
)
def test_agents_confirm_a_spoken_yes_only_where_the_customer_wants_it(
    changed: Change, accepted: Accept, entry: str, rules: tuple[int, bool]
) -> None:
    """C4."""
    centre = contact_centre(accepted(text(changed) + entry).config.customers[0])
    assert centre is not None
    assert (centre.recording.retention_days, centre.recording.spoken) == rules


class Recorded:
    """A machine with one recording of the customer's own; everything sounds like what it is."""

    def sound(self, prompt: PromptEntry) -> str:
        return prompt.text or prompt.file or prompt.id

    def has(self, file: str) -> bool:
        return file == "eigene/position-1.wav"


def test_a_customer_without_queues_has_no_contact_centre(changed: Change, accepted: Accept) -> None:
    assert contact_centre(accepted(changed()).config.customers[0]) is None
