"""What a load came to, from what callers and phones saw."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from benchmarks.acd_calls.phones import Caller, Traffic

#: Goals of issue 6 for the times, where no more calls come than `TIMED_RATE` a second.
MEDIAN_MS: Final = 15.0
P95_MS: Final = 40.0
TIMED_RATE: Final = 5.0
#: The 200 to a caller and the switch's event that he waits are of two threads: who came less than this before
#: another one is no earlier.
_SAME_TIME_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Figures:
    """Times from the later of "caller waits" and "agent is free" to the INVITE on the agent's phone.
    `repeated`: messages that callers and phones had to send again."""

    callers: int
    refused: int
    never_rung: int
    never_ended: int
    overtaken: int
    at_once: int
    longest_wait_s: float
    median_ms: float
    p95_ms: float
    p99_ms: float
    repeated: int

    @property
    def nobody_forgotten(self) -> bool:
        """None stuck, none lost, none overtaken."""
        return not (self.refused or self.never_rung or self.never_ended or self.overtaken)

    def missed(self, rate: float) -> list[str]:
        """What must be reached at so many calls a second and was not."""
        timed = rate <= TIMED_RATE
        held = {
            "no caller came": self.callers > 0,
            "a caller was refused, forgotten or overtaken": self.nobody_forgotten,
            f"the median is above {MEDIAN_MS:g} ms": not timed or self.median_ms <= MEDIAN_MS,
            f"the 95th percentile is above {P95_MS:g} ms": not timed or self.p95_ms <= P95_MS,
        }
        return [what for what, good in held.items() if not good]


def figures(traffic: Traffic) -> Figures:
    """Of a load that is over."""
    callers = list(traffic.callers.values())
    took = sorted(1000 * each for caller in callers for each in _delay_s(caller, traffic.free_s))
    waits = [caller.rung_s - caller.joined_s for caller in callers if caller.rung_s and caller.joined_s]
    return Figures(
        len(callers),
        sum(bool(each.refused) for each in callers),
        sum(each.rung_s is None for each in callers),
        sum(each.ended_s is None for each in callers),
        overtaken(callers),
        _at_once(callers),
        max(waits, default=0.0),
        _quantile(took, 0.5),
        _quantile(took, 0.95),
        _quantile(took, 0.99),
        traffic.repeated,
    )


def overtaken(callers: Iterable[Caller]) -> int:
    """Callers who came earlier than another one of their queue and were offered later."""
    count = 0
    latest: dict[int, list[tuple[float, float]]] = {}
    for caller in callers:
        if caller.joined_s is not None and caller.rung_s is not None:
            latest.setdefault(caller.queue, []).append((caller.joined_s, caller.rung_s))
    for line in latest.values():
        line.sort(reverse=True)
        earliest_rung_s = float("inf")
        later: list[tuple[float, float]] = []
        for joined_s, rung_s in line:
            while later and later[0][0] > joined_s + _SAME_TIME_S:
                earliest_rung_s = min(earliest_rung_s, later.pop(0)[1])
            count += rung_s > earliest_rung_s + _SAME_TIME_S
            later.append((joined_s, rung_s))
    return count


def _delay_s(caller: Caller, free_s: dict[str, list[float]]) -> Iterable[float]:
    if caller.joined_s is None or caller.rung_s is None:
        return
    times = free_s.get(caller.agent, [])
    before = bisect_left(times, caller.rung_s)
    since_s = max(caller.joined_s, times[before - 1]) if before else caller.joined_s
    yield caller.rung_s - since_s


def _at_once(callers: Iterable[Caller]) -> int:
    moments = []
    for each in callers:
        if each.joined_s is not None:
            moments.append((each.joined_s, 1))
            moments.append((each.ended_s if each.ended_s is not None else float("inf"), -1))
    most = now = 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most


def _quantile(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
