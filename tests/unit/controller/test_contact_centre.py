"""The owner of a contact centre meets a defect: the event is lost, the tenant is not (guarantee 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import gevent
import pytest
from structlog.testing import capture_logs

from acd.effects import Effect
from acd.errors import Impossible
from acd.events import CallerJoined, Configured, Event
from acd.journal import checkpoint, written
from acd.spec import AgentSpec, Membership, QueueSpec, TenantSpec
from acd.state import State
from acd.step import step
from controller import contact_centre
from controller.contact_centre import ContactCentre

SPEC = TenantSpec("beispiel", (QueueSpec("verkauf"),), (AgentSpec("anna", (Membership("verkauf"),)),))
POISON = CallerJoined("poison", "verkauf")


@dataclass
class MemoryJournal:
    """One lease that nobody else wants."""

    records: list[str] = field(default_factory=list)
    state: str | None = None
    released: int = 0

    def acquire(self) -> tuple[str | None, Sequence[str]] | None:
        return self.state, list(self.records)

    def renew(self) -> bool:
        return True

    def append(self, records: Sequence[str], log: Sequence[str]) -> int | None:
        self.records += records
        return len(self.records)

    def checkpoint(self, state: str) -> bool:
        return True

    def release(self) -> None:
        self.released += 1


class DeafSwitch:
    def carry_out(self, effects: Sequence[Effect]) -> None:
        """Nothing is heard of it."""

    def compare(self) -> None:
        """There is nothing to compare with."""


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect that one caller meets."""

    def with_a_defect(state: State, event: Event, now_ms: int) -> tuple[State, tuple[Effect, ...]]:
        if event == POISON:
            raise Impossible("a caller cannot go from here to there")
        return step(state, event, now_ms)

    monkeypatch.setattr(contact_centre, "step", with_a_defect)


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def centre(poisoned: None, journal: MemoryJournal) -> Iterator[ContactCentre]:
    made = ContactCentre(SPEC, journal, DeafSwitch(), lambda: 1_000, seed=1)
    yield made
    made.stop(5.0)


def until_there(centre: ContactCentre, *callers: str) -> None:
    with gevent.Timeout(5):
        while set(centre.state.members) != set(callers):
            gevent.sleep(0)


def test_an_event_that_meets_a_defect_is_passed_over_and_the_next_one_is_not(centre: ContactCentre) -> None:
    centre.start()
    with gevent.Timeout(5):
        while not centre.is_owner:
            gevent.sleep(0)
    with capture_logs() as logs:
        for event in (CallerJoined("a", "verkauf"), POISON, CallerJoined("b", "verkauf")):
            assert centre.tell(event)
        until_there(centre, "a", "b")
    assert [each["kind"] for each in logs if each["log_level"] == "error"] == ["CallerJoined"]
    assert centre.is_owner


def test_a_successor_that_replays_it_takes_over_all_the_same(
    centre: ContactCentre, journal: MemoryJournal
) -> None:
    events = (Configured(SPEC), CallerJoined("a", "verkauf"), POISON, CallerJoined("b", "verkauf"))
    journal.records = [written(each, 500) for each in events]
    centre.start()
    until_there(centre, "a", "b")
    assert centre.is_owner


#: An agent of a queue that is not there.
CONTRADICTION = checkpoint(State(SPEC)).replace('"queues":[{"id":"verkauf"}]', '"queues":[]')


@pytest.mark.parametrize("kept", ["of another version", CONTRADICTION])
def test_a_state_that_this_program_cannot_read_is_left_to_others(
    centre: ContactCentre, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    monkeypatch.setattr(contact_centre, "RENEW_S", 0.01)
    journal.state = kept
    centre.start()
    with gevent.Timeout(5):
        while journal.released < 2:
            gevent.sleep(0.01)
        assert not centre.is_owner
        assert centre.unreadable, "there is an alarm"
        assert not centre.serves, "new callers take the overflow of their plan"
        journal.state = None
        while not centre.is_owner:
            gevent.sleep(0.01)
    assert (centre.serves, centre.unreadable) == (True, False)


def test_a_record_with_a_contradiction_ends_the_replay_and_not_the_centre(
    centre: ContactCentre, journal: MemoryJournal
) -> None:
    contradiction = written(Configured(SPEC), 500).replace('"queues":[{"id":"verkauf"}]', '"queues":[]')
    joined = written(CallerJoined("a", "verkauf"), 500)
    journal.records = [written(Configured(SPEC), 500), joined, contradiction]
    centre.start()
    until_there(centre, "a")
    assert centre.is_owner
