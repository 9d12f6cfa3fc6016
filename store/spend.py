"""What was booked of a customer's money, day by day and month by month, for its limits (B11).

Rating books here after it has rated a call; the ledger in PostgreSQL is the truth, this is what a call can
ask without waiting for it. Days and months are German ones. Amounts are whole micro-euro, so nothing is
rounded; corrections are negative amounts. `replace` sets a period to what the ledger says, after Redis lost
its data or rating was run again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import redis

from dialplan.limits.agreed import Claim, Counter, Scope, spend_day, spend_month
from store.foreign_errors import redis_errors
from store.limits import counter_key

#: A period is kept for as long after its last booking: a late charge still finds it.
_DAY_KEPT_S: Final = 7 * 86_400
_MONTH_KEPT_S: Final = 70 * 86_400
#: Largest sum that Redis' scripts compare exactly (2^53), far above any limit (10^15 micro-euro).
MAX_MICRO: Final = 1 << 53


class SpendCounters:
    """All methods raise LiveStateError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def book(self, customer_id: str, at: datetime, micro_euro: int) -> None:
        """A charge of a call that ended at `at` (aware). Not idempotent: book each charge once."""
        _check(micro_euro)
        with redis_errors(f"booking a charge of {customer_id}"):
            pipeline = self._client.pipeline(transaction=True)
            for key, kept_s in _keys(customer_id, at):
                pipeline.incrby(key, micro_euro)
                pipeline.expire(key, kept_s)
            pipeline.execute()

    def replace(self, customer_id: str, at: datetime, day_micro: int, month_micro: int) -> None:
        """The sums of the day and the month of `at`, as the ledger has them."""
        _check(day_micro)
        _check(month_micro)
        sums = (day_micro, month_micro)
        with redis_errors(f"setting the spend of {customer_id}"):
            pipeline = self._client.pipeline(transaction=True)
            for (key, kept_s), value in zip(_keys(customer_id, at), sums, strict=True):
                pipeline.set(key, value, ex=kept_s)
            pipeline.execute()


def _keys(customer_id: str, at: datetime) -> tuple[tuple[str, int], tuple[str, int]]:
    day = Claim(Counter.SPEND_PER_DAY, Scope.CUSTOMER, f"{customer_id}/{spend_day(at)}", 0)
    month = Claim(Counter.SPEND_PER_MONTH, Scope.CUSTOMER, f"{customer_id}/{spend_month(at)}", 0)
    return (counter_key(day), _DAY_KEPT_S), (counter_key(month), _MONTH_KEPT_S)


def _check(micro_euro: int) -> None:
    if abs(micro_euro) > MAX_MICRO:
        raise ValueError(f"{micro_euro} micro-euro is more than is counted")
