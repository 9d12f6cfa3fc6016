"""Queue commands as the service layer wants them: its port, its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from controller.errors import LegFailed, NodeAway
from dialplan.legs import Leg
from freeswitch.agent_calls import AgentCalls
from freeswitch.errors import CommandFailed, FreeSwitchError
from freeswitch.queue_calls import offer_of
from numbering.e164 import E164


@contextmanager
def switch_errors() -> Iterator[None]:
    """What the switch said is about the leg; everything else is a node that cannot be commanded now."""
    try:
        yield
    except CommandFailed as error:
        raise LegFailed(str(error).removeprefix("-ERR").strip()) from error
    except FreeSwitchError as error:
        raise NodeAway(str(error)) from error


class QueueNode:
    """controller.queue_calls.Node on a node's inbound connection, which is there when it is first used."""

    def __init__(self, calls: Callable[[], AgentCalls]) -> None:
        self._calls = calls

    def ring(self, customer_id: str, offer_id: int, leg: Leg, ring_s: int, facts: Mapping[str, str]) -> None:
        with switch_errors():
            self._calls().ring(customer_id, offer_id, leg, ring_s, facts)

    def stop(self, customer_id: str, offer_id: int) -> bool:
        with switch_errors():
            return self._calls().stop(customer_id, offer_id)

    def join(self, customer_id: str, offer_id: int, call_id: str, leg: Leg | None) -> None:
        with switch_errors():
            self._calls().join(customer_id, offer_id, call_id, leg)

    def send_away(self, call_id: str) -> None:
        with switch_errors():
            self._calls().send_away(call_id)

    def announce(self, call_id: str, sounds: Sequence[str]) -> None:
        with switch_errors():
            self._calls().announce(call_id, sounds)

    def shown_number(self, call_id: str) -> E164 | None:
        with switch_errors():
            return self._calls().shown_number(call_id)

    def offer_of(self, customer_id: str, leg_id: str) -> int | None:
        return offer_of(customer_id, leg_id)
