"""What can be done on this machine only, asked for by controllers and commands of others: recordings, whose
files the node writes here (C4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from gevent import spawn

from controller.errors import NodeAway, StoreAway
from controller.recorder import ToRecord
from controller.rounds import Rounds
from dialplan.recording import RecordingEvent

_log = structlog.get_logger(__name__)

POLL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class ChangeRecording:
    """Pause, resume or stop the recordings of a call, or begin one: the caller AGREED, as the agent says
    (`agent_id`, empty for whoever was to ask)."""

    call_id: str
    event: RecordingEvent
    agent_id: str = ""


NodeOrder = ToRecord | ChangeRecording


class NodeDesk(Protocol):
    """Both raise StoreAway."""

    def order(self) -> tuple[str, NodeOrder] | None:
        """The oldest order and the id that the answer is asked for by."""
        ...

    def answer(self, order_id: str, done: int) -> None:
        """Of how many recordings it was done."""
        ...


class Records(Protocol):
    """controller.recorder.Recorder."""

    def begin(self, talk: ToRecord) -> None: ...
    def agreed(self, call_id: str, agent_id: str = "") -> int: ...
    def order(self, call_id: str, event: RecordingEvent) -> int: ...


class NodeOrders(Rounds):
    """`start` it to take orders for this machine."""

    def __init__(self, desk: NodeDesk, recorder: Records) -> None:
        super().__init__(self.look, POLL_S, "taking orders for this node failed")
        self._desk = desk
        self._recorder = recorder

    def look(self) -> None:
        """Everything that was asked for."""
        try:
            while (taken := self._desk.order()) is not None:
                self._carry_out(*taken)
        except StoreAway:
            return  # nobody can ask either

    def _carry_out(self, order_id: str, order: NodeOrder) -> None:
        if isinstance(order, ToRecord):
            spawn(self._recorder.begin, order)
            return
        try:
            if order.event is RecordingEvent.AGREED:
                done = self._recorder.agreed(order.call_id, order.agent_id)
            else:
                done = self._recorder.order(order.call_id, order.event)
        except (NodeAway, OSError) as error:
            _log.warning("a recording could not be changed", call=order.call_id, error=str(error))
            done = 0
        self._desk.answer(order_id, done)
