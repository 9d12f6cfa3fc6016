"""Foreign prices change with notice only (E4; TC 7.10; TKG § 57 asks for more in general terms).

A new foreign price of the standard list holds for a customer once it is valid, and once the days of notice
have passed since the day for which there is proof of notification, that day not counted (BGB §§ 187, 188).
Until then the customer's calls have the prices of the last version that the customer knows. Without proof
nothing changes. No price ever changes backwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from rating.price import Version

#: Days of notice for foreign prices when the carrier has configured nothing else.
NOTICE_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Notice:
    """Proof that a customer was told of a version: the day it arrived, and where the proof is kept."""

    customer_id: str
    list_id: str
    version: str
    notified_on: date
    proof: str


#: By customer, list and version.
Notices = Mapping[tuple[str, str, str], Notice]


def first_day(
    version: Version, *, oldest: bool, customer_id: str, since: date, notices: Notices, notice_days: int
) -> date | None:
    """The first day on which the version's foreign prices hold for a customer; None: not yet told.

    `since` is the customer's first day: versions that were valid then were agreed with the contract. The
    `oldest` version replaces no price.
    """
    if oldest or version.valid_from <= since:
        return version.valid_from
    notice = notices.get((customer_id, version.list_id, version.version))
    if notice is None:
        return None
    return max(version.valid_from, notice.notified_on + timedelta(days=notice_days + 1))


def first_days(
    versions: Sequence[Version], customer_id: str, since: date, notices: Notices, notice_days: int
) -> tuple[date | None, ...]:
    """The first day of each version for a customer; `versions` oldest first."""
    return tuple(
        first_day(
            version,
            oldest=not index,
            customer_id=customer_id,
            since=since,
            notices=notices,
            notice_days=notice_days,
        )
        for index, version in enumerate(versions)
    )


def known_on(day: date, versions: Sequence[Version], held: Sequence[date | None]) -> Version | None:
    """The version whose foreign prices a customer pays on a day, given the `first_days` of all."""
    known = None
    for version, first in zip(versions, held, strict=True):
        if first is not None and first <= day:
            known = version
    return known
