"""A switch that calls callers back, in memory."""

from __future__ import annotations

from controller.calling_back import CallingBack
from dialplan.call import CallOffered
from dialplan.decision import Decision
from dialplan.legs import Leg


class CallbackSwitch:
    """Every call is answered unless `failures` has a cause or an error for it; `done` is what was asked."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.done: list[str] = []
        self.offered: list[CallOffered] = []

    def callback_leg(self, customer_id: str, offer_id: int, attempt: int) -> str:
        return f"{customer_id}-{offer_id}-{attempt}"

    def node_of(self, customer_id: str, offer_id: int) -> str:
        return "node-2"

    def tell_agent(self, customer_id: str, offer_id: int, sound: str) -> None:
        self.done.append(f"tell {offer_id} {sound}")

    def call_back(
        self, customer_id: str, offer_id: int, offered: CallOffered, decision: Decision, leg: Leg
    ) -> None:
        self.offered.append(offered)
        self.done.append(f"call {offered.call_id} over {leg.to.id}")
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure

    def join_called_back(self, customer_id: str, offer_id: int, leg_id: str) -> None:
        self.done.append(f"join {offer_id} {leg_id}")

    def end(self, customer_id: str, offer_id: int, leg_id: str) -> None:
        self.done.append(f"end {leg_id}")


def _nobody_decides(offered: CallOffered) -> Decision:
    raise AssertionError(f"nobody is called back: {offered.dialled}")


def nobody_called_back(customer_id: str) -> CallingBack:
    """For tests in which it does not happen."""
    return CallingBack(customer_id, CallbackSwitch(), _nobody_decides, lambda _: None)
