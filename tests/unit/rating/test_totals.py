"""Sums of charges lose nothing and are rounded where the price model says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rating.batch import rate_all
from rating.charge import Charge
from rating.errors import CurrencyMismatch
from rating.fx import Rate
from rating.leg import BillableLeg
from rating.money import TICKS
from rating.totals import net_total, totals
from tests.unit.rating.files import LISTS_HEADER, books, leg, prices, text


def charged(legs: list[BillableLeg], **others: bytes) -> list[Charge]:
    return [found for found in rate_all(legs, books(**others)) if isinstance(found, Charge)]


def calls(customer: str, count: int, seconds: int = 61) -> list[BillableLeg]:
    return [leg("+4915228817386", seconds, customer, leg_id=str(number)) for number in range(count)]


@pytest.mark.parametrize(
    ("model", "line"),
    [
        # 1,000 calls of 61 s at 0.10 a minute: 101.666666... exactly; 0.1017 a call; 0.11 a call.
        ("basis;line;half-up;", "101.67 EUR"),
        ("basis;call;half-up;4", "101.70 EUR"),
        ("basis;call;up;2", "110.00 EUR"),
        ("basis;invoice;up;", "101.67 EUR"),
    ],
)
def test_a_line_is_the_sum_of_its_calls(model: str, line: str) -> None:
    """Field notes, complaint 7; guarantee 5."""
    models = text("model;rounded;mode;places", model, "medium;call;up;2", "complete;line;up;")
    ((_, total),) = totals(charged(calls("basis-gmbh", 1_000), models=models)).items()
    assert (total.calls, total.seconds, total.paid_s, total.without_cost) == (1_000, 61_000, 61_000, 1_000)
    assert str(total.line()) == line
    assert str(net_total([(total, None)])) == line


def test_the_order_of_charges_does_not_change_their_sum() -> None:
    found = charged(calls("basis-gmbh", 30) + calls("medium-gmbh", 20) + calls("complete-gmbh", 20, 100))
    assert totals(found) == totals(reversed(found))
    assert len(totals(found)) == 3
    halves = totals(found[:25]), totals(found[25:])
    for key, total in totals(found).items():
        parts = [half[key] for half in halves if key in half]
        assert (parts[0] if len(parts) == 1 else parts[0] + parts[1]) == total


def test_sums_of_two_price_models_are_not_mixed() -> None:
    one, two = (
        next(iter(totals(charged(calls(each, 1))).values())) for each in ("basis-gmbh", "medium-gmbh")
    )
    with pytest.raises(CurrencyMismatch):
        _ = one + two


def test_a_foreign_sum_is_converted_once_at_the_rate_of_the_months_last_day() -> None:
    """E8."""
    lists = text(LISTS_HEADER, "standard;1;standard;USD;2026-01-01;;standard-1.csv;")
    standard = prices("+43;;A;foreign;;0.05;;;60/60;;")
    legs = [leg("+4312345", 60, leg_id=str(number)) for number in range(3)]
    ((_, total),) = totals(charged(legs, lists=lists, standard_1=standard)).items()
    rate = Rate("USD", date(2026, 11, 30), Decimal("1.2"))
    assert str(total.line(rate)) == "0.13 EUR"
    assert total.unrounded(rate) == TICKS * 125 // 1000
    for wrong in (None, Rate("CHF", date(2026, 11, 30), Decimal(1))):
        with pytest.raises(CurrencyMismatch, match="exchange rate"):
            total.line(wrong)
    euro = next(iter(totals(charged(calls("basis-gmbh", 1))).values()))
    assert str(net_total([(total, rate), (euro, None)])) == "0.23 EUR"


def test_with_rounding_of_the_total_only_lines_do_not_add_their_roundings() -> None:
    models = text(
        "model;rounded;mode;places", *(f"{each};invoice;half-up;" for each in ("basis", "medium", "complete"))
    )
    total = next(iter(totals(charged(calls("basis-gmbh", 1, 3), models=models)).values()))
    assert str(total.line()) == "0.10 EUR"
    small = next(iter(totals(charged([leg("+436641234567", 2)], models=models)).values()))
    assert str(small.line()) == "0.01 EUR"
    assert str(net_total([(small, None)] * 3)) == "0.02 EUR"


def test_nothing_sums_to_nothing() -> None:
    assert totals([]) == {}
    assert str(net_total([])) == "0.00 EUR"
