"""The result for people: what became of the calls, what must be reached."""

from __future__ import annotations

from typing import Final

from benchmarks.chaos.nodes.losing import FORGOTTEN_S
from benchmarks.chaos.nodes.run import Outcome
from benchmarks.chaos.nodes.seen import Kind
from benchmarks.chaos.report import Goal, table

_HEADS: Final = ("calls", "placed", "answered", "by the other node", "ended with their node", "longest s")


def goals(found: Outcome) -> list[Goal]:
    """What a node's death may not cost."""
    urgent, records, left = found.fates[Kind.URGENT], found.records, found.left
    forgotten_s = max(found.forgotten_s, default=0.0)
    return [
        Goal(
            "calls to 110 and 112 that were answered, by either node",
            "all",
            f"{urgent.answered} of {urgent.calls}",
            urgent.answered == urgent.calls,
        ),
        Goal(
            "records lost / doubled / of no call, but for legs that ended with their node",
            "0 / 0 / 0",
            f"{records.lost} / {records.doubled} / {records.unknown} of {records.legs} legs",
            records.right,
        ),
        Goal(
            "a node is back: its old calls are gone from the live state, s",
            f"<= {FORGOTTEN_S:g}",
            f"{forgotten_s:.1f}",
            forgotten_s <= FORGOTTEN_S,
        ),
        Goal(
            "all is over: calls / lines / trunk places / callers in a queue that are left",
            "0 / 0 / 0 / 0",
            f"{left.calls} / {left.lines} / {left.trunk_places} / {left.waiting} after {left.after_s:.0f} s",
            left.nothing,
        ),
    ]


def text(found: Outcome) -> str:
    """Tables."""
    rows = [
        (
            kind.value,
            *(str(figure) for figure in (each.calls, each.answered, each.by_other, each.cut)),
            f"{each.longest_s:.1f}",
        )
        for kind, each in found.fates.items()
    ]
    records = found.records
    reached = [(each.what, each.limit, each.seen, "yes" if each.reached else "NO") for each in goals(found)]
    return "\n".join(
        [
            f"FreeSWITCH killed {len(found.back_s)} times, on one node after the other; it took calls again "
            f"after {_span(found.back_s)} s",
            "",
            *table(_HEADS, rows),
            "",
            f"Of {records.legs} legs {records.cut} ended with their node, or less than two seconds before: "
            f"{records.cut_written} of them have a record,",
            f"{records.unreadable} a half-written one, which is in quarantine. {records.untaken} attempts "
            "met a node that was dead or starting.",
            "",
            *table(("must be reached", "limit", "seen", "reached"), reached),
        ]
    )


def _span(seconds: tuple[float, ...]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f}" if seconds else "-"
