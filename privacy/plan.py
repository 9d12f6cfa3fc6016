"""What is to be deleted on a day: facts and holds in, due months and customers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from privacy.kinds import BILLED_TRAFFIC, CUSTOMER, KINDS, UNBILLED_TRAFFIC, Kind


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps a customer's data. `month` (its first day): the traffic data of that month and the
    customer's data; None: of all months. `everything`: by order of an authority, every kind."""

    customer_id: str
    month: date | None
    everything: bool
    why: str

    def holds_month(self, customer_id: str, month: date) -> bool:
        """Whether it keeps the call records of a customer's month."""
        return self.customer_id == customer_id and self.month in (None, month)


@dataclass(frozen=True, slots=True)
class BilledMonth:
    """A month with call records. `sent_on`: when the last invoice with calls of it was dispatched first; the
    month's last day where no invoice has any (`invoiced`)."""

    customer_id: str
    month: date
    sent_on: date
    invoiced: bool = True

    @property
    def kind(self) -> Kind:
        """What its call records are."""
        return BILLED_TRAFFIC if self.invoiced else UNBILLED_TRAFFIC


def never_invoiced(customer_id: str, month: date) -> BilledMonth:
    """A month, by its first day, whose invoice would have gone out with its end."""
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return BilledMonth(customer_id, month, last, invoiced=False)


@dataclass(frozen=True, slots=True)
class FormerCustomer:
    """A customer whose contract ended. `waits_for`: why its data cannot go yet, "" if they can."""

    customer_id: str
    ended_on: date
    waits_for: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Data whose time is over and that stay all the same."""

    kind: Kind
    customer_id: str
    month: date | None
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`cutoffs`: by kind, the newest beginning of a period that is over (kinds with a period of their own).
    `months`, `customers`: to be deleted. `kept`: due, but held."""

    today: date
    cutoffs: Mapping[str, date]
    months: tuple[BilledMonth, ...]
    customers: tuple[FormerCustomer, ...]
    kept: tuple[Kept, ...]


_CUT_BY_DAY: Final = tuple(each for each in KINDS if each.period is not None)


def plan(
    today: date, months: Iterable[BilledMonth], former: Iterable[FormerCustomer], holds: Iterable[Hold]
) -> Plan:
    """The day's plan. Nothing is due on its last day of keeping; it is on the next."""
    holds = tuple(holds)
    cutoffs = {each.id: each.period.due_until(today) for each in _CUT_BY_DAY if each.period is not None}
    kept: list[Kept] = []
    due_months: list[BilledMonth] = []
    for month in months:
        if month.sent_on > cutoffs[month.kind.id]:
            continue
        why = next((each.why for each in holds if each.holds_month(month.customer_id, month.month)), "")
        if why:
            kept.append(Kept(month.kind, month.customer_id, month.month, why))
        else:
            due_months.append(month)
    due_customers: list[FormerCustomer] = []
    for customer in former:
        if customer.ended_on > cutoffs[CUSTOMER.id]:
            continue
        why = next((each.why for each in holds if each.customer_id == customer.customer_id), "")
        why = why or customer.waits_for
        if why:
            kept.append(Kept(CUSTOMER, customer.customer_id, None, why))
        else:
            due_customers.append(customer)
    return Plan(
        today,
        cutoffs,
        tuple(due_months),
        tuple(due_customers),
        tuple(kept),
    )
