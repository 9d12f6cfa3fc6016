"""A supervisor empties a queue (issue 6, item 7): everybody goes on in his order, conversations stay."""

from __future__ import annotations

from acd.effects import Abandoned, Because, Entered, SendAway, Stop
from acd.events import CallbackWanted, Joined, OfferAnswered, QueueFlushed
from acd.figures import figures
from acd.names import CancelReason
from acd.spec import Overflow, QueueSpec
from tests.unit.acd.centre import Centre, agent


def a_full_queue() -> Centre:
    """`talks` talks to anna, `rings` rings at bert, `first` and `second` wait."""
    queues = [QueueSpec("verkauf", overflow=Overflow("mailbox")), QueueSpec("service")]
    centre = Centre(queues, [agent("anna", "verkauf"), agent("bert", "verkauf")])
    for name in ("talks", "rings", "first", "second"):
        centre.joins(name)
        centre.after(1)
    centre.tell(OfferAnswered(1))
    centre.tell(Joined(1))
    return centre


def test_into_another_queue_with_the_places_kept() -> None:
    centre = a_full_queue()
    since = {name: each.since_ms for name, each in centre.state.members.items()}
    centre.tell(QueueFlushed("verkauf", "service"))
    moved = ["rings", "first", "second"]
    assert [each.member_id for each in centre.of(Entered)] == moved
    assert [(each.offer_id, each.because) for each in centre.of(Stop)] == [(2, Because.CALLER_MOVED)]
    assert {centre.state.members[name].wait.queue_id for name in moved} == {"service"}
    assert {name: each.since_ms for name, each in centre.state.members.items()} == since
    assert centre.state.members["talks"].wait.queue_id == "verkauf"


def test_out_of_the_contact_centre_as_at_an_overflow() -> None:
    centre = a_full_queue()
    centre.tell(QueueFlushed("verkauf"))
    gone = [(name, "mailbox", CancelReason.FLUSHED) for name in ("rings", "first", "second")]
    assert [(each.member_id, each.target, each.reason) for each in centre.of(SendAway)] == gone
    assert [*centre.state.members] == ["talks"]
    assert [each.reason for each in centre.of(Abandoned)] == [CancelReason.FLUSHED] * 3


def test_who_was_promised_a_callback_stays_unless_another_queue_does_it() -> None:
    centre = a_full_queue()
    centre.tell(CallbackWanted("first"))
    centre.tell(QueueFlushed("verkauf"))
    assert set(centre.state.members) == {"talks", "first"}
    centre.tell(QueueFlushed("verkauf", "service"))
    assert centre.state.members["first"].wait.queue_id == "service"


def test_those_who_are_sent_away_did_not_give_up() -> None:
    centre = a_full_queue()
    log = [(centre.now_ms, Entered(name, "verkauf", None)) for name in ("rings", "first", "second")]
    effects = centre.tell(QueueFlushed("verkauf"))
    made = figures([*log, *((centre.now_ms, each) for each in effects)], centre.now_ms)
    (queue,) = made.queues.values()
    assert (queue.sent_on, queue.abandoned) == (3, 0)
