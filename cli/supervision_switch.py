"""Supervisors' commands as the service layer wants them: its port, its errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cli.queue_switch import switch_errors
from dialplan.legs import Leg
from freeswitch.supervisor_calls import SupervisorCalls


class SupervisorSwitch:
    """controller.supervision.SupervisorNode on a node's inbound connection; `stop` ends an agent's leg."""

    def __init__(self, calls: Callable[[], SupervisorCalls], stop: Callable[[str, int], bool]) -> None:
        self._calls = calls
        self._stop = stop

    def ring_supervisor(
        self,
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
            self._calls().ring_supervisor(
                customer_id,
                offer_id,
                leg,
                leg_id,
                ring_s,
                facts,
                heard_by_caller=heard_by_caller,
                heard_by_agent=heard_by_agent,
            )

    def signal(self, call_id: str) -> None:
        with switch_errors():
            self._calls().signal(call_id)

    def watch(self, leg_id: str) -> None:
        with switch_errors():
            self._calls().watch(leg_id)

    def take(self, call_id: str, leg: Leg, leg_id: str) -> None:
        with switch_errors():
            self._calls().take(call_id, leg, leg_id)

    def end(self, leg_id: str) -> None:
        with switch_errors():
            self._calls().end(leg_id)

    def stop(self, customer_id: str, offer_id: int) -> bool:
        return self._stop(customer_id, offer_id)
