"""The highest number of active users in a month: what user fees are paid for (E5, TC 7.2)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from rating.berlin import Month


def highest_users(events: Iterable[tuple[int, int]], month: Month) -> int:
    """The most users that were active at one moment of the month.

    `events`: (ms since 1970 UTC, +1 for an activation, -1 for a deactivation), in any order, from the
    beginning of the contract on. What happens in one moment counts together: moving a user is no second one.
    """
    ordered = sorted(events)
    active = highest = sum(change for moment, change in ordered if moment <= month.start_ms)
    within = (each for each in ordered if month.start_ms < each[0] < month.end_ms)
    for _, together in groupby(within, key=itemgetter(0)):
        active += sum(change for _, change in together)
        highest = max(highest, active)
    return highest
