"""What people may tell a contact centre, and what they are told when they may not (C1)."""

from __future__ import annotations

import pytest

from acd.errors import RecordRefused
from acd.events import CallerMoved, QueueFlushed, StatusChosen, TalkEnded, WrapUpEnded, WrapUpExtended
from acd.journal import read, read_said, written
from acd.names import AgentStatus
from acd.orders import (
    MAX_WRAP_UP_MS,
    ExtendWrapUp,
    Order,
    Supervise,
    Supervision,
    event_of,
    refusal,
    supervised,
)
from acd.spec import QueueSpec
from tests.unit.acd.centre import Centre, agent


def centre() -> Centre:
    """Anna is in the wrap-up of a queue that wants a code, bert is free, a caller waits for skills."""
    codes = QueueSpec("verkauf", wrap_up_ms=60_000, wrap_up_codes=("bestellung", "frage"))
    found = Centre([codes, QueueSpec("service")], [agent("anna", "verkauf"), agent("bert", "service")])
    found.joins("c1")
    found.tell(TalkEnded(found.talks("anna")))
    found.joins("c2")
    return found


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (StatusChosen("nobody", AgentStatus.AVAILABLE), "there is no agent nobody"),
        (WrapUpEnded("nobody"), "there is no agent nobody"),
        (WrapUpEnded("bert"), "bert is not in the wrap-up"),
        (ExtendWrapUp("bert", 2_000), "bert is not in the wrap-up"),
        (WrapUpEnded("anna"), "a wrap-up code is wanted: bestellung, frage"),
        (WrapUpEnded("anna", "urlaub"), "no wrap-up code urlaub: bestellung, frage"),
        (CallerMoved("c9", "service"), "c9 does not wait"),
        (CallerMoved("c2", "nirgends"), "there is no queue nirgends: verkauf, service"),
        (QueueFlushed("nirgends"), "there is no queue nirgends: verkauf, service"),
        (QueueFlushed("verkauf", "nirgends"), "there is no queue nirgends: verkauf, service"),
        (QueueFlushed("verkauf", "verkauf"), "not emptied into itself"),
    ],
)
def test_an_order_that_cannot_be_done_is_refused_with_the_way_out(order: Order, why: str) -> None:
    found = centre()
    assert why in (refusal(found.state, order) or "")


def test_a_wrap_up_is_extended_never_shortened_and_ended_with_a_code() -> None:
    """Complaint 4."""
    found = centre()
    end = found.state.agents["anna"].wrap_up_ms
    assert end is not None
    longer = ExtendWrapUp("anna", end + 30_000 - found.now_ms)
    assert refusal(found.state, longer) is None
    found.tell(event_of(longer, found.now_ms))
    found.tell(WrapUpExtended("anna", end - 30_000))
    assert found.state.agents["anna"].wrap_up_ms == end + 30_000
    assert "3600 s" in (refusal(found.state, ExtendWrapUp("anna", MAX_WRAP_UP_MS + 1)) or "")
    assert refusal(found.state, WrapUpEnded("anna", "frage")) is None
    found.tell(WrapUpEnded("anna", "frage"))
    assert found.state.agents["anna"].wrap_up_ms is None


def test_who_waits_may_be_moved_to_any_queue_of_the_customer() -> None:
    found = centre()
    assert refusal(found.state, CallerMoved("c2", "service")) is None


def test_supervisors_attend_to_conversations_of_others_at_their_customer() -> None:
    """C8."""
    found = Centre([QueueSpec("verkauf")], [agent("anna", "verkauf")])
    found.joins("c1")
    listen = Supervise("c1", "clara", Supervision.LISTEN)
    assert "in no conversation" in str(supervised(found.state, {"clara"}, listen))
    number = found.talks("anna")
    assert supervised(found.state, {"clara"}, listen) == found.state.offers[number]
    assert "no supervisor" in str(supervised(found.state, {"doris"}, listen))
    assert "no conversation" in str(supervised(found.state, {"clara"}, Supervise("c9", "clara", listen.how)))
    own = Supervise("c1", "anna", Supervision.LISTEN)
    assert "anna's own" in str(supervised(found.state, {"anna"}, own))


def test_what_is_said_about_conversations_is_read_back_and_stands_in_no_journal() -> None:
    for order in (Supervise("c1", "clara", Supervision.BARGE), ExtendWrapUp("anna", 60_000)):
        assert read_said(written(order, 0)) == order
        with pytest.raises(RecordRefused):
            read(written(order, 0))
