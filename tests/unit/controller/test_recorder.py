"""Nobody is recorded who did not agree; a recording can be paused, and ends with its conversation (C4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from acd.centre import RecordingRules
from acd.effects import Answered
from controller.errors import StoreAway
from controller.recorder import Recorder, ToRecord, to_record
from controller.recordings import Recordings
from dialplan.recording import (
    ASKED,
    DECLINED,
    TRANSITIONS,
    Consent,
    RecordingEvent,
    RecordingFacts,
    RecordingState,
    after,
    read_consent,
)
from tests.unit.controller.recording import NOW, Notes, RecordingSwitch

RULES = RecordingRules(frozenset({"verkauf"}), frozenset({"anna"}), 10)
TALK = ToRecord("c1", "leg", "kunde", "verkauf", "anna", 10)
AGREED = Consent("1", NOW - timedelta(seconds=9)).text("kunde")


def recorder(said: str = AGREED) -> tuple[Recorder, RecordingSwitch, Notes]:
    switch, notes = RecordingSwitch(said), Notes()
    return Recorder(switch, notes, lambda: NOW), switch, notes


def test_a_conversation_is_recorded_when_caller_and_agent_agreed() -> None:
    found, switch, notes = recorder()
    found.begin(TALK)
    assert switch.done == ["record leg"]
    (noted,) = notes.noted.values()
    assert (noted.facts.agent_id, noted.facts.retention_days) == ("anna", 10)
    assert noted.facts.consent == Consent("1", NOW - timedelta(seconds=9))


@pytest.mark.parametrize("said", ["_undef_", "", ASKED, DECLINED, "agreed", Consent("1", NOW).text("other")])
def test_without_the_callers_active_consent_to_this_customer_nothing_is_recorded(said: str) -> None:
    """§ 201 StGB."""
    found, switch, notes = recorder(said)
    found.begin(TALK)
    assert (switch.done, notes.noted) == ([], {})


@pytest.mark.parametrize(
    "answered", [Answered("c1", "bert", "verkauf", 1), Answered("c1", "anna", "service", 1)]
)
def test_an_agent_who_did_not_agree_and_a_queue_that_does_not_want_it_are_not_recorded(
    answered: Answered,
) -> None:
    assert to_record("kunde", RULES, answered, "leg") is None
    assert to_record("kunde", RULES, Answered("c1", "anna", "verkauf", 5_000), "leg") == TALK


def test_a_pause_is_a_pause_until_it_is_over_and_what_is_stopped_stays_so() -> None:
    found, switch, notes = recorder()
    found.begin(TALK)
    assert found.order("c1", RecordingEvent.RESUMED) == 0
    assert found.order("c1", RecordingEvent.PAUSED) == 1
    assert found.order("c1", RecordingEvent.PAUSED) == 0
    assert found.order("c1", RecordingEvent.RESUMED) == 1
    found.ended("c1")
    assert found.order("c1", RecordingEvent.RESUMED) == 0
    assert switch.done == ["record leg", "pause leg", "resume leg", "stop leg"]
    assert notes.states() == [RecordingState.STOPPED]


def test_a_call_that_is_over_leaves_a_complete_recording() -> None:
    found, switch, notes = recorder()
    found.begin(TALK)
    switch.gone = True
    found.ended("c1")
    assert notes.states() == [RecordingState.STOPPED]


def test_a_recording_that_could_not_begin_is_none() -> None:
    found, switch, notes = recorder()
    switch.gone = True
    found.begin(TALK)
    assert notes.states() == [RecordingState.STOPPED]


def test_nothing_leads_to_a_recording_but_the_way_over_the_question_and_the_consent() -> None:
    to_on = {state for (state, event), then in TRANSITIONS.items() if then is RecordingState.ON}
    assert to_on == {RecordingState.AGREED, RecordingState.PAUSED}
    to_agreed = {state for (state, _), then in TRANSITIONS.items() if then is RecordingState.AGREED}
    assert to_agreed == {RecordingState.ASKED}
    assert after(RecordingState.STOPPED, RecordingEvent.RESUMED) is None


def test_a_consent_is_read_back_for_the_customer_who_asked() -> None:
    given = Consent("1", NOW)
    assert read_consent(given.text("kunde"), "kunde") == given
    assert read_consent(given.text("kunde"), "other") is None


class Spooled:
    """A complete recording."""

    def __init__(self, duration_ms: int) -> None:
        self.facts = RecordingFacts(
            f"r-{duration_ms}", "c1", "kunde", "verkauf", "anna", Consent("1", NOW), NOW, 10
        )
        self.duration_ms = duration_ms
        self.path = Path("x.wav")

    def parts(self) -> Iterator[bytes]:
        yield b"RIFF"


class Spool:
    """Two recordings, one of them too short."""

    def __init__(self) -> None:
        self.waiting = [Spooled(100), Spooled(4_000)]

    def ready(self) -> list[Spooled]:
        return list(self.waiting)

    def remove(self, facts: RecordingFacts) -> None:
        self.waiting = [each for each in self.waiting if each.facts != facts]


class Store:
    """Keeps names; `away` as when the database is."""

    def __init__(self) -> None:
        self.away = False
        self.kept: list[str] = []

    def add(self, facts: RecordingFacts, duration_ms: int, parts: object) -> bool:
        if self.away:
            raise StoreAway("nobody there")
        self.kept.append(facts.id)
        return True

    def expire(self, now: object) -> int:
        if self.away:
            raise StoreAway("nobody there")
        return 0


def test_recordings_wait_in_the_spool_while_the_store_is_away() -> None:
    spool, store = Spool(), Store()
    rounds = Recordings(spool, store, lambda: NOW)
    store.away = True
    rounds.look()
    assert len(spool.waiting) == 2
    store.away = False
    rounds.look()
    assert (spool.waiting, store.kept) == ([], ["r-4000"])
