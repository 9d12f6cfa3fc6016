"""Conversations of the contact centre are recorded, where caller and agent agreed (C4).

Begins when they talk and ends with their conversation, by the owner of the contact centre. What was recorded
waits in the spool until controller/recordings.py takes it to the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    def record(self, call_id: str, path: str) -> None: ...
    def pause(self, call_id: str, path: str) -> None: ...
    def resume(self, call_id: str, path: str) -> None: ...
    def stop(self, call_id: str, path: str) -> None: ...


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


class Recorder:
    """Nothing here fails a call: what cannot be recorded is logged."""

    def __init__(self, node: RecorderNode, notes: RecordingNotes, clock: Callable[[], datetime]) -> None:
        self._node = node
        self._notes = notes
        self._clock = clock

    def joined(self, customer_id: str, rules: RecordingRules, answered: Answered) -> None:
        """Caller and agent talk: record them if both agreed."""
        if answered.queue_id not in rules.queues or answered.agent_id not in rules.agents:
            return
        call_id = answered.member_id
        try:
            consent = read_consent(self._node.answer(call_id), customer_id)
            if consent is None or after(RecordingState.AGREED, RecordingEvent.JOINED) is None:
                return
            facts = RecordingFacts(
                str(uuid4()),
                call_id,
                customer_id,
                answered.queue_id,
                answered.agent_id,
                consent,
                # Clocks of controllers differ a little.
                max(self._clock(), consent.at),
                rules.retention_days,
            )
            path = self._notes.begin(facts)
            try:
                self._node.record(call_id, path)
            except (LegFailed, NodeAway):
                self._notes.note(facts, RecordingState.STOPPED)
                raise
        except (LegFailed, NodeAway, OSError) as error:
            _log.warning("a conversation is not recorded", call=call_id, error=str(error))

    def ended(self, call_id: str) -> None:
        """The conversation is over, whoever the caller talks with now."""
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
                self._command(event, call_id, each.path)
            except LegFailed:
                state = RecordingState.STOPPED  # the call is over, and so is its recording
            self._notes.note(each.facts, state)
            done += 1
        return done

    def _command(self, event: RecordingEvent, call_id: str, path: str) -> None:
        match event:
            case RecordingEvent.PAUSED:
                self._node.pause(call_id, path)
            case RecordingEvent.RESUMED:
                self._node.resume(call_id, path)
            case RecordingEvent.STOPPED:
                self._node.stop(call_id, path)
