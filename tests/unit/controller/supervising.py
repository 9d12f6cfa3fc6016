"""A switch in memory for supervisors' commands."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from controller.errors import LegFailed
from dialplan.legs import Leg


class SupervisingSwitch:
    """Does what it is told, or fails at `fails`, or for callers without one of its `channels`."""

    def __init__(self, fails: str = "", channels: Collection[str] | None = None) -> None:
        self.fails = fails
        self.channels = channels
        self.done: list[str] = []
        self.facts: Mapping[str, str] = {}

    def _do(self, what: str) -> None:
        if what.split()[0] == self.fails:
            raise LegFailed("NO_ANSWER")
        self.done.append(what)

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
        self.facts = facts
        self._do(f"ring {leg.to.id} {heard_by_caller} {heard_by_agent}")

    def signal(self, at: str) -> None:
        self._do(f"signal {at}")

    def watch(self, at: str, leg_id: str) -> None:
        self._do("watch")

    def take(self, at: str, call_id: str, leg: Leg, leg_id: str) -> None:
        self._do(f"take {call_id}")
        if self.channels is not None and call_id not in self.channels:
            self.done.pop()
            raise LegFailed("No such channel")

    def end(self, at: str, leg_id: str) -> None:
        self._do("end")

    def stop(self, customer_id: str, offer_id: int) -> bool:
        self._do(f"stop {offer_id}")
        return True
