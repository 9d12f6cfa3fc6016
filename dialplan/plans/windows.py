"""When callers may be called back (C1)."""

from __future__ import annotations

from datetime import datetime

from dialplan.carrier import ToPlan
from dialplan.plans.nodes import CallbackNode
from dialplan.snapshot import Snapshot
from numbering.e164 import E164


def may_call_back(snapshot: Snapshot, line: E164, queue: str, now: datetime) -> bool:
    """Whether somebody who called `line` may be called back for the queue at this aware time: within the
    hours of a node of the line's plan that keeps places in it. Without one the plan has changed meanwhile: he
    was promised to be called."""
    assigned = snapshot.numbers.get(line)
    target = assigned.target if assigned is not None else None
    nodes = target.plan.nodes.values() if isinstance(target, ToPlan) else ()
    windows = [each.hours for each in nodes if isinstance(each, CallbackNode) and each.queue == queue]
    hours = [snapshot.opening_hours.get(each) if isinstance(each, str) else each for each in windows]
    return not hours or any(each is None or each.is_open(now) for each in hours)
