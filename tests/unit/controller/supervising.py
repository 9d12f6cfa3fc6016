"""A switch in memory for supervisors' commands."""

from __future__ import annotations

from collections.abc import Mapping

from controller.errors import LegFailed
from dialplan.legs import Leg


class SupervisingSwitch:
    """Does what it is told, or fails at `fails`."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.done: list[str] = []
        self.facts: Mapping[str, str] = {}

    def _do(self, what: str) -> None:
        if what.split()[0] == self.fails:
            raise LegFailed("NO_ANSWER")
        self.done.append(what)

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
        self.facts = facts
        self._do(f"ring {leg.to.id} {heard_by_caller} {heard_by_agent}")

    def signal(self, call_id: str) -> None:
        self._do(f"signal {call_id}")

    def watch(self, call_id: str, leg_id: str) -> None:
        self._do("watch")

    def take(self, call_id: str, leg: Leg, leg_id: str) -> None:
        self._do(f"take {call_id}")

    def end(self, call_id: str, leg_id: str) -> None:
        self._do("end")

    def stop(self, customer_id: str, offer_id: int) -> bool:
        self._do(f"stop {offer_id}")
        return True
