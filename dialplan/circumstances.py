"""What is so at the moment of a decision, beside the configuration: gathered before, given as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from dialplan.barring.blocks import NOTHING_BLOCKED, Blocks
from numbering.e164 import E164

#: No trunk carries a call.
NO_CALLS: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`now` is an aware time (UTC); rules that speak of days and hours read it in Europe/Berlin.

    `trunks_down` are the trunks that are known not to answer: they are tried last, never left out.
    `trunk_calls` counts the other calls on a trunk now, both ways; a trunk that is not in it carries none.
    `came_in` is the trunk with a `capacity` that this call came in on: it takes one place more there.
    `call_backs` are numbers whose lines called 110 or 112 within the last hour. `served` are the customers
    whose contact centre takes calls now; None: all of them do.
    `trunks_in_clear` are trunks that may be called by TLS alone and whose systems have registered without:
    they are left out.
    """

    now: datetime
    blocks: Blocks = NOTHING_BLOCKED
    trunks_down: frozenset[str] = frozenset()
    trunk_calls: Mapping[str, int] = field(default_factory=lambda: NO_CALLS)
    call_backs: frozenset[E164] = frozenset()
    served: frozenset[str] | None = None
    trunks_in_clear: frozenset[str] = frozenset()
    came_in: str | None = None

    def serves_queues(self, customer_id: str) -> bool:
        """Whether callers may wait for an agent of this customer's."""
        return self.served is None or customer_id in self.served
