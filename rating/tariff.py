"""Everything that prices hang on, as one value: lists, models, customers' terms, notices, exchange rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rating.berlin import Month
from rating.fx import Rates
from rating.money import Rounding
from rating.notice import Notices
from rating.price import Version
from rating.terms import Model, Terms


@dataclass(frozen=True, slots=True, eq=False)
class Tariff:
    """Checked as a whole (rating/tariff_files.py).

    `versions`: by list, oldest first, validities never overlapping. `standard`: the standard list's id.
    `terms`: by customer, oldest first, never overlapping. `cost_lists`: list by carrier trunk.
    """

    standard: str
    versions: Mapping[str, tuple[Version, ...]]
    roundings: Mapping[Model, Rounding]
    terms: Mapping[str, tuple[Terms, ...]]
    notices: Notices
    cost_lists: Mapping[str, str]
    rates: Rates
    notice_days: int

    def terms_in(self, customer_id: str, month: Month) -> Terms | None:
        """The customer's terms in a month; they change with a month only (tariff_files checks that)."""
        for terms in self.terms.get(customer_id, ()):
            ended = terms.last_day is not None and terms.last_day < month.first_day
            if terms.first_day <= month.last_day and not ended:
                return terms
        return None

    def since(self, customer_id: str) -> date:
        """The customer's first day."""
        return self.terms[customer_id][0].first_day


def valid_on(versions: tuple[Version, ...], day: date) -> Version | None:
    """The version that is valid on a day; None in a gap."""
    for version in reversed(versions):
        if version.valid_from <= day:
            return version if version.valid_until is None or day <= version.valid_until else None
    return None
