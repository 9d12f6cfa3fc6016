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
from uuid import uuid4

import structlog

from acd.centre import RecordingRules
from acd.effects import Answered
from controller.errors import LegFailed, NodeAway
from dialplan.recording import RecordingEvent, RecordingFacts, RecordingState, after, read_consent

_log = structlog.get_logger(__name__)


class RecorderNode(Protocol):
    """Commands to the switch. All methods raise NodeAway and LegFailed."""

    def answer(self, call_id: str) -> str: ...
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
    """A conversation that is to be recorded, if the caller agreed: with an agent who did."""

    call_id: str
    leg_id: str
    customer_id: str
    queue_id: str
    agent_id: str
    retention_days: int


def to_record(customer_id: str, rules: RecordingRules, answered: Answered, leg_id: str) -> ToRecord | None:
    """None where queue or agent are not to be recorded. `leg_id`: the agent's."""
    if answered.queue_id not in rules.queues or answered.agent_id not in rules.agents:
        return None
    return ToRecord(
        answered.member_id, leg_id, customer_id, answered.queue_id, answered.agent_id, rules.retention_days
    )


class Recorder:
    """Nothing here fails a call: what cannot be recorded is logged."""

    def __init__(self, node: RecorderNode, notes: RecordingNotes, clock: Callable[[], datetime]) -> None:
        self._node = node
        self._notes = notes
        self._clock = clock

    def begin(self, talk: ToRecord) -> None:
        """Caller and agent talk: record them if both agreed."""
        try:
            consent = read_consent(self._node.answer(talk.call_id), talk.customer_id)
            if consent is None or after(RecordingState.AGREED, RecordingEvent.JOINED) is None:
                return
            facts = RecordingFacts(
                str(uuid4()),
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
                self._node.record(talk.leg_id, path)
            except (LegFailed, NodeAway):
                self._notes.note(facts, RecordingState.STOPPED)
                raise
        except (LegFailed, NodeAway, OSError) as error:
            _log.warning("a conversation is not recorded", call=talk.call_id, error=str(error))

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
