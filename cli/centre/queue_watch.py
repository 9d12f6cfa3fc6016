"""`fernamt queue watch`: queues and agents as they are now, in the terminal, until stopped."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.bootstrap import acd_desk
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.wiring.queue_desk import screens

_EVERY_S: Final = 0.5
#: Waits from which a queue's longest one is shown in yellow and in red.
_LONG_S: Final = 20
_TOO_LONG_S: Final = 60
_COLOURS: Final = {
    "Waiting": "green",
    "Receiving": "yellow",
    "Reserved": "yellow",
    "In a queue call": "cyan",
    "In another call": "cyan",
    "Wrap-up": "magenta",
}


@click.command()
@click.argument("customer", required=False)
@click.option("--seconds", type=click.IntRange(1, 86_400), help="Stop after so many. Default: Ctrl-C.")
@click.pass_obj
def watch(settings: Callable[[], Settings], customer: str | None, seconds: int | None) -> None:
    """Queues and agents as they are now, twice a second: of all customers, or of one CUSTOMER.

    \b
    Example: fernamt queue watch kunde-praxis
    """
    desk = acd_desk(effective(settings()))
    ends = time.monotonic() + seconds if seconds else None
    with Live(console=console(), auto_refresh=False) as live:
        while ends is None or time.monotonic() < ends:
            live.update(view(screens(desk, customer)), refresh=True)
            try:
                time.sleep(_EVERY_S)
            except KeyboardInterrupt:
                return


def view(found: Sequence[dict[str, Any]]) -> Group:
    """Two tables for every customer: its queues, its agents."""
    if not found:
        return Group(Text("No contact centre is served now."))
    return Group(*(table for screen in found for table in (_queues(screen), _agents(screen))))


def _queues(screen: dict[str, Any]) -> Table:
    table = Table(
        "queue", "waiting", "longest", "next callers", "talking", "free agents", title=screen["customer"]
    )
    free = Counter(
        queue for each in screen["agents"] if each["state"] == "Waiting" for queue in each["queues"]
    )
    for each in screen["queues"]:
        waits = [call["waited_ms"] // 1000 for call in each["waiting"]]
        calls = ", ".join(f"{call['call'][:8]} {call['waited_ms'] // 1000} s" for call in each["waiting"][:3])
        table.add_row(
            each["queue"], str(len(waits)), _wait(max(waits, default=None)), calls or "-",
            str(each["talking"]), str(free[each["queue"]]),
        )  # fmt: skip
    return table


def _wait(seconds: int | None) -> Text:
    if seconds is None:
        return Text("-")
    colour = "red" if seconds >= _TOO_LONG_S else "yellow" if seconds >= _LONG_S else "green"
    return Text(f"{seconds} s", style=colour)


def calls_now(agent: Mapping[str, Any]) -> str:
    """How many calls of queues the agent has, ringing or talked with, of how many at a time."""
    return f"{len(agent['talks'])}/{agent.get('capacity', 1)}"


def _agents(screen: dict[str, Any]) -> Table:
    table = Table("agent", "status", "state", "now", "calls", "queues", "reason")
    for each in screen["agents"]:
        state = Text(each["state"], style=_COLOURS.get(each["state"], "dim"))
        table.add_row(
            each["agent"], each["status"], state, calls_now(each), str(each["calls"]),
            ", ".join(each["queues"]), each["reason"] or "",
        )  # fmt: skip
    return table
