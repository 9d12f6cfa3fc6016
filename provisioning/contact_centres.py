"""A customer's queues and agents, compiled for the contact centre (C1): seconds become milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

from acd.centre import Centre, RecordingRules
from acd.names import Strategy
from acd.spec import AgentSpec, Callback, Membership, Overflow, QueueSpec, Relaxation, Skill, TenantSpec
from acd.whispering import WHISPER_MS
from provisioning.queue_sentences import announcing
from provisioning.schema import (
    AgentEntry,
    CallbackRuleEntry,
    CustomerEntry,
    QueueEntry,
    QueueOverflowEntry,
    SkillEntry,
)
from provisioning.sounds import SoundBook, TonesOnly
from provisioning.whispers import whispers


def contact_centre(customer: CustomerEntry, sounds: SoundBook | None = None) -> Centre | None:
    """The contact centre of a customer that was checked; None when it has no queues.

    Agents who serve no queue are left out: nothing ever rings at them. `sounds` gives what callers are told;
    by default all but tones are replaced by a tone.
    """
    if not customer.queues:
        return None
    serving = [each for each in customer.agents if each.queues]
    spec = TenantSpec(customer.id, tuple(map(_queue, customer.queues)), tuple(map(_agent, serving)))
    return Centre(
        spec,
        {each.id: _skills(each.skills) for each in customer.queues},
        {each.id: each.phone for each in serving if each.phone is not None},
        supervisors={
            each.id: each.phone for each in customer.agents if each.role != "agent" and each.phone is not None
        },
        signalled=customer.supervision is None or customer.supervision.signal == "tone",
        announcing=announcing(customer, sounds or TonesOnly()),
        recording=_recording(customer),
        whispers=whispers(customer, sounds or TonesOnly()),
    )


def _recording(customer: CustomerEntry) -> RecordingRules:
    queues = frozenset(each.id for each in customer.queues if each.record)
    agents = frozenset(each.id for each in customer.agents if each.recording_consent is not None)
    entry = customer.recording
    if entry is None:
        return RecordingRules(queues, agents)
    return RecordingRules(queues, agents, entry.retention_days, entry.spoken_consent)


def _queue(entry: QueueEntry) -> QueueSpec:
    return QueueSpec(
        id=entry.id,
        strategy=Strategy(entry.strategy),
        weight=entry.weight,
        ageing_per_min=entry.ageing_per_min,
        ring_ms=entry.ring_s * 1000,
        progress_ms=entry.progress_s * 1000,
        wrap_up_ms=entry.wrap_up_s * 1000,
        best_skill_first=entry.best_skill_first,
        preferred_ms=entry.preferred_s * 1000,
        relaxations=tuple(Relaxation(each.after_s * 1000, each.lower_by) for each in entry.relaxations),
        overflow=_overflow(entry.overflow) if entry.overflow is not None else None,
        wrap_up_codes=entry.wrap_up_codes,
        whisper_ms=WHISPER_MS if entry.whisper is not None else 0,
        announce_ms=_ms(entry.announcements.every_s) if entry.announcements is not None else None,
        greets=entry.greeting is not None
        or (entry.announcements is not None and entry.announcements.at_once),
        typical_ms=entry.typical_call_s * 1000,
        callback=_callback(entry.callback or CallbackRuleEntry.model_validate({})),
    )


def _callback(entry: CallbackRuleEntry) -> Callback:
    return Callback(
        tries=entry.tries,
        retry_ms=entry.retry_s * 1000,
        answer_ms=entry.answer_s * 1000,
        pause_ms=entry.pause_s * 1000,
        within_ms=entry.within_s * 1000,
        most=entry.most,
    )


def _overflow(entry: QueueOverflowEntry) -> Overflow:
    return Overflow(
        target=entry.to_queue or "",
        after_ms=_ms(entry.after_s),
        length=entry.length,
        no_agents_ms=_ms(entry.no_agents_s),
        expected_wait_ms=_ms(entry.expected_wait_s),
    )


def _agent(entry: AgentEntry) -> AgentSpec:
    return AgentSpec(
        id=entry.id,
        queues=tuple(Membership(each.queue, each.penalty, each.share) for each in entry.queues),
        skills=_skills(entry.skills),
        capacity=entry.capacity,
        wrap_up_ms=entry.wrap_up_s * 1000,
        max_no_answer=entry.max_no_answer,
        no_answer_delay_ms=entry.no_answer_delay_s * 1000,
        reject_delay_ms=entry.reject_delay_s * 1000,
        busy_delay_ms=entry.busy_delay_s * 1000,
        unreachable_delay_ms=entry.unreachable_delay_s * 1000,
    )


def _skills(entries: Sequence[SkillEntry]) -> tuple[Skill, ...]:
    return tuple(Skill(each.name, each.level) for each in entries)


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000
