"""The desk of the contact centres: commands and screens as JSON in Redis, for owners and for people."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import structlog

from acd.errors import RecordRefused
from acd.events import Event, StatusChosen
from acd.journal import read_said, written
from acd.names import AgentStatus, MemberState
from acd.orders import ExtendWrapUp, InHand, Order, Supervise, codes_of
from acd.state import State
from acd.values import Agent, Offer
from cli.errors import ContactCentreRefused
from cli.wiring.adapters import store_errors
from store.acd_desk import COMMAND_S, AcdDesk

_log = structlog.get_logger(__name__)
_REST_S: Final = 0.05
#: What an owner took in the last moment is answered a little later.
_WORD_S: Final = 0.5
#: What a controller knows is still true when a new owner hears it.
_FACT_S: Final = 15
TOO_LATE: Final = "-nobody took the command in time, and nothing was done"


class OwnersDesk:
    """controller.centre_desk.Desk on Redis."""

    def __init__(self, desk: AcdDesk) -> None:
        self._desk = desk

    def command(self, customer_id: str) -> tuple[str, Event | Supervise | ExtendWrapUp | InHand] | None:
        while True:
            with store_errors():
                taken = self._desk.take(customer_id)
            if taken is None:
                return None
            try:
                said = json.loads(taken.text)
                command_id, wanted = str(said["id"]), read_said(said["event"])
            except (ValueError, KeyError, TypeError, RecordRefused) as error:
                _log.error("contact centre: unreadable command", customer=customer_id, error=str(error))
                return None
            if not taken.late:
                return command_id, wanted
            what = type(wanted).__name__
            _log.warning("contact centre: a command came too late", customer=customer_id, what=what)
            if command_id:
                self.answer(command_id, TOO_LATE)

    def pass_on(self, customer_id: str, event: Event) -> None:
        with store_errors():
            self._desk.send(customer_id, json.dumps({"id": "", "event": written(event, 0)}), _FACT_S)

    def answer(self, command_id: str, text: str) -> None:
        with store_errors():
            self._desk.answer(command_id, text)

    def show(self, customer_id: str, state: State, now_ms: int) -> None:
        with store_errors():
            self._desk.show(customer_id, json.dumps(_screen(customer_id, state, now_ms)))

    def reach(self, owned: Collection[str], nodes: Collection[str]) -> None:
        with store_errors():
            self._desk.reach(owned, " ".join(sorted(nodes)))

    def reached(self, customer_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        with store_errors():
            found = self._desk.reached(customer_ids)
        return {name: frozenset(nodes.split()) for name, nodes in found.items()}


def command(desk: AcdDesk, customer_id: str, agent_id: str, status: AgentStatus, reason: str = "") -> None:
    """Tell the owner and wait for its word. Raises ContactCentreRefused."""
    order(desk, customer_id, StatusChosen(agent_id, status, reason or None))


def order(desk: AcdDesk, customer_id: str, wanted: Order | Supervise) -> None:
    """Tell the owner and wait for its word. Raises ContactCentreRefused."""
    _asked(desk, customer_id, wanted)


def in_hand(desk: AcdDesk, customer_id: str, asked: InHand) -> str:
    """The call that the agent's phone has in its hands. Raises ContactCentreRefused."""
    return _asked(desk, customer_id, asked)


def _asked(desk: AcdDesk, customer_id: str, wanted: Order | Supervise | InHand) -> str:
    """What the owner says behind its "+"."""
    command_id = str(uuid.uuid4())
    if not desk.send(customer_id, json.dumps({"id": command_id, "event": written(wanted, 0)})):
        raise ContactCentreRefused(f"too many commands wait for the contact centre of {customer_id}")
    answer = answered_in_time(desk, command_id)
    if answer is None:
        raise ContactCentreRefused(
            f"no controller answered for the contact centre of {customer_id}: `fernamt doctor`"
        )
    if not answer.startswith("+"):
        raise ContactCentreRefused(answer.removeprefix("-"))
    return answer.removeprefix("+")


def answered_in_time(desk: AcdDesk, command_id: str) -> str | None:
    """What was said to a command; None when nobody took it in time."""
    deadline = time.monotonic() + COMMAND_S + _WORD_S
    while (answer := desk.answer_to(command_id)) is None:
        if time.monotonic() > deadline:
            return None
        time.sleep(_REST_S)
    return answer


def screens(desk: AcdDesk, customer_id: str | None = None) -> list[dict[str, Any]]:
    """What the owners show, of all customers or of one."""
    found = [json.loads(each) for each in desk.screens()]
    return [each for each in found if customer_id in (None, each["customer"])]


def _screen(customer_id: str, state: State, now_ms: int) -> dict[str, Any]:
    waiting: dict[str, list[dict[str, Any]]] = {each.id: [] for each in state.spec.queues}
    talking = dict.fromkeys(waiting, 0)
    for member in sorted(state.members.values(), key=lambda each: (each.since_ms, each.id)):
        queue = member.wait.queue_id
        if member.state is MemberState.ANSWERED:
            talking[queue] = talking.get(queue, 0) + 1
        else:
            rung = [state.offers[each].agent_id for each in member.offers]
            row = {
                "call": member.id,
                "waited_ms": max(0, now_ms - member.since_ms),
                "ringing": rung,
                "callback": member.callback,
            }
            waiting.setdefault(queue, []).append(row)
    return {
        "customer": customer_id,
        "queues": [
            {"queue": name, "strategy": _strategy(state, name), "waiting": rows, "talking": talking[name]}
            for name, rows in waiting.items()
            if name in talking
        ],
        "agents": [_agent(state, each, now_ms) for each in state.agents.values()],
    }


def _agent(state: State, agent: Agent, now_ms: int) -> dict[str, Any]:
    spec = state.spec.agent.get(agent.id)
    return {
        "agent": agent.id,
        "status": agent.status.value,
        "state": agent.state.value,
        "reason": agent.pause_reason,
        "calls": agent.calls,
        "own_calls": len(agent.own_calls),
        "wrap_up_ms": max(0, agent.wrap_up_ms - now_ms) if agent.wrap_up_ms is not None else None,
        "wrap_ups": [
            {"call": each.member_id, "queue": each.queue_id, "ms": max(0, each.until_ms - now_ms)}
            for each in agent.wrap_ups
        ],
        "wrap_up_codes": list(codes_of(state, agent.id)),
        "capacity": spec.capacity if spec is not None else 1,
        "talks": [_talk(state.offers[number], now_ms) for number in agent.offers],
        "queues": [seat.queue_id for seat in spec.queues] if spec is not None else [],
    }


def _talk(offer: Offer, now_ms: int) -> dict[str, Any]:
    since_ms = offer.made_ms if offer.talk_since_ms is None else offer.talk_since_ms
    return {
        "call": offer.member_id,
        "queue": offer.queue_id,
        "state": offer.state.value,
        "held_ms": max(0, now_ms - offer.held_since_ms) if offer.held_since_ms is not None else None,
        "ms": max(0, now_ms - since_ms),
    }


def _strategy(state: State, queue: str) -> str | None:
    spec = state.spec.queue.get(queue)
    return spec.strategy.value if spec is not None else None
