"""Supervisors' commands as the service layer wants them: its port, its errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cli.wiring.phone_homes import PhoneHomes
from cli.wiring.queue_switch import switch_errors
from dialplan.legs import Leg
from freeswitch.supervisor_calls import SupervisorCalls


class SupervisorSwitch:
    """controller.supervision.SupervisorNode: `node_of` names the node that a channel is on, `calls`
    commands it; `stop` ends an agent's leg."""

    def __init__(
        self,
        node_of: Callable[[str], str],
        calls: Callable[[str], SupervisorCalls],
        homes: PhoneHomes,
        stop: Callable[[str, int], bool],
    ) -> None:
        self._node_of = node_of
        self._calls = calls
        self._homes = homes
        self._stop = stop

    def ring_supervisor(
        self,
        at: str,
        customer_id: str,
        offer_id: int,
        leg: Leg,
        leg_id: str,
        ring_s: int,
        facts: Mapping[str, str],
        *,
        heard_by_caller: bool,
        heard_by_agent: bool,
    ) -> None:
        with switch_errors():
            node = self._node_of(at)
            self._homes.ring(
                node,
                leg,
                lambda door: self._calls(node).ring_supervisor(
                    customer_id,
                    offer_id,
                    leg,
                    leg_id,
                    ring_s,
                    facts,
                    heard_by_caller=heard_by_caller,
                    heard_by_agent=heard_by_agent,
                    door=door,
                ),
            )

    def signal(self, at: str) -> None:
        with switch_errors():
            self._calls(self._node_of(at)).signal(at)

    def watch(self, at: str, leg_id: str) -> None:
        with switch_errors():
            self._calls(self._node_of(at)).watch(leg_id)

    def take(self, at: str, call_id: str, leg: Leg, leg_id: str) -> None:
        with switch_errors():
            self._calls(self._node_of(at)).take(call_id, leg, leg_id)

    def end(self, at: str, leg_id: str) -> None:
        with switch_errors():
            self._calls(self._node_of(at)).end(leg_id)

    def stop(self, customer_id: str, offer_id: int) -> bool:
        return self._stop(customer_id, offer_id)
