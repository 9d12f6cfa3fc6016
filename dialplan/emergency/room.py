"""Room for an emergency call on a trunk that is full: which other call is ended (TKG § 164: priority)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Occupant:
    """A call on a trunk. `began` is UTC."""

    call_id: str
    node: str
    began: datetime
    emergency: bool = False


def pre_empted(occupants: Iterable[Occupant]) -> Occupant | None:
    """The call that began last, because least was said in it; equal ones by their id. Never an
    emergency call; None when there is no other."""
    return max(
        (each for each in occupants if not each.emergency),
        key=lambda each: (each.began, each.call_id),
        default=None,
    )
