"""The highest number of active users in a month: what user fees are paid for (E5, TC 7.2).

Users are events, (ms since 1970 UTC, +1 for an activation, -1 for a deactivation), in any order, from the
beginning of the contract on. What happens in one moment counts together: moving a user is no second one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from rating.berlin import Month, month_of

Event = tuple[int, int]
#: From a moment until another one, which is not part of it (None: until further notice).
Span = tuple[int, int | None]


def highest_users(events: Iterable[Event], month: Month) -> int:
    """The most users that were active at one moment of the month."""
    highest = 0
    for since, users in monthly_highest(events):
        if since > month:
            break
        highest = users
    return highest


def monthly_highest(events: Iterable[Event]) -> tuple[tuple[Month, int], ...]:
    """(month, the most users that were active at one moment of it), where it differs from the month before.

    A month counts until the next one named. Who is gone when a month begins is not of it.
    """
    found: list[tuple[Month, int]] = []
    active = 0
    for month, within in groupby(_together(events), key=lambda each: month_of(each[0])):
        highest = active
        for moment, change in within:
            active += change
            highest = active if moment == month.start_ms else max(highest, active)
        _note(found, month, highest)
        _note(found, month.next, active)
    return tuple(_changes(found))


def _together(events: Iterable[Event]) -> Iterator[Event]:
    for moment, together in groupby(sorted(events), key=itemgetter(0)):
        yield moment, sum(change for _, change in together)


def _note(found: list[tuple[Month, int]], month: Month, users: int) -> None:
    """A month that has events of its own takes the place of what the one before left."""
    if found and found[-1][0] == month:
        found.pop()
    found.append((month, users))


def _changes(found: Iterable[tuple[Month, int]]) -> Iterator[tuple[Month, int]]:
    before = 0
    for month, users in found:
        if users != before:
            yield month, users
        before = users


def spans_as_events(spans: Iterable[Span]) -> Iterator[Event]:
    """Users that each were active once."""
    for since, until in spans:
        if until is None or until > since:
            yield since, 1
            if until is not None:
                yield until, -1


def extension_events(in_service: Sequence[Event], extensions: Iterable[Span]) -> Iterator[Event]:
    """What direct-dial extensions add to a number, which is one user while it is in service (A5).

    With extensions it is as many as are active, one at least: so the first one adds nothing.
    """
    both = [(ms, change, 0) for ms, change in in_service]
    both += [(ms, 0, change) for ms, change in spans_as_events(extensions)]
    service = active = added = 0
    for moment, together in groupby(sorted(both), key=itemgetter(0)):
        for _, of_number, of_extension in together:
            service, active = service + of_number, active + of_extension
        more = max(active - 1, 0) if service > 0 else 0
        if more != added:
            yield moment, more - added
            added = more
