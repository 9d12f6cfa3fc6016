"""The result for people: what was asked for, what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.chaos.calls import Calls, Outcome
from benchmarks.chaos.queues import QueueOutcome

FAILOVER_S: Final = 1.0
QUEUE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Goal:
    """A line of the table of what must be reached (issue 7)."""

    what: str
    limit: str
    seen: str
    reached: bool


def goals(calls: Outcome, queue: QueueOutcome | None) -> list[Goal]:
    """All of them; those of the queue when it was looked at."""
    urgent, records, failover = calls.emergency, calls.records, calls.failover
    found = [
        Goal(
            "calls to 110 and 112 that were answered",
            "all",
            f"{urgent.answered} of {urgent.calls}",
            urgent.answered == urgent.calls,
        ),
        Goal(
            "records lost / doubled / of no call / unreadable",
            "0 / 0 / 0 / 0",
            f"{records.lost} / {records.doubled} / {records.unknown} / {records.quarantined} "
            f"of {records.legs} legs ({records.nameless} without a Call-ID)",
            records.right,
        ),
        Goal(
            "new calls when one controller of two dies: longest wait for ringing, s",
            f"<= {FAILOVER_S:g}",
            f"{max(failover.worst_s, default=0.0):.2f} in {failover.kills} kills, "
            f"{failover.answered} of {failover.calls} calls answered",
            max(failover.worst_s, default=0.0) <= FAILOVER_S,
        ),
    ]
    if queue is not None:
        worst_s = max((each.worst_s for each in queue.takeovers), default=0.0)
        found.append(
            Goal(
                "callers of a queue whose owner dies: longest wait for a phone to ring, s",
                f"<= {QUEUE_S:g}",
                f"{worst_s:.2f} in {len(queue.takeovers)} kills",
                worst_s <= QUEUE_S,
            )
        )
        found.append(
            Goal(
                "of them refused / never rung / never ended / overtaken",
                "0 / 0 / 0 / 0",
                f"{queue.figures.refused} / {queue.figures.never_rung} / {queue.figures.never_ended} / "
                f"{queue.figures.overtaken} of {queue.figures.callers}",
                queue.figures.nobody_forgotten,
            )
        )
    return found


def text(calls: Outcome, queue: QueueOutcome | None) -> str:
    """Tables."""
    killed = ", ".join(f"{name} {times}" for name, times in calls.killed.items())
    lines = [f"Killed while calls went on: {killed}", ""]
    lines += table(
        ("calls", "placed", "answered", "refused", "without answer", "longest until the answer s"),
        [_row("ordinary", calls.ordinary), _row("110 and 112", calls.emergency)],
    )
    lines += [
        "",
        f"One controller of two killed, longest wait of a new call, s: {_each(calls.failover.worst_s)}",
    ]
    if queue is not None:
        lines.append(
            "Owner of a queue killed, until another one had it, s: "
            + _each([each.lease_s for each in queue.takeovers])
        )
        lines.append(
            "Longest wait of its callers for a phone to ring, s: "
            + _each([each.worst_s for each in queue.takeovers])
        )
    rows = [
        (each.what, each.limit, each.seen, "yes" if each.reached else "NO") for each in goals(calls, queue)
    ]
    return "\n".join([*lines, "", *table(("must be reached", "limit", "seen", "reached"), rows)])


def _row(name: str, calls: Calls) -> tuple[str, ...]:
    return (
        name,
        str(calls.calls),
        str(calls.answered),
        str(calls.refused),
        str(calls.silent),
        f"{calls.longest_s:.1f}",
    )


def _each(seconds: Sequence[float]) -> str:
    return " ".join(f"{each:.2f}" for each in seconds) or "-"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under their heads, in columns."""
    widths = [max(len(line[column]) for line in (heads, *rows)) for column in range(len(heads))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in (heads, *rows)
    ]
