"""Queues of a customer's contact centre, and what agents bring along for them (C1)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provisioning.notation.entry import Entry, Few
from provisioning.notation.values import Id, Text
from provisioning.schema.dates import Day
from provisioning.schema.plan import SoundFolder

#: The words of FreeSWITCH's mod_callcenter where it has them; acd.names.Strategy.
QueueStrategy = Literal[
    "longest-idle-agent",
    "round-robin",
    "top-down",
    "ring-all",
    "ring-progressively",
    "agent-with-fewest-calls",
    "agent-with-least-talk-time",
    "random",
    "weighted",
]


class SkillEntry(Entry):
    """A skill and how much of it."""

    name: Id = Field(description="Name of the skill, as agents and queues write it.")
    level: int = Field(ge=1, le=100, description="An agent has so much, a caller needs so much (C1).")


class RelaxationEntry(Entry):
    """After a wait, less skill is enough."""

    after_s: int = Field(ge=1, le=86_400, description="Seconds that the caller has waited (C1).")
    lower_by: int = Field(ge=1, le=100, description="So much less of every skill is needed (C1).")


class QueueOverflowEntry(Entry):
    """When callers leave the queue, and where they go."""

    to_queue: Id | None = Field(
        None,
        description="Another queue, in which they keep their place. Default: the overflow of the plan's "
        "node (C1).",
    )
    after_s: int | None = Field(None, ge=1, le=86_400, description="After this wait, in seconds (C1).")
    length: int | None = Field(None, ge=0, le=10_000, description="When so many wait already: at once (C1).")
    no_agents_s: int | None = Field(
        None, ge=0, le=86_400, description="When nobody was logged in for so long; 0 is at once (C1)."
    )
    expected_wait_s: int | None = Field(
        None, ge=1, le=86_400, description="When the wait will be longer than this: at once (C1)."
    )


class QueueAnnouncementEntry(Entry):
    """What waiting callers are told, in between the music."""

    at_once: bool = Field(
        True, description="When they come, after the greeting if there is one (C1). Default: true."
    )
    every_s: int | None = Field(
        None, ge=15, le=3_600, description="Again every so many seconds. Default: not again (C1)."
    )
    position: bool = Field(True, description="Their place in the queue (C1).")
    expected_wait: bool = Field(True, description="How long they will wait, roughly (C1).")
    hint: Id | None = Field(
        None, description="Announcement behind it, such as which keys lead out of the queue (C1)."
    )


class CallbackRuleEntry(Entry):
    """How callers are called back who keep their place."""

    tries: int = Field(3, ge=1, le=10, description="So often at most (C1).")
    retry_s: int = Field(300, ge=10, le=86_400, description="Seconds between two tries (C1).")
    answer_s: int = Field(60, ge=10, le=120, description="Seconds that the caller's phone rings (C1).")
    pause_s: int = Field(15, ge=0, le=3_600, description="Seconds before the first try (C1).")
    within_s: int = Field(14_400, ge=60, le=604_800, description="After so many seconds it is given up (C1).")
    most: int = Field(50, ge=1, le=1_000, description="So many callers of the queue wait for it (C1).")


class QueueEntry(Entry):
    """A queue of the contact centre; a plan's node leads to it."""

    id: Id = Field(description="Name of the queue, unique among the customer's.")
    name: Text | None = Field(None, description="What people call it.")
    strategy: QueueStrategy = Field(
        "longest-idle-agent", description="In which order free agents are offered a call (C1)."
    )
    weight: int = Field(
        0, ge=0, le=1_000, description="Callers of a heavier queue come first at agents of both (C1)."
    )
    ageing_per_min: int = Field(1, ge=0, le=100, description="Weight that a minute of waiting adds (C1).")
    ring_s: int = Field(20, ge=5, le=120, description="Seconds that an agent's phone rings (C1).")
    progress_s: int = Field(
        5, ge=1, le=60, description="Seconds until one more phone rings; ring-progressively (C1)."
    )
    wrap_up_s: int = Field(
        10, ge=0, le=3_600, description="Seconds that agents have after a call of this queue (C1)."
    )
    wrap_up_codes: Few[Id] = Field(
        (),
        description="Codes of which agents give one when they end the wrap-up by command or phone. Default: "
        "none is asked for (C1).",
    )
    whisper: Id | None = Field(
        None,
        description="Announcement that tells the agent of what queue the call is, before the caller is "
        "there; behind it how long the caller has waited. Default: nothing (C1).",
    )
    record: bool = Field(
        False,
        description="Record conversations of callers who agreed in a menu (`consent`) with agents who agreed "
        "(C4).",
    )
    preferred_s: int = Field(
        0, ge=0, le=3_600, description="Seconds that a caller waits for the agent of last time (C1)."
    )
    best_skill_first: bool = Field(
        False, description="Offer calls to the most skilled agent first, then by the strategy (C1)."
    )
    skills: Few[SkillEntry] = Field((), description="What callers of this queue need (C1).")
    relaxations: Few[RelaxationEntry] = Field((), description="When less skill is enough (C1).")
    overflow: QueueOverflowEntry | None = Field(
        None, description="When callers leave. Default: they wait until they hang up (C1)."
    )
    music: Id | None = Field(
        None,
        description="Announcement that waiting callers hear, again and again. Default: a soft tone (C1).",
    )
    greeting: Id | None = Field(
        None, description="Announcement that callers hear when they come; phones ring meanwhile (C1)."
    )
    announcements: QueueAnnouncementEntry | None = Field(
        None,
        description="What callers are told in between. Default: only what the law asks, TKG § 115(2) "
        "(C1, C10).",
    )
    recordings: SoundFolder | None = Field(
        None,
        description="Folder below `sounds/` with recordings of your own in place of spoken sentences: "
        "position-1.wav, wait-5.wav, … (C1).",
    )
    typical_call_s: int = Field(
        240,
        ge=10,
        le=7_200,
        description="Seconds that a call takes, wrap-up included, until calls have shown it (C1).",
    )
    callback: CallbackRuleEntry | None = Field(
        None, description="How callers are called back. Default: as the defaults of its keys say (C1)."
    )
    hours: Id | None = Field(
        None,
        description="Opening hours, own ones or the carrier's: outside of them callers go to the overflow of "
        "the plan's node. Who waits when it closes waits on. Default: always open (C1).",
    )


class SupervisionEntry(Entry):
    """What those who talk notice of a supervisor; the audit names the supervisor in any case (C5)."""

    signal: Literal["tone", "log"] = Field(
        "tone",
        description="A tone for caller and agent when a supervisor begins to listen, whisper or barge, or "
        "nothing to be heard; TDDDG § 12(3) asks for the tone (C5).",
    )


class RecordingEntry(Entry):
    """What becomes of recorded conversations."""

    retention_days: int = Field(
        30, ge=1, le=3_650, description="Days after which a recording is deleted by itself (C4, F4)."
    )
    spoken_consent: bool = Field(
        False,
        description="Agents may ask callers who have not answered in a menu, and confirm their spoken yes by "
        "`*88`; without it only the key of a menu is a consent (C4).",
    )


class FiguresEntry(Entry):
    """Who may be told apart in key figures."""

    agents_declared: Day | None = Field(
        None,
        description="Day of the customer's declaration in text form that figures of single agents may be "
        "shown: they know, the works council agreed (§ 87(1) no. 6 BetrVG, § 26 BDSG). From that day on "
        "there are such figures. Default: never (C9).",
    )


class MembershipEntry(Entry):
    """A queue that an agent serves."""

    queue: Id = Field(description="The queue (C1).")
    penalty: int = Field(
        0, ge=0, le=100, description="Agents with a higher one are offered calls later (C1)."
    )
    share: int = Field(1, ge=1, le=1_000, description="Share of the calls; weighted (C1).")
