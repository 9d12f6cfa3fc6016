"""What running calls take of the quotas at a moment: the part that nobody else may count on.

A reservation, not a right: no call is cut at a quota's edge, and what a call really uses is decided by the
order of beginnings when its record is rated (rating/batch.py). In the same order calls that are up, and calls
that have ended and are not rated yet, take from what is left, each by the engine's own rules and as if it
ended now. So parallel calls together never take more than there is, and none takes the whole rest for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rating.book import Book
from rating.charge import Charge
from rating.engine import Used, rate, spent
from rating.leg import BillableLeg


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A quota of a month. `agreed_s` = `used_s` (rated) + `reserved_s` (by `calls` calls) + `left_s`.

    `exceeded`: a call that is not rated yet was or is longer than what was left for it.
    """

    name: str
    agreed_s: int
    used_s: int
    reserved_s: int
    calls: int
    exceeded: bool

    @property
    def left_s(self) -> int:
        """What a call that begins now finds."""
        return self.agreed_s - self.used_s - self.reserved_s


def reserve(book: Book, used: Used, legs: Iterable[BillableLeg]) -> tuple[QuotaState, ...]:
    """The quotas of a book, in its order, with `used` seconds rated and these legs on their way.

    `legs`: of the book's customer and month, each once; a running one with its duration so far.
    """
    now = used
    calls = [0] * len(book.quotas)
    exceeded = [False] * len(book.quotas)
    for leg in sorted(legs, key=lambda each: (each.start_ms, each.leg_id)):
        result = rate(leg, book, now)
        if not isinstance(result, Charge) or result.price is None or not result.blocks:
            continue
        index = book.quota_of.get(result.price.zone)
        if index is None:
            continue
        now = spent(now, result, book)
        calls[index] += bool(result.bundle_s)
        exceeded[index] |= result.bundle_blocks < result.blocks
    return _states(book, used, now, calls, exceeded)


def _states(
    book: Book, used: Used, now: Used, calls: Sequence[int], exceeded: Sequence[bool]
) -> tuple[QuotaState, ...]:
    return tuple(
        QuotaState(quota.name, quota.seconds, before, after - before, count, over)
        for quota, before, after, count, over in zip(book.quotas, used, now, calls, exceeded, strict=True)
    )
