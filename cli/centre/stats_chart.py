"""Key figures as bars in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

_WIDTH: Final = 40


def queue_chart(rows: Sequence[dict[str, Any]]) -> Table:
    """A line for each interval and queue: what became of the offered, and the service level."""
    table = Table("interval", "queue", "offered", "service level", title="█ answered  ▒ abandoned  ░ others")
    most = max((row["offered"] for row in rows if not row["small"]), default=0)
    for row in rows:
        if row["small"]:
            table.add_row(row["interval"], row["queue"], f"{row['offered']} callers", "-")
            continue
        level = row["service_level"]
        bar = _stacked(row, most)
        bar.append(f" {row['offered']}")
        table.add_row(row["interval"], row["queue"], bar, "-" if level is None else f"{level:.0%}")
    return table


def agent_chart(rows: Sequence[dict[str, Any]]) -> Table:
    """A line for each interval and agent: occupancy."""
    table = Table("interval", "agent", "calls", "occupancy")
    for row in rows:
        part = row["occupancy"] or 0.0
        bar = "█" * round(min(1.0, part) * _WIDTH)
        said = "-" if row["occupancy"] is None else f"{bar} {part:.0%}"
        table.add_row(row["interval"], row["agent"], str(row["calls"]), said)
    return table


def _stacked(row: dict[str, Any], most: int) -> Text:
    others = row["offered"] - row["answered"] - row["abandoned"]
    bar = Text()
    done = shown = 0
    for count, sign, colour in (
        (row["answered"], "█", "green"),
        (row["abandoned"], "▒", "red"),
        (others, "░", "yellow"),
    ):
        done += count
        until = round(done * _WIDTH / most) if most else 0
        bar.append(sign * (until - shown), style=colour)
        shown = until
    return bar
