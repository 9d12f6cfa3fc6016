"""Recordings over several machines: each is made, paused and stopped where its file is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import structlog

from acd.centre import RecordingRules
from acd.effects import Answered
from cli.errors import ContactCentreRefused
from cli.wiring.adapters import store_errors
from cli.wiring.queue_desk import answered_in_time
from controller.errors import NodeAway, StoreAway
from controller.node_orders import ChangeRecording, NodeOrder, Records
from controller.recorder import Recorder, ToRecord, to_record
from dialplan.recording import RecordingEvent
from store.acd_desk import AcdDesk

_log = structlog.get_logger(__name__)


def _of_node(node: str) -> str:
    """Under which the desk has orders for a node; no customer is called so."""
    return f"@{node}"


def _said(talk: ToRecord) -> dict[str, Any]:
    """What a controller of the version before does not know is said only where it matters."""
    return {name: value for name, value in asdict(talk).items() if name != "spoken" or value}


def _order(said: dict[str, Any]) -> tuple[str, NodeOrder]:
    order_id = str(said["id"])
    if "talk" in said:
        return order_id, ToRecord(**said["talk"])
    event, agent_id = RecordingEvent(said["event"]), str(said.get("agent", ""))
    return order_id, ChangeRecording(str(said["call"]), event, agent_id)


class OrdersForNode:
    """controller.node_orders.NodeDesk on Redis."""

    def __init__(self, desk: AcdDesk, node: str) -> None:
        self._desk = desk
        self._node = node

    def order(self) -> tuple[str, NodeOrder] | None:
        while True:
            with store_errors():
                taken = self._desk.take(_of_node(self._node))
            if taken is None:
                return None
            try:
                order_id, order = _order(json.loads(taken.text))
            except (ValueError, KeyError, TypeError) as error:
                _log.error("unreadable order for this node", error=str(error))
                return None
            if not taken.late:
                return order_id, order
            _log.warning("an order for this node came too late", what=type(order).__name__)

    def answer(self, order_id: str, done: int) -> None:
        with store_errors():
            self._desk.answer(order_id, f"+{done}")


class RecorderOfNodes:
    """controller.queue_calls.TalkRecorder: the controller of the call's node begins the recording."""

    def __init__(self, recorder: Recorder, desk: AcdDesk, home: str, node_of: Callable[[str], str]) -> None:
        self._recorder = recorder
        self._desk = desk
        self._home = home
        self._node_of = node_of

    def joined(self, customer_id: str, rules: RecordingRules, answered: Answered, leg_id: str) -> None:
        talk = to_record(customer_id, rules, answered, leg_id)
        if talk is None:
            return
        node = self._node_of(talk.call_id)
        if node == self._home:
            self._recorder.begin(talk)
            return
        try:
            with store_errors():
                sent = self._desk.send(_of_node(node), json.dumps({"id": "", "talk": _said(talk)}))
        except StoreAway:
            sent = False
        if not sent:
            _log.warning("a conversation is not recorded: its node was not told", call=talk.call_id)

    def ended(self, call_id: str) -> None:
        self._recorder.ended(call_id)


class NotHere:
    """controller.node_orders.Records of a program that has no switch: every recording is elsewhere."""

    def begin(self, talk: ToRecord) -> None:
        """Nobody asks it to."""

    def agreed(self, call_id: str, agent_id: str = "") -> int:
        return 0

    def order(self, call_id: str, event: RecordingEvent) -> int:
        return 0


class RecordingOrders:
    """Begin by a spoken yes, pause, resume and stop, wherever the recording is made. `others`: names of the
    other nodes."""

    def __init__(self, recorder: Records, desk: Callable[[], AcdDesk], others: Sequence[str]) -> None:
        self._recorder = recorder
        self._desk = desk
        self._others = others

    def order(self, call_id: str, event: RecordingEvent) -> None:
        """Raises ContactCentreRefused when there is no such recording, StoreError."""
        if not self._done(call_id, event, "", lambda: self._recorder.order(call_id, event)):
            raise ContactCentreRefused(
                f"call {call_id} has no recording that could be {event.value}: `fernamt agent calls`"
            )

    def agreed(self, call_id: str, agent_id: str = "") -> None:
        """The caller said yes to the agent, who confirms it (`agent_id`, empty: whoever was to ask). Raises
        ContactCentreRefused when nobody was to ask, StoreError."""
        begin = partial(self._recorder.agreed, call_id, agent_id)
        if not self._done(call_id, RecordingEvent.AGREED, agent_id, begin):
            raise ContactCentreRefused(
                f"call {call_id} has no open question: the caller answered already, the customer does not "
                "want it (`recording: { spoken_consent }`, the queue's `record`), or no agent with a "
                "`recording_consent` talks with the caller: `fernamt agent calls`"
            )

    def _done(self, call_id: str, event: RecordingEvent, agent_id: str, here: Callable[[], int]) -> bool:
        """Here, or where the call is."""
        try:
            done = here()
        except NodeAway as error:
            raise ContactCentreRefused(f"the switch did not answer: {error}; `fernamt doctor`") from error
        except OSError as error:
            raise ContactCentreRefused(f"the note beside the recording: {error}; `fernamt doctor`") from error
        return done > 0 or any(self._asked(node, call_id, event, agent_id) for node in self._others)

    def _asked(self, node: str, call_id: str, event: RecordingEvent, agent_id: str) -> bool:
        """Whether that node had it; one that does not answer had not."""
        desk, order_id = self._desk(), str(uuid.uuid4())
        order = {"id": order_id, "call": call_id, "event": event.value, "agent": agent_id}
        if not desk.send(_of_node(node), json.dumps(order)):
            return False
        return answered_in_time(desk, order_id) not in (None, "+0")
