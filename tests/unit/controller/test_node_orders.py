"""Recordings of calls on this machine's node that others ask for (C4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from gevent import idle

from controller.errors import NodeAway, StoreAway
from controller.node_orders import ChangeRecording, NodeOrder, NodeOrders
from controller.recorder import ToRecord
from dialplan.recording import RecordingEvent

TALK = ToRecord("c1", "leg", "kunde", "verkauf", "anna", 10)
PAUSE = ChangeRecording("c1", RecordingEvent.PAUSED)


@dataclass
class Desk:
    """Orders to come, answers given; `away` as when Redis is."""

    orders: list[tuple[str, NodeOrder]]
    answers: dict[str, int] = field(default_factory=dict)
    away: bool = False

    def order(self) -> tuple[str, NodeOrder] | None:
        if self.away:
            raise StoreAway("nobody there")
        return self.orders.pop(0) if self.orders else None

    def answer(self, order_id: str, done: int) -> None:
        self.answers[order_id] = done


@dataclass
class Recording:
    """One recording; `away` as when the switch is."""

    begun: list[ToRecord] = field(default_factory=list)
    away: bool = False

    def begin(self, talk: ToRecord) -> None:
        self.begun.append(talk)

    def agreed(self, call_id: str, agent_id: str = "") -> int:
        return int((call_id, agent_id) == ("c1", "anna"))

    def order(self, call_id: str, event: RecordingEvent) -> int:
        if self.away:
            raise NodeAway("nobody there")
        return int(call_id == "c1")


def test_what_another_machine_asks_for_is_done_and_answered() -> None:
    other = ChangeRecording("c2", RecordingEvent.PAUSED)
    yes = [(name, ChangeRecording("c1", RecordingEvent.AGREED, name)) for name in ("anna", "bert")]
    desk, recorder = Desk([("", TALK), ("1", PAUSE), ("2", other), *yes]), Recording()
    orders = NodeOrders(desk, recorder)
    orders.look()
    assert desk.answers == {"1": 1, "2": 0, "anna": 1, "bert": 0}
    idle()
    assert recorder.begun == [TALK], "in a greenlet of its own"


def test_an_order_that_cannot_be_done_is_answered_too_and_an_absent_desk_is_no_error() -> None:
    desk, recorder = Desk([("1", PAUSE)]), Recording(away=True)
    orders = NodeOrders(desk, recorder)
    orders.look()
    assert desk.answers == {"1": 0}
    desk.away = True
    orders.look()
