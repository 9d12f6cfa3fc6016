"""The figures, the goals, and a table of both."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Swap:
    """One change taken in by the running controller. `in_force_s`: from the end of apply, polling included.

    `pause_ms`: longest that a greenlet due every millisecond had to wait meanwhile and 2 s after.
    """

    apply_s: float
    in_force_s: float
    pause_ms: float
    rss_mb: int


class Goal(NamedTuple):
    """A figure, its limit, and whether it is within."""

    sentence: str
    seen: float
    limit: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.seen <= self.limit


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds, milliseconds, microseconds and megabytes as the names say."""

    customers: int
    numbers: int
    validate_s: float
    plan_s: float
    first_apply_s: float
    first_write_s: float
    apply_s: float
    command_s: float
    controller_start_s: float
    look_up_us: float
    idle_pause_ms: float
    swaps: tuple[Swap, ...]

    def goals(self) -> tuple[Goal, ...]:
        """Issue 3, item 7."""
        return (
            Goal("validate and plan", round(self.validate_s + self.plan_s, 1), 60, "s"),
            Goal("apply a change of one customer", self.apply_s, 2, "s"),
            Goal("the whole command for it", self.command_s, 2, "s"),
            Goal("in force after apply", max(each.in_force_s for each in self.swaps), 1, "s"),
            Goal("longest pause at a swap", max(each.pause_ms for each in self.swaps), 200, "ms"),
            Goal("memory of the controller", max(each.rss_mb for each in self.swaps), 1_500, "MB"),
            Goal("look-up of a number", self.look_up_us, 2, "µs"),
        )


def text(measured: Measured) -> str:
    """For people."""
    lines = [
        f"{measured.customers:,} customers, {measured.numbers:,} numbers, Python {platform.python_version()}",
        "",
        f"{'figure':<34}{'seen':>12}{'limit':>12}  reached",
    ]
    for goal in measured.goals():
        seen, limit = f"{goal.seen:g} {goal.unit}", f"{goal.limit:g} {goal.unit}"
        lines.append(f"{goal.sentence:<34}{seen:>12}{limit:>12}  {'yes' if goal.met else 'NO'}")
    lines += [
        "",
        f"validate {measured.validate_s:g} s, plan {measured.plan_s:g} s; first apply with everything in it "
        f"{measured.first_apply_s:g} s (validate, plan, write), of which {measured.first_write_s:g} s write",
        f"controller from nothing to ready {measured.controller_start_s:g} s; longest pause "
        f"in the 3 s after it, when the node's configuration is rendered, {measured.idle_pause_ms:g} ms",
        "pauses at the swaps: " + ", ".join(f"{each.pause_ms:g} ms" for each in measured.swaps),
    ]
    return "\n".join(lines)
