"""What was booked of a customer's money, day by day and month by month, for its limits (B11).

Counted for customers, for their phones and for countries. Rating books here after it has rated a call; the
ledger in PostgreSQL is the truth, this is what a call can ask without waiting for it. Days and months are
German ones. Amounts are whole micro-euro, so nothing is rounded; corrections are negative amounts. `replace`
sets a period to what the ledger says, after Redis lost its data or rating was run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

import redis

from dialplan.limits.agreed import Claim, Counter, Scope, spend_day, spend_month
from store.foreign_errors import redis_errors
from store.limits import counter_key

#: A period is kept for as long after its last booking: a late charge still finds it.
_DAY_KEPT_S: Final = 7 * 86_400
_MONTH_KEPT_S: Final = 70 * 86_400
#: Largest sum that Redis' scripts compare exactly (2^53), far above any limit (10^15 micro-euro).
MAX_MICRO: Final = 1 << 53
#: Bookings of one message to Redis.
_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Spender:
    """Whose money is counted. `owner`: "CUSTOMER", "CUSTOMER/PHONE" or "CUSTOMER/COUNTRY", by `scope`."""

    scope: Scope
    owner: str


@dataclass(frozen=True, slots=True)
class Booking:
    """Money of a spender's calls that began at `at` (aware), in micro-euro; negative: taken back."""

    spender: Spender
    at: datetime
    micro_euro: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A counter by its `Claim.key`, before and after a booking, in micro-euro."""

    key: str
    before: int
    after: int


class SpendCounters:
    """All methods raise LiveStateError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def book(self, customer_id: str, at: datetime, micro_euro: int) -> None:
        """A charge of a call that began at `at` (aware). Not idempotent: book each charge once."""
        self.book_all([Booking(Spender(Scope.CUSTOMER, customer_id), at, micro_euro)])

    def book_all(self, bookings: Iterable[Booking]) -> list[Moved]:
        """Charges, and where the counters stand now. Not idempotent: book each charge once."""
        moved: list[Moved] = []
        every = list(bookings)
        for start in range(0, len(every), _BATCH):
            moved += self._booked(every[start : start + _BATCH])
        return moved

    def _booked(self, portion: Sequence[Booking]) -> list[Moved]:
        keys: list[tuple[str, int]] = []
        with redis_errors("booking charges"):
            pipeline = self._client.pipeline(transaction=True)
            for each in portion:
                _check(each.micro_euro)
                for claim, kept_s in _periods(each.spender, each.at):
                    pipeline.incrby(counter_key(claim), each.micro_euro)
                    pipeline.expire(counter_key(claim), kept_s)
                    keys.append((claim.key, each.micro_euro))
            sums = cast("list[int]", pipeline.execute())[::2]
        return [Moved(key, after - micro, after) for (key, micro), after in zip(keys, sums, strict=True)]

    def replace(self, spender: Spender, at: datetime, day_micro: int, month_micro: int) -> list[Moved]:
        """The sums of the day and the month of `at`, as the ledger has them, and what stood there before."""
        _check(day_micro)
        _check(month_micro)
        sums = (day_micro, month_micro)
        with redis_errors(f"setting the spend of {spender.owner}"):
            pipeline = self._client.pipeline(transaction=True)
            for (claim, kept_s), value in zip(_periods(spender, at), sums, strict=True):
                pipeline.set(counter_key(claim), value, ex=kept_s, get=True)
            before = cast("list[bytes | None]", pipeline.execute())
        return [
            Moved(claim.key, int(found or 0), after)
            for (claim, _), found, after in zip(_periods(spender, at), before, sums, strict=True)
        ]


def _periods(spender: Spender, at: datetime) -> tuple[tuple[Claim, int], tuple[Claim, int]]:
    day = Claim(Counter.SPEND_PER_DAY, spender.scope, f"{spender.owner}/{spend_day(at)}", 0)
    month = Claim(Counter.SPEND_PER_MONTH, spender.scope, f"{spender.owner}/{spend_month(at)}", 0)
    return (day, _DAY_KEPT_S), (month, _MONTH_KEPT_S)


def _check(micro_euro: int) -> None:
    if abs(micro_euro) > MAX_MICRO:
        raise ValueError(f"{micro_euro} micro-euro is more than is counted")
