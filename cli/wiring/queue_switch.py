"""Queue commands as the service layer wants them: its port, its errors."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

import structlog

from acd.effects import Because
from cli.wiring.phone_homes import PhoneHomes, SwitchNode
from controller.errors import LegFailed, NodeAway
from dialplan.call import CallOffered
from dialplan.decision import Decision
from dialplan.legs import Leg
from freeswitch.agent_calls import AgentCalls
from freeswitch.errors import CommandFailed, FreeSwitchError
from freeswitch.queue_calls import callback_leg, offer_leg, offer_of
from numbering.e164 import E164

_log = structlog.get_logger(__name__)

#: Offers whose node is remembered.
_REMEMBERED: Final = 10_000


@contextmanager
def switch_errors() -> Iterator[None]:
    """What the switch said is about the leg; everything else is a node that cannot be commanded now."""
    try:
        yield
    except CommandFailed as error:
        raise LegFailed(error.text.removeprefix("-ERR").strip()) from error
    except FreeSwitchError as error:
        raise NodeAway(str(error)) from error


class QueueNodes:
    """controller.queue_calls.Node for all nodes: a command goes to the node that the call is on.

    The agent's leg is made on the caller's node, for only there both can be joined. A phone that is
    registered with another node rings through that node's door. For a caller who is on no node (he is to be
    called back) it is made here, or `instead` on the node that is named while this one is drained.
    """

    def __init__(
        self,
        nodes: Mapping[str, SwitchNode],
        homes: PhoneHomes,
        home: str,
        place_of: Callable[[str], str | None],
        shown: Mapping[str, E164 | None],
        called: Mapping[str, E164 | None] = MappingProxyType({}),
        instead: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._instead = instead
        self._called = called
        self._nodes = nodes
        self._home = home
        self._place_of = place_of
        self._shown = shown
        self._homes = homes
        #: By agents' legs.
        self._offers: OrderedDict[str, str] = OrderedDict()

    def ring(self, customer_id: str, offer_id: int, leg: Leg, ring_s: int, facts: Mapping[str, str]) -> None:
        node = self._place_of(facts["fernamt_call"]) or self._instead() or self._home
        _remember(self._offers, offer_leg(customer_id, offer_id), node)
        calls = self._nodes[node].calls
        with switch_errors():
            self._homes.ring(
                node, leg, lambda door: calls().ring(customer_id, offer_id, leg, ring_s, facts, door)
            )

    def stop(self, customer_id: str, offer_id: int, because: Because | None = None) -> bool:
        """Where it was made; a successor, who does not know that, asks them all."""
        known = self._offers.get(offer_leg(customer_id, offer_id))
        with switch_errors():
            if known is not None:
                return self._nodes[known].calls().stop(customer_id, offer_id, because)
            return any(self._stopped(node, customer_id, offer_id, because) for node in self._nodes)

    def join(self, customer_id: str, offer_id: int, call_id: str, leg: Leg | None) -> None:
        with switch_errors():
            self._calls_of(call_id).join(customer_id, offer_id, call_id, leg)

    def send_away(self, call_id: str) -> None:
        with switch_errors():
            self._calls_of(call_id).send_away(call_id)

    def announce(self, call_id: str, sounds: Sequence[str]) -> None:
        with switch_errors():
            self._calls_of(call_id).announce(call_id, sounds)

    def moved(self, call_id: str, queue_id: str) -> None:
        with switch_errors():
            self._calls_of(call_id).moved(call_id, queue_id)

    def callback_noted(self, call_id: str) -> None:
        with switch_errors():
            self._calls_of(call_id).callback_noted(call_id)

    def node_of(self, customer_id: str, offer_id: int) -> str:
        return self._offers.get(offer_leg(customer_id, offer_id), self._home)

    def node_of_channel(self, channel: str) -> str:
        """Of a caller, or of an agent's leg."""
        return self._place_of(channel) or self._offers.get(channel, self._home)

    def callback_leg(self, customer_id: str, offer_id: int, attempt: int) -> str:
        return callback_leg(customer_id, offer_id, attempt)

    def tell_agent(self, customer_id: str, offer_id: int, sound: str) -> None:
        with switch_errors():
            self._calls_for(customer_id, offer_id).tell_agent(customer_id, offer_id, sound)

    def call_back(
        self, customer_id: str, offer_id: int, offered: CallOffered, decision: Decision, leg: Leg
    ) -> None:
        with switch_errors():
            self._calls_for(customer_id, offer_id).call_back(offered, decision, leg)

    def join_called_back(self, customer_id: str, offer_id: int, leg_id: str) -> None:
        with switch_errors():
            self._calls_for(customer_id, offer_id).join_called_back(customer_id, offer_id, leg_id)

    def end(self, customer_id: str, offer_id: int, leg_id: str) -> None:
        with switch_errors():
            self._calls_for(customer_id, offer_id).end(leg_id)

    def whisper(self, customer_id: str, offer_id: int, call_id: str, sounds: Sequence[str]) -> None:
        with switch_errors():
            self._calls_of(call_id).whisper(customer_id, offer_id, sounds)

    def called_number(self, call_id: str) -> E164 | None:
        if call_id in self._called:
            return self._called[call_id]
        with switch_errors():
            return self._calls_of(call_id).called_number(call_id)

    def shown_number(self, call_id: str) -> E164 | None:
        if call_id in self._shown:
            return self._shown[call_id]
        with switch_errors():
            return self._calls_of(call_id).shown_number(call_id)

    def offer_of(self, customer_id: str, leg_id: str) -> int | None:
        return offer_of(customer_id, leg_id)

    def leg_of(self, customer_id: str, offer_id: int) -> str:
        return offer_leg(customer_id, offer_id)

    def _calls_for(self, customer_id: str, offer_id: int) -> AgentCalls:
        """Where the agent's leg is: a caller who is called back is on no node yet."""
        return self._nodes[self.node_of(customer_id, offer_id)].calls()

    def _calls_of(self, call_id: str) -> AgentCalls:
        return self._nodes[self._node_of(call_id)].calls()

    def _node_of(self, call_id: str) -> str:
        return self._place_of(call_id) or self._home

    def _stopped(self, node: str, customer_id: str, offer_id: int, because: Because | None) -> bool:
        try:
            return self._nodes[node].calls().stop(customer_id, offer_id, because)
        except FreeSwitchError as error:
            _log.warning("a node could not be told to end a leg", node=node, error=str(error))
            return False


def _remember(known: OrderedDict[str, str], key: str, node: str) -> None:
    known[key] = node
    known.move_to_end(key)
    if len(known) > _REMEMBERED:
        known.popitem(last=False)
