"""Conversations of the contact centre are recorded, where caller and agent agreed (C4).

Begins when they talk and ends with their conversation, for it is the agent's leg that is recorded. A
controller of the call's node does it, where the file is written. What was recorded waits in the spool until
controller/recordings.py takes it to the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import NAMESPACE_OID, uuid4, uuid5

import structlog

from acd.centre import RecordingRules
from acd.effects import Answered
from controller.errors import LegFailed, NodeAway
from dialplan.recording import (
    DECLINED,
    Consent,
    Question,
    RecordingEvent,
    RecordingFacts,
    RecordingState,
    after,
    read_consent,
    read_question,
    state_told,
)

_log = structlog.get_logger(__name__)


class RecorderNode(Protocol):
    """Commands to the switch. All methods raise NodeAway and LegFailed."""

    def answer(self, call_id: str) -> str: ...
    def note_answer(self, call_id: str, answer: str) -> None: ...
    def record(self, leg_id: str, path: str) -> None: ...
    def pause(self, leg_id: str, path: str) -> None: ...
    def resume(self, leg_id: str, path: str) -> None: ...
    def stop(self, leg_id: str, path: str) -> None: ...


class Running(Protocol):
    """A recording that is under way."""

    @property
    def facts(self) -> RecordingFacts: ...
    @property
    def state(self) -> RecordingState: ...
    @property
    def path(self) -> str: ...


class RecordingNotes(Protocol):
    """Where recordings wait for the store. All methods raise OSError."""

    def begin(self, facts: RecordingFacts) -> str: ...
    def note(self, facts: RecordingFacts, state: RecordingState) -> None: ...
    def of_call(self, call_id: str) -> Sequence[Running]: ...


@dataclass(frozen=True, slots=True)
class ToRecord:
    """A conversation that is to be recorded, if the caller agreed: with an agent who did. `spoken`: the agent
    may ask, too."""

    call_id: str
    leg_id: str
    customer_id: str
    queue_id: str
    agent_id: str
    retention_days: int
    spoken: bool = False


def to_record(customer_id: str, rules: RecordingRules, answered: Answered, leg_id: str) -> ToRecord | None:
    """None where queue or agent are not to be recorded. `leg_id`: the agent's."""
    if answered.queue_id not in rules.queues or answered.agent_id not in rules.agents:
        return None
    return ToRecord(
        answered.member_id,
        leg_id,
        customer_id,
        answered.queue_id,
        answered.agent_id,
        rules.retention_days,
        rules.spoken,
    )


class Recorder:
    """Nothing here fails a call: what cannot be recorded is logged."""

    def __init__(self, node: RecorderNode, notes: RecordingNotes, clock: Callable[[], datetime]) -> None:
        self._node = node
        self._notes = notes
        self._clock = clock

    def begin(self, talk: ToRecord) -> None:
        """Caller and agent talk: record them if both agreed. Where the caller has not answered, and the
        customer wants it so, the agent may ask."""
        try:
            said = self._node.answer(talk.call_id)
            consent = read_consent(said, talk.customer_id, talk.agent_id)
            if consent is not None and after(RecordingState.AGREED, RecordingEvent.JOINED) is not None:
                self._record(talk, consent, str(uuid4()))
            elif consent is None and talk.spoken and said != DECLINED:
                self._node.note_answer(talk.call_id, _question(talk).text())
        except (LegFailed, NodeAway, OSError) as error:
            _log.warning("a conversation is not recorded", call=talk.call_id, error=str(error))

    def agreed(self, call_id: str, agent_id: str = "") -> int:
        """The agent confirms the caller's spoken yes: the conversation is recorded from now on. 0 where there
        is nothing to confirm: no open question, another agent's (`agent_id`, where it is given), no
        conversation. Raises NodeAway, OSError."""
        try:
            said = self._node.answer(call_id)
            question = read_question(said)
            if question is None or after(state_told(said), RecordingEvent.AGREED) is None:
                return 0
            if agent_id not in ("", question.agent_id):
                return 0
            consent = Consent("", self._clock(), question.agent_id)
            # Of a yes that is confirmed twice at once there is one recording.
            self._record(_talk(call_id, question), consent, str(uuid5(NAMESPACE_OID, question.leg_id)))
        except LegFailed:
            return 0  # the conversation is over
        return 1

    def _record(self, talk: ToRecord, consent: Consent, recording_id: str) -> None:
        """Raises LegFailed, NodeAway, OSError. The consent is on the disk before anything is recorded."""
        facts = RecordingFacts(
            recording_id,
            talk.call_id,
            talk.customer_id,
            talk.queue_id,
            talk.agent_id,
            consent,
            # Clocks of controllers differ a little.
            max(self._clock(), consent.at),
            talk.retention_days,
            talk.leg_id,
        )
        path = self._notes.begin(facts)
        try:
            if consent.told:
                self._node.note_answer(talk.call_id, consent.text(talk.customer_id))
            self._node.record(talk.leg_id, path)
        except (LegFailed, NodeAway):
            self._notes.note(facts, RecordingState.STOPPED)
            raise

    def ended(self, call_id: str) -> None:
        """The conversation is over, and so is its recording: noted, so that it need not be waited for."""
        try:
            self.order(call_id, RecordingEvent.STOPPED)
        except (NodeAway, OSError) as error:
            _log.warning("a recording may go on too long", call=call_id, error=str(error))

    def order(self, call_id: str, event: RecordingEvent) -> int:
        """Pause, resume or stop the recordings of a call: of how many. Raises NodeAway, OSError."""
        done = 0
        for each in self._notes.of_call(call_id):
            state = after(each.state, event)
            if state is None:
                continue
            try:
                self._command(event, each.facts.leg_id or call_id, each.path)
            except LegFailed:
                state = RecordingState.STOPPED  # the conversation is over, and so is its recording
            self._notes.note(each.facts, state)
            done += 1
        return done

    def _command(self, event: RecordingEvent, leg_id: str, path: str) -> None:
        match event:
            case RecordingEvent.PAUSED:
                self._node.pause(leg_id, path)
            case RecordingEvent.RESUMED:
                self._node.resume(leg_id, path)
            case RecordingEvent.STOPPED:
                self._node.stop(leg_id, path)


def _question(talk: ToRecord) -> Question:
    return Question(talk.customer_id, talk.queue_id, talk.agent_id, talk.retention_days, talk.leg_id)


def _talk(call_id: str, question: Question) -> ToRecord:
    return ToRecord(
        call_id,
        question.leg_id,
        question.customer_id,
        question.queue_id,
        question.agent_id,
        question.retention_days,
    )
