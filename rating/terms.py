"""What a customer has agreed: price model, quotas of a month, individual price list (E2, E3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from rating.price import Zone

#: Users that are paid, and bring minutes, in any case (TC 7.2).
LEAST_USERS: Final = 5


class Model(StrEnum):
    """The three price models (E2)."""

    BASIS = "basis"
    MEDIUM = "medium"
    COMPLETE = "complete"


class CountedPer(StrEnum):
    """Whether agreed minutes are for each user or for the whole customer."""

    USER = "user"
    CUSTOMER = "customer"


#: Zones of a quota by its name, which is that of the contract's key (provisioning, `fair_use`).
QUOTA_ZONES: Final = {
    "fixed_minutes": frozenset({Zone.FIXED}),
    "mobile_minutes": frozenset({Zone.MOBILE}),
    "fixed_and_mobile_minutes": frozenset({Zone.FIXED, Zone.MOBILE}),
}
#: Quotas that fit each price model (E2).
FITTING: Final[dict[Model, tuple[tuple[str, ...], ...]]] = {
    Model.BASIS: ((),),
    Model.MEDIUM: (("fixed_minutes",),),
    Model.COMPLETE: (("fixed_minutes", "mobile_minutes"), ("fixed_and_mobile_minutes",)),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """Seconds of a calendar month that the flat rate covers, for destinations of these zones."""

    name: str
    zones: frozenset[Zone]
    seconds: int


@dataclass(frozen=True, slots=True)
class Terms:
    """A customer's terms from the first to the last day, both included (None: until further notice).

    `users`: those of the invoice (highest number in the month, at least five); they multiply quotas that are
    counted per user. `minutes`: (quota's name, minutes a month), in the order of `QUOTA_ZONES`.
    """

    customer_id: str
    first_day: date
    last_day: date | None
    model: Model
    list_id: str | None
    counted_per: CountedPer
    users: int
    minutes: tuple[tuple[str, int], ...]

    def quotas(self) -> tuple[Quota, ...]:
        """The month's quotas. A month that the contract covers in part has them in full (TC 11.8)."""
        times = max(self.users, LEAST_USERS) if self.counted_per is CountedPer.USER else 1
        return tuple(Quota(name, QUOTA_ZONES[name], count * 60 * times) for name, count in self.minutes)
