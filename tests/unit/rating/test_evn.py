"""The itemised bill shows what was ordered and the law allows, and adds up to the invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.batch import rate_all
from rating.berlin import Month
from rating.charge import Charge
from rating.errors import EvnRefused
from rating.evn import Counselling, Detail, Evn, EvnCall, Order, itemise, shortened
from rating.invoice_facts import usages
from rating.leg import BillableLeg
from tests.unit.rating.files import books, leg

BOOKS = books()
MONTH = Month(2026, 11)
ORDER = Order(date(2026, 1, 1), Detail.FULL, date(2026, 1, 1))
NOBODY = Counselling({})
OWN = "+492214710123"
HELP = "+492214710999"


def call(called: str, seconds: int, customer: str = "basis-gmbh", leg_id: str = "1") -> BillableLeg:
    return leg(called, seconds, customer, leg_id=leg_id)


def itemised(legs: list[BillableLeg], order: Order = ORDER, hidden: Counselling = NOBODY) -> Evn:
    charges = [each for each in rate_all(legs, BOOKS) if isinstance(each, Charge)]
    assert len(charges) == len(legs)
    calls = [EvnCall(each, OWN) for each in charges]
    return itemise(order, MONTH, "RE-1", legs[0].customer_id, calls, hidden)


def shown(evn: Evn) -> list[str]:
    return [entry.other for section in evn.sections for entry in section.entries]


def test_called_numbers_are_full_or_shortened_by_three_digits_as_ordered() -> None:
    """E7, TDDDG § 11(1)."""
    legs = [call("+4915228817386", 61)]
    assert shown(itemised(legs)) == ["+4915228817386"]
    assert shown(itemised(legs, replace(ORDER, detail=Detail.SHORTENED))) == ["+4915228817xxx"]
    assert shortened("11833") == "11833"


def test_callers_to_lines_whose_owner_pays_are_always_shortened() -> None:
    """TDDDG § 11(4)."""
    (charge,) = rate_all([call("+4915228817386", 61)], BOOKS)
    assert isinstance(charge, Charge)
    paid = EvnCall(charge, "+498004710123", caller="+493023125123")
    assert shown(itemise(ORDER, MONTH, "RE-1", "basis-gmbh", [paid], NOBODY)) == ["+493023125xxx"]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (replace(ORDER, declared_on=None), r"TDDDG § 11\(3\)"),
        (replace(ORDER, declared_on=date(2026, 11, 2)), r"TDDDG § 11\(3\)"),
        (replace(ORDER, ordered_on=date(2026, 11, 2)), r"TDDDG § 11\(1\)"),
    ],
)
def test_none_is_made_without_order_and_declaration_before_the_month(order: Order, reason: str) -> None:
    with pytest.raises(EvnRefused, match=reason):
        itemised([call("+4915228817386", 61)], order)


def test_a_call_to_a_counselling_line_is_not_shown_but_paid() -> None:
    """TDDDG § 11(5): nothing can be concluded, the sum stays that of the invoice."""
    legs = [call(HELP, 300, leg_id="1"), call("+492214710100", 60, leg_id="2")]
    since = Counselling({HELP: (date(2026, 11, 1), None)})
    evn = itemised(legs, hidden=since)
    assert shown(evn) == ["+492214710100"]
    (section,) = evn.sections
    assert section.hidden_ticks > 0
    assert section.ticks == section.usage.total.ticks
    ended = Counselling({HELP: (date(2026, 1, 1), date(2026, 10, 31))})
    assert shown(itemised(legs, hidden=ended)) == [HELP, "+492214710100"]


def test_flat_rate_calls_are_shown_on_wish_only() -> None:
    """TDDDG § 11(1)."""
    legs = [call("+492214710100", 60, "medium-gmbh")]
    assert shown(itemised(legs)) == []
    assert shown(itemised(legs, replace(ORDER, with_flat_rate=True))) == ["+492214710100"]


def test_a_leg_of_another_customer_or_month_is_refused() -> None:
    """Guarantee 8."""
    with pytest.raises(EvnRefused, match="is not one of"):
        itemised([call("+492214710100", 60), call("+492214710100", 60, "medium-gmbh", "2")])


LEGS = st.lists(
    st.tuples(
        st.sampled_from(["+492214710100", HELP, "+4915228817386", "+4366212345", "+43662999000", "112"]),
        st.integers(0, 4_000),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(LEGS, st.sampled_from(["basis-gmbh", "medium-gmbh", "complete-gmbh"]), st.booleans(), st.booleans())
def test_the_itemised_bill_adds_up_to_the_invoice(
    drawn: list[tuple[str, int]], customer: str, flat: bool, hide: bool
) -> None:
    """Guarantee 5: for every month, order and list of hidden numbers; whatever the order of the calls."""
    legs = [call(called, seconds, customer, str(index)) for index, (called, seconds) in enumerate(drawn)]
    hidden = Counselling({HELP: (date(2020, 1, 1), None)} if hide else {})
    evn = itemised(legs, replace(ORDER, with_flat_rate=flat), hidden)
    charges = [each for each in rate_all(legs, BOOKS) if isinstance(each, Charge)]
    expected = {(each.group, each.total.currency): each.total for each in usages(charges)}
    for section in evn.sections:
        total = expected[section.usage.group, section.usage.total.currency]
        assert section.ticks == total.ticks
        assert section.usage.total.line() == total.line()
    assert sum(each.ticks for each in evn.sections) == sum(each.ticks for each in charges)
    assert evn == itemised(legs[::-1], replace(ORDER, with_flat_rate=flat), hidden)
