"""How a trunk stands, as operators see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class TrunkState(StrEnum):
    """UP: it answers. DOWN: OPTIONS or registration say no. RESTING: calls failed there, it is tried last for
    a while. TRIAL: its rest is over, the next call shows whether it works. UNKNOWN: nothing was heard yet."""

    UP = "up"
    DOWN = "down"
    RESTING = "resting"
    TRIAL = "trial"
    UNKNOWN = "unknown"


#: From bad to good: what counts where controllers see a trunk differently.
WORST_FIRST = (
    TrunkState.DOWN,
    TrunkState.RESTING,
    TrunkState.TRIAL,
    TrunkState.UNKNOWN,
    TrunkState.UP,
)


@dataclass(frozen=True, slots=True)
class TrunkStatus:
    """What one controller knows of a trunk. `since`: when it came into this state (UTC); `why`: what said so.

    `calls`: calls on it now that this controller decided, both ways. `failures`: path failures of calls since
    the controller's start, `in_row` those since the last call that was answered; `last_failure` is a cause.
    `capacity`: calls at once, None without a limit. `in_clear`: it must be called by TLS, its system has
    registered without, and so it gets no calls.
    """

    trunk_id: str
    state: TrunkState
    since: datetime | None = None
    why: str = ""
    calls: int = 0
    failures: int = 0
    in_row: int = 0
    last_failure: str = ""
    address: str = ""
    capacity: int | None = None
    in_clear: bool = False


def together(views: Sequence[TrunkStatus]) -> TrunkStatus:
    """One trunk by the views of several controllers, one at least: the worst state with its reason, sums."""
    worst = min(views, key=lambda each: WORST_FIRST.index(each.state))
    return replace(
        worst, calls=sum(each.calls for each in views), failures=sum(each.failures for each in views)
    )


def calls_on_trunks(views: Iterable[Sequence[TrunkStatus]]) -> Mapping[str, int]:
    """Calls on each trunk by the views of several controllers together."""
    counts: Counter[str] = Counter()
    for view in views:
        counts.update({each.trunk_id: each.calls for each in view})
    return counts
