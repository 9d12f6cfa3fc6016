"""What is so at the moment of a decision, beside the configuration: gathered before, given as one value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dialplan.blocks import NOTHING_BLOCKED, Blocks


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`now` is an aware time (UTC); rules that speak of days and hours read it in Europe/Berlin.

    `trunks_down` are the trunks that are known not to answer: they are tried last, never left out.
    """

    now: datetime
    blocks: Blocks = NOTHING_BLOCKED
    trunks_down: frozenset[str] = frozenset()
