"""What is to be deleted on a day, and what holds it."""

from __future__ import annotations

from datetime import date

import pytest

from privacy.plan import BilledMonth, FormerCustomer, Hold, never_invoiced, plan

NOVEMBER = date(2026, 11, 1)
SENT = date(2026, 12, 3)
BILLED = BilledMonth("beispiel-bau", NOVEMBER, SENT)
LEFT = FormerCustomer("beispiel-bau", date(2026, 11, 30), "")


def test_call_records_go_the_day_after_six_months_from_the_invoice() -> None:
    """F4, TDDDG § 10(2)."""
    assert plan(date(2027, 6, 3), [BILLED], [], []).months == ()
    assert plan(date(2027, 6, 4), [BILLED], [], []).months == (BILLED,)


@pytest.mark.parametrize(
    ("month", "last"),
    [
        (NOVEMBER, date(2026, 11, 30)),
        (date(2026, 12, 1), date(2026, 12, 31)),
        (date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_a_month_that_is_never_invoiced_counts_from_its_last_day(month: date, last: date) -> None:
    """F4, TDDDG § 9(1): what no bill is made of is not kept longer than what one is made of."""
    never = never_invoiced("beispiel-bau", month)
    assert (never.sent_on, never.kind.id) == (last, "unbilled-traffic")
    (kept,) = plan(date(2029, 1, 1), [never], [], [Hold("beispiel-bau", month, False, "x")]).kept
    assert kept.kind == never.kind


def test_calls_that_no_invoice_has_go_six_months_after_their_month() -> None:
    """F4."""
    never = never_invoiced("beispiel-bau", NOVEMBER)
    assert plan(date(2027, 5, 30), [never], [], []).months == ()
    assert plan(date(2027, 5, 31), [never], [], []).months == (never,)


def test_a_former_customer_goes_a_month_after_the_contract() -> None:
    """F4, CC 13.2."""
    assert plan(date(2026, 12, 30), [], [LEFT], []).customers == ()
    assert plan(date(2026, 12, 31), [], [LEFT], []).customers == (LEFT,)


@pytest.mark.parametrize(
    ("hold", "month_goes", "customer_goes"),
    [
        (Hold("beispiel-bau", NOVEMBER, False, "objection"), False, False),
        (Hold("beispiel-bau", date(2026, 10, 1), False, "objection"), True, False),
        (Hold("beispiel-bau", None, False, "objection"), False, False),
        (Hold("beispiel-bau", None, True, "order"), False, False),
        (Hold("beispiel-praxis", None, True, "order"), True, True),
    ],
)
def test_a_hold_keeps_what_it_is_about(hold: Hold, month_goes: bool, customer_goes: bool) -> None:
    """F4: an objection keeps its month's calls and whom to write to; nothing of anybody else."""
    found = plan(date(2028, 1, 1), [BILLED], [LEFT], [hold])
    assert (found.months, found.customers) == ((BILLED,) * month_goes, (LEFT,) * customer_goes)
    assert len(found.kept) == 2 - month_goes - customer_goes
    assert all(each.why == hold.why for each in found.kept)


def test_numbers_in_quarantine_keep_their_former_customer() -> None:
    """TKG § 59(6): a number may still be ported by whom it belonged to."""
    waiting = FormerCustomer("beispiel-bau", date(2026, 11, 30), "3 of its numbers are in quarantine")
    found = plan(date(2027, 1, 15), [], [waiting], [])
    assert found.customers == ()
    assert [each.why for each in found.kept] == [waiting.waits_for]
