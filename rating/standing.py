"""Quotas of a month while its calls arrive in any order: which calls can be rated at once.

The invoice's order is that of the calls' beginnings (rating/batch.py), but records arrive at the calls' ends.
A late one may be rated where it arrives, without touching another charge, in two cases, for each quota:

- It begins behind the last call that took something from the quota: what was taken before it is known.
- Nothing was cut so far, and the quota covers this call too: then it covers every call, in whatever order.

In all other cases the customer's month is rated again as a whole (store/rating_months.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from rating.book import Book
from rating.charge import Charge, Unrated
from rating.engine import rate
from rating.leg import BillableLeg

#: Beginning in ms and leg id: the order of calls on the invoice.
Place = tuple[int, str]
_BEFORE_ALL: Place = (-1, "")


@dataclass(frozen=True, slots=True)
class QuotaStanding:
    """`used_s`: taken so far. `cut`: a call was not covered whole. `last`: the last call that took some."""

    used_s: int = 0
    cut: bool = False
    last: Place = _BEFORE_ALL


#: Of each quota of a book, in its order.
Standing = tuple[QuotaStanding, ...]


def unused_standing(book: Book) -> Standing:
    """At the beginning of a month."""
    return (QuotaStanding(),) * len(book.quotas)


def rate_arrival(
    leg: BillableLeg, book: Book, standing: Standing
) -> tuple[Charge | Unrated, Standing] | None:
    """The result for a leg that arrives now, and the standing after it; None: rate the month again."""
    result = rate(leg, book, tuple([each.used_s for each in standing]))
    if isinstance(result, Unrated) or result.price is None or not result.blocks:
        return result, standing
    index = book.quota_of.get(result.price.zone)
    if index is None:
        return result, standing
    before = standing[index]
    covered = result.bundle_blocks == result.blocks
    here = (leg.start_ms, leg.leg_id)
    if here < before.last and (before.cut or not covered):
        return None
    after = QuotaStanding(
        before.used_s + result.bundle_s,
        before.cut or not covered,
        max(before.last, here) if result.bundle_s else before.last,
    )
    return result, (*standing[:index], after, *standing[index + 1 :])
