"""Nobody is recorded who did not agree; a recording can be paused, and ends with its conversation (C4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from acd.centre import RecordingRules
from acd.effects import Answered
from controller.errors import NotKept, StoreAway
from controller.recorder import Recorder, ToRecord, to_record
from controller.recordings import Recordings
from dialplan.recording import (
    ASKED,
    DECLINED,
    TRANSITIONS,
    Consent,
    ConsentKind,
    Question,
    RecordingEvent,
    RecordingFacts,
    RecordingState,
    after,
    read_consent,
    read_question,
    state_told,
)
from tests.unit.controller.recording import NOW, Notes, RecordingSwitch

RULES = RecordingRules(frozenset({"verkauf"}), frozenset({"anna"}), 10)
TALK = ToRecord("c1", "leg", "kunde", "verkauf", "anna", 10)
ASKS = replace(TALK, spoken=True)
QUESTION = Question("kunde", "verkauf", "anna", 10, "leg").text()
YES = Consent("", NOW, "anna")
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


MISSING_ANSWERS = ["_undef_", "", ASKED, Question("kunde", "verkauf", "bert", 10, "leg-0").text()]
REFUSED: tuple[int, list[str]] = (0, [])


@pytest.mark.parametrize("said", MISSING_ANSWERS)
def test_where_the_caller_has_not_answered_the_agent_may_ask_and_the_yes_begins_the_recording(
    said: str,
) -> None:
    """C4, DSK 2018: nothing is recorded before; the consent says who heard it, and when."""
    found, switch, notes = recorder(said)
    found.begin(ASKS)
    assert (switch.done, notes.noted) == ([f"note {QUESTION}"], {})
    assert found.agreed("c1", "anna") == 1
    assert switch.done[1:] == [f"note {YES.text('kunde')}", "record leg"]
    (noted,) = notes.noted.values()
    assert (noted.facts.consent, noted.facts.started_at, noted.state) == (YES, NOW, RecordingState.ON)
    assert (noted.facts.leg_id, noted.facts.retention_days) == ("leg", 10)
    assert found.agreed("c1", "anna") == 0
    assert found.order("c1", RecordingEvent.PAUSED) == 1


def test_where_the_customer_does_not_want_it_no_agent_may_confirm_a_yes() -> None:
    found, switch, notes = recorder("_undef_")
    found.begin(TALK)
    assert ((found.agreed("c1"), switch.done), notes.noted) == (REFUSED, {})


@pytest.mark.parametrize("said", ["_undef_", "", ASKED, DECLINED, AGREED, YES.text("kunde"), "asked/x"])
def test_a_yes_to_no_open_question_begins_nothing(said: str) -> None:
    """A key that was pressed is an answer, a no among them."""
    found, switch, notes = recorder(said)
    assert ((found.agreed("c1"), switch.done), notes.noted) == (REFUSED, {})


def test_who_pressed_another_key_is_not_asked_again_by_the_agent() -> None:
    found, switch, notes = recorder(DECLINED)
    found.begin(ASKS)
    assert ((found.agreed("c1", "anna"), switch.done), notes.noted) == (REFUSED, {})


def test_only_the_agent_who_asked_confirms_the_yes() -> None:
    found, switch, notes = recorder(QUESTION)
    assert ((found.agreed("c1", "bert"), switch.done), notes.noted) == (REFUSED, {})


def test_a_spoken_yes_is_for_one_conversation_and_the_next_agent_asks_again() -> None:
    found, switch, notes = recorder(YES.text("kunde"))
    found.begin(replace(ASKS, agent_id="bert", leg_id="leg-2"))
    assert switch.done == [f"note {Question('kunde', 'verkauf', 'bert', 10, 'leg-2').text()}"]
    assert notes.noted == {}


def test_a_yes_that_comes_when_the_conversation_is_over_begins_nothing() -> None:
    found, switch, notes = recorder(QUESTION)
    switch.gone = True
    assert found.agreed("c1", "anna") == 0
    assert notes.states() == [RecordingState.STOPPED]


def test_a_yes_that_is_confirmed_twice_at_once_makes_one_recording() -> None:
    found, switch, notes = recorder(QUESTION)
    found.agreed("c1")
    switch.said = QUESTION
    found.agreed("c1")
    assert len(notes.noted) == 1


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
    assert read_consent(given.text("kunde"), "kunde", "anna") == given
    assert given.kind is ConsentKind.KEY


def test_a_spoken_consent_is_read_back_for_the_agent_who_asked() -> None:
    assert read_consent(YES.text("kunde"), "kunde", "anna") == YES
    assert read_consent(YES.text("kunde"), "kunde", "bert") is None
    assert read_consent(YES.text("kunde"), "kunde") is None
    assert YES.kind is ConsentKind.SPOKEN


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (None, RecordingState.OFF),
        ("_undef_", RecordingState.OFF),
        (DECLINED, RecordingState.OFF),
        ("asked/kunde", RecordingState.OFF),
        ("agreed", RecordingState.OFF),
        (ASKED, RecordingState.ASKED),
        (QUESTION, RecordingState.ASKED),
        (AGREED, RecordingState.AGREED),
        (YES.text("kunde"), RecordingState.AGREED),
    ],
)
def test_a_calls_variable_tells_the_state_and_what_cannot_be_read_is_off(
    said: str | None, state: RecordingState
) -> None:
    assert state_told(said) is state
    assert (read_question(said) is not None) == (said == QUESTION)


_S, _E = RecordingState, RecordingEvent
FOLLOWS = {
    (_S.OFF, _E.ASKED): _S.ASKED,
    (_S.ASKED, _E.ASKED): _S.ASKED,
    (_S.ASKED, _E.AGREED): _S.AGREED,
    (_S.ASKED, _E.DECLINED): _S.OFF,
    (_S.AGREED, _E.ASKED): _S.ASKED,
    (_S.AGREED, _E.JOINED): _S.ON,
    (_S.ON, _E.PAUSED): _S.PAUSED,
    (_S.ON, _E.STOPPED): _S.STOPPED,
    (_S.PAUSED, _E.RESUMED): _S.ON,
    (_S.PAUSED, _E.STOPPED): _S.STOPPED,
}


@pytest.mark.parametrize("event", RecordingEvent)
@pytest.mark.parametrize("state", RecordingState)
def test_each_event_in_each_state_leads_where_the_law_lets_it(
    state: RecordingState, event: RecordingEvent
) -> None:
    """§ 201 StGB, GDPR Art. 7: a yes counts behind a question alone, and nothing begins again what ended."""
    assert after(state, event) is FOLLOWS.get((state, event))


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
    """Keeps names; `away` as when the database is. What is in `refused` it never takes."""

    def __init__(self) -> None:
        self.away = False
        self.refused: set[str] = set()
        self.kept: list[str] = []

    def add(self, facts: RecordingFacts, duration_ms: int, parts: object) -> bool:
        if self.away:
            raise StoreAway("nobody there")
        if facts.id in self.refused:
            raise NotKept("it breaks a rule")
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


def test_a_recording_that_is_refused_holds_up_no_other_and_is_told_of_once() -> None:
    """C4: what waits behind it would lie in the spool in clear."""
    spool, store = Spool(), Store()
    spool.waiting = [Spooled(4_000), Spooled(5_000)]
    store.refused = {"r-4000"}
    rounds = Recordings(spool, store, lambda: NOW)
    with capture_logs() as logs:
        rounds.look()
        rounds.look()
    assert [each.facts.id for each in spool.waiting] == ["r-4000"]
    assert store.kept == ["r-5000"]
    told = [each["recording"] for each in logs if "stays in the spool in clear" in each["event"]]
    assert told == ["r-4000"]
    store.refused = set()
    rounds.look()
    assert (spool.waiting, store.kept) == ([], ["r-5000", "r-4000"])
