"""What may not become of a number.

LifeCycleError
├── NotInTable       the state knows no such event; the allowed ones are named
├── ConditionUnmet   a condition of the transition does not hold; `condition` names it
├── OutOfOrder       the order lies before the last transition
├── OutsideBlocks    the number is in no block of ours
└── InsideBlocks     a number of our own blocks is not ported in
"""

from __future__ import annotations

from typing import ClassVar


class LifeCycleError(Exception):
    """Base: `what` is the matter, `next_step` what to do; `id` is stable. `rule` is finer than `id`."""

    id: ClassVar[str] = "number"

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what, next_step)
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.what}. {self.next_step}"

    @property
    def rule(self) -> str:
        """What was broken, stable for programs."""
        return self.id


class NotInTable(LifeCycleError):
    """The table has no such event for the state."""

    id = "number.not-in-table"


class ConditionUnmet(LifeCycleError):
    """A condition of the transition does not hold. `condition` is its stable name."""

    id = "number.condition"

    def __init__(self, condition: str, what: str, next_step: str) -> None:
        super().__init__(what, next_step)
        self.condition = condition

    @property
    def rule(self) -> str:
        return f"number.{self.condition}"


class OutOfOrder(LifeCycleError):
    """The order's moment lies before the last transition."""

    id = "number.out-of-order"


class OutsideBlocks(LifeCycleError):
    """The number is in no block of the applied configuration."""

    id = "number.outside-blocks"


class InsideBlocks(LifeCycleError):
    """A number of our own blocks cannot be ported in."""

    id = "number.inside-blocks"
