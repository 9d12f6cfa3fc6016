"""What is configured about the caller ids of a customer: rules of its lines, rights to further numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from numbering.e164 import E164


@dataclass(frozen=True, slots=True)
class CallerPolicy:
    """What holds for the caller id of a line, a trunk or a phone.

    `withhold`: its number is withheld on every call (CLIR). `advertising`: its calls are advertising (TDDDG
    § 15(2)). `refuse`: a wrong caller id is answered with 403 instead of being put right. `forwards`: its
    equipment forwards calls and may show their callers.
    """

    withhold: bool = False
    advertising: bool = False
    refuse: bool = False
    forwards: bool = False


NO_POLICY: Final = CallerPolicy()


@dataclass(frozen=True, slots=True)
class RightOfUse:
    """A recorded right to show a number that is not assigned to the customer (TKG § 120(2)).

    From `first` to `last`, both included; None: until further notice. `foreign_allowed`: excepted by contract
    under Vfg 44/2022.
    """

    first: date
    last: date | None = None
    foreign_allowed: bool = False

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a German day."""
        return self.first <= day and (self.last is None or day <= self.last)


NO_RIGHTS: Final[Mapping[E164, RightOfUse]] = MappingProxyType({})
