"""What operators have blocked at the moment, beside the configuration (A7).

A blocked customer or user places no calls but emergency calls; a blocked number neither places nor gets any
but emergency calls. Calls to a blocked customer still come in, so that a control centre can call back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from dialplan.limits.agreed import Throttle
from numbering.e164 import E164


@dataclass(frozen=True, slots=True)
class Blocks:
    """Look-ups in sets. `users` are pairs of customer id and phone id. `throttled`: customers whose new calls
    an abuse rule slows down (B10)."""

    customers: frozenset[str] = frozenset()
    users: frozenset[tuple[str, str]] = frozenset()
    numbers: frozenset[E164] = frozenset()
    throttled: Mapping[str, Throttle] = field(default_factory=lambda: MappingProxyType({}))


NOTHING_BLOCKED: Final = Blocks()
