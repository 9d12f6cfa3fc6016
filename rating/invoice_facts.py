"""What an invoice is made from: facts gathered by others, amounts net, days German (E5, E6, E8, E10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from rating.berlin import Month
from rating.charge import Charge
from rating.fx import EURO, Rate
from rating.invoice import NOTHING, Account, Party
from rating.invoice_bank_days import NOTICE_DAYS
from rating.money import Money, Rounding
from rating.price import Zone
from rating.terms import LEAST_USERS
from rating.totals import Total, totals


class Group(StrEnum):
    """Usage lines of an invoice and sections of its itemised bill: groups of destinations."""

    FIXED = "national_fixed"
    MOBILE = "national_mobile"
    SERVICE = "national_service"
    FOREIGN = "foreign"
    #: Free whatever the lists say: emergency, 0800, incoming, on-net, unanswered.
    FREE = "free"


_OF_ZONE: Final = {
    Zone.FIXED: Group.FIXED,
    Zone.MOBILE: Group.MOBILE,
    Zone.SERVICE: Group.SERVICE,
    Zone.FOREIGN: Group.FOREIGN,
}


def group_of(charge: Charge) -> Group:
    """Which line of the invoice a charge is in."""
    return _OF_ZONE[charge.price.zone] if charge.price else Group.FREE


@dataclass(frozen=True, slots=True)
class Usage:
    """The sum of the charges of a group; charges of two currencies or roundings are two usages."""

    group: Group
    total: Total


def usages(charges: Iterable[Charge]) -> tuple[Usage, ...]:
    """Charges added up for the invoice, in a fixed order whatever theirs is."""
    by_group: dict[Group, list[Charge]] = {}
    for each in charges:
        by_group.setdefault(group_of(each), []).append(each)
    order = list(Group)
    found = [Usage(group, one) for group, some in by_group.items() for one in totals(some).values()]
    return tuple(sorted(found, key=lambda each: (order.index(each.group), *_key(each.total))))


def _key(total: Total) -> tuple[bool, str, str, str, int]:
    rounding: Rounding = total.rounding
    return total.currency != EURO, total.currency, rounding.stage, rounding.mode, rounding.places


@dataclass(frozen=True, slots=True)
class Late:
    """Usage of an earlier month that became known after its invoice, or was rated again: the difference.

    Negative where the month was charged too much.
    """

    month: Month
    usage: Usage


@dataclass(frozen=True, slots=True)
class UserFee:
    """A monthly price per user; `active` is the month's highest number. Never prorated (TC 11.8)."""

    name: str
    price: Money
    active: int
    least: int = LEAST_USERS


@dataclass(frozen=True, slots=True)
class OneOff:
    """A price that is due once, as on the first invoice (E6); `done_on` decides the VAT."""

    name: str
    price: Money
    done_on: date
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Credit:
    """A net amount in the customer's favour, set off on this invoice (E10); `amount` is positive."""

    name: str
    amount: Money
    done_on: date
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Damages:
    """What the customer owes for a damage, not for a service: a return-debit fee (E9). Without VAT."""

    name: str
    details: str
    amount: Money
    done_on: date


@dataclass(frozen=True, slots=True)
class Mandate:
    """Consent to direct debits from an account; `creditor_id` is ours."""

    reference: str
    creditor_id: str
    debtor: Account


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """Everything that `compose` needs. `rates`: by currency, those of the month's last day (rating/fx.py).

    `mandate`: None when the customer transfers, within `payment_days` days. `balance`: what the customer owes
    by earlier documents less what was paid; negative: credit of the customer, which pays this invoice first.
    """

    number: str
    month: Month
    issued_on: date
    seller: Party
    buyer: Party
    account: Account
    mandate: Mandate | None = None
    reverse_charge: bool = False
    fees: tuple[UserFee, ...] = ()
    one_offs: tuple[OneOff, ...] = ()
    usage: tuple[Usage, ...] = ()
    late: tuple[Late, ...] = ()
    credits: tuple[Credit, ...] = ()
    damages: tuple[Damages, ...] = ()
    balance: Money = NOTHING
    rates: Mapping[str, Rate] = field(default_factory=dict)
    notice_days: int = NOTICE_DAYS
    payment_days: int = 14
