"""Objections hold what they dispute, and two unpaid months are found."""

from __future__ import annotations

from datetime import date

import pytest

from rating.berlin import Month
from rating.invoice_claims import (
    Objection,
    OpenItem,
    data_until,
    disputed,
    is_in_time,
    unpaid_for_two_months,
)
from rating.invoice_compose import compose
from tests.unit.rating.invoices import FACTS, euro

INVOICE = compose(FACTS)


@pytest.mark.parametrize(
    ("raised_on", "in_time"),
    [
        (date(2026, 12, 1), True),
        (date(2027, 1, 26), True),
        (date(2027, 1, 27), False),
        (date(2026, 11, 30), False),
    ],
)
def test_objections_have_eight_weeks(raised_on: date, in_time: bool) -> None:
    """E10, TC 12.1, TKG § 67(1)."""
    assert is_in_time(date(2026, 12, 1), raised_on) is in_time


def objection(*positions: int, settled_on: date | None = None, number: str = INVOICE.number) -> Objection:
    return Objection(number, date(2026, 12, 3), frozenset(positions), "nicht telefoniert", settled_on)


def test_an_open_objection_holds_its_positions_with_their_tax() -> None:
    """E10: 2.50 and 9.24 net are 13.97 gross."""
    today = date(2026, 12, 10)
    assert disputed(INVOICE, [objection(5), objection(5, 6)], today) == euro("13.97")
    assert disputed(INVOICE, [objection()], today) == INVOICE.gross
    assert disputed(INVOICE, [objection(*range(1, 8))], today) == INVOICE.gross
    assert disputed(INVOICE, [objection(5, settled_on=date(2026, 12, 9))], today) == euro("0")
    assert disputed(INVOICE, [objection(5, number="RE-1")], today) == euro("0")


def test_billing_data_wait_for_six_months_or_the_end_of_a_dispute() -> None:
    """TDDDG § 10(2)."""
    assert data_until(date(2026, 11, 30), []) == date(2027, 5, 30)
    assert data_until(date(2026, 8, 31), []) == date(2027, 2, 28)
    assert data_until(date(2026, 11, 30), [objection()]) is None
    assert data_until(date(2026, 11, 30), [objection(settled_on=date(2027, 8, 1))]) == date(2027, 8, 1)


def item(customer: str, month: int, unpaid: str = "10.00", held: str = "0.00", due: int = 8) -> OpenItem:
    return OpenItem(
        customer, f"RE-{month}", Month(2026, month), date(2026, month, due), euro(unpaid), euro(held)
    )


def test_two_unpaid_months_are_found_without_what_is_disputed() -> None:
    """E11, TC 17."""
    items = [
        item("one", 9), item("one", 10, "5.00", "2.00"),
        item("disputed", 9), item("disputed", 10, "5.00", "5.00"),
        item("same-month", 9), item("same-month", 9, due=9),
        item("not-due", 9), item("not-due", 11, due=25),
    ]  # fmt: skip
    (found,) = unpaid_for_two_months(items, date(2026, 11, 20))
    assert (found.customer_id, found.months) == ("one", (Month(2026, 9), Month(2026, 10)))
    assert found.owed == euro("13.00")
