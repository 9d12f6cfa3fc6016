"""A switch and notes in memory for recording."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from acd.centre import RecordingRules
from acd.effects import Answered
from controller.errors import LegFailed
from dialplan.recording import RecordingFacts, RecordingState

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class RecordingSwitch:
    """`said` is the caller's answer; calls that are `gone` fail."""

    def __init__(self, said: str = "_undef_") -> None:
        self.said = said
        self.gone = False
        self.done: list[str] = []

    def answer(self, call_id: str) -> str:
        return self.said

    def note_answer(self, call_id: str, answer: str) -> None:
        self._do(f"note {answer}")
        self.said = answer

    def _do(self, what: str) -> None:
        if self.gone:
            raise LegFailed("No such channel!")
        self.done.append(what)

    def record(self, leg_id: str, path: str) -> None:
        self._do(f"record {leg_id}")

    def pause(self, leg_id: str, path: str) -> None:
        self._do(f"pause {leg_id}")

    def resume(self, leg_id: str, path: str) -> None:
        self._do(f"resume {leg_id}")

    def stop(self, leg_id: str, path: str) -> None:
        self._do(f"stop {leg_id}")


@dataclass
class Noted:
    """A recording under way."""

    facts: RecordingFacts
    state: RecordingState
    path: str = "/tmp/x.wav"


class Notes:
    """What the spool would hold."""

    def __init__(self) -> None:
        self.noted: dict[str, Noted] = {}

    def begin(self, facts: RecordingFacts) -> str:
        self.note(facts, RecordingState.ON)
        return "/tmp/x.wav"

    def note(self, facts: RecordingFacts, state: RecordingState) -> None:
        self.noted[facts.id] = Noted(facts, state)

    def of_call(self, call_id: str) -> list[Noted]:
        return [
            each
            for each in self.noted.values()
            if each.facts.call_id == call_id and each.state is not RecordingState.STOPPED
        ]

    def states(self) -> list[RecordingState]:
        return [each.state for each in self.noted.values()]


class RecordsEverything:
    """Whom it was told to record: by call the agent's leg."""

    def __init__(self) -> None:
        self.legs: dict[str, str] = {}

    def joined(self, customer_id: str, rules: RecordingRules, answered: Answered, leg_id: str) -> None:
        self.legs[answered.member_id] = leg_id

    def ended(self, call_id: str) -> None:
        """It need not be told."""
