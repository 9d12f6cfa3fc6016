"""Who and what counts in the figures: callers whom a full queue did not take, lost ones, holds (C9)."""

from __future__ import annotations

from dataclasses import dataclass, field

from acd.effects import Effect, Ended, HoldEnded, SendAway
from acd.events import CallHeld, CallResumed, Compared, Joined, OfferAnswered, TalkEnded
from acd.figures import QueueFigures, figures
from acd.journal import checkpoint, read_logged, restored, written
from acd.spec import Overflow, QueueSpec
from tests.unit.acd.centre import START, Centre, agent

FULL = QueueSpec("verkauf", wrap_up_ms=0, overflow=Overflow("", length=1))
OPEN = QueueSpec("technik", wrap_up_ms=0)


@dataclass
class Logged:
    """A centre with everything that it said."""

    centre: Centre
    log: list[tuple[int, Effect]] = field(default_factory=list)

    def note(self, effects: tuple[Effect, ...]) -> None:
        self.log += [(self.centre.now_ms, each) for each in effects]

    def queue(self, name: str) -> QueueFigures:
        return figures(self.log, self.centre.now_ms).queues[START - START % 900_000, name]


def test_a_caller_whom_a_full_queue_does_not_take_was_offered_and_sent_on() -> None:
    logged = Logged(Centre([FULL], []))
    for name in ("first", "second", "third"):
        logged.note(logged.centre.joins(name))
    assert [each.member_id for each in logged.centre.of(SendAway)] == ["third"]
    queue = logged.queue("verkauf")
    assert (queue.offered, queue.sent_on, queue.abandoned) == (3, 2, 0)


def test_a_full_queue_that_points_to_another_one_has_offered_and_moved_on() -> None:
    points = QueueSpec("verkauf", overflow=Overflow("technik", length=0))
    logged = Logged(Centre([points, OPEN], []))
    logged.note(logged.centre.joins("c1"))
    first, second = logged.queue("verkauf"), logged.queue("technik")
    assert (first.offered, first.moved_on) == (1, 1)
    assert (second.offered, second.moved_on, second.sent_on) == (1, 0, 0)


def test_callers_who_were_lost_are_not_said_to_have_given_up_and_count_once_when_they_are_back() -> None:
    """Complaint 4: calls counted twice."""
    logged = Logged(Centre([OPEN], []))
    centre = logged.centre
    for name in ("stays away", "is back"):
        logged.note(centre.joins(name, "technik"))
    centre.now_ms += 10_000
    logged.note(centre.tell(Compared(frozenset(), frozenset(), centre.now_ms)))
    assert (logged.queue("technik").lost, logged.queue("technik").abandoned) == (2, 0)
    logged.note(centre.joins("is back", "technik", since_ms=START))
    queue = logged.queue("technik")
    assert (queue.offered, queue.lost, queue.abandoned_past_target) == (2, 1, 0)


def test_a_hold_is_a_part_of_the_talk_however_often_it_is_told_and_whoever_hangs_up() -> None:
    logged = Logged(Centre([OPEN], [agent("anna", "technik")]))
    centre = logged.centre
    logged.note(centre.joins("c1", "technik"))
    offer = centre.offer_to("anna")
    assert centre.tell(CallHeld(offer)) == (), "nobody talks yet"
    for event in (OfferAnswered(offer), Joined(offer)):
        logged.note(centre.tell(event))
    for seconds, event in (
        (10, CallHeld(offer)),
        (5, CallHeld(offer)),
        (15, CallResumed(offer)),
        (1, CallResumed(offer)),
        (9, CallHeld(offer)),
    ):
        centre.now_ms += seconds * 1_000
        logged.note(centre.tell(event))
    centre.state = restored(checkpoint(centre.state))
    centre.now_ms += 7_000
    ended = centre.tell(TalkEnded(offer))
    logged.note(ended)
    assert [type(each) for each in ended[:2]] == [HoldEnded, Ended]
    assert read_logged(written(ended[0], 5)) == (ended[0], 5)  # type: ignore[arg-type]
    queue = logged.queue("technik")
    assert (queue.hold_ms, queue.talk_ms, queue.mean_hold_ms) == (27_000, 47_000, 27_000)
    whole = figures(logged.log, centre.now_ms).agents
    assert sum(each.hold_ms for each in whole.values()) == 27_000
