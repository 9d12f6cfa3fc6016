"""Which claims are debited on a day, and why others are not (E9, E10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from rating.debits import Announced, DebitOrder, LeftOut, MandateInForce, announcement, debit_of
from tests.unit.rating.invoices import THEIRS, euro

DUE = date(2026, 12, 7)
CLAIM = Announced("R2026-000001", "kunde-a", date(2026, 11, 30), DUE, "M-1", euro("100.00"), euro("0.00"))
MANDATE = MandateInForce("M-1", date(2025, 1, 2), "CORE", THEIRS)


def test_an_announced_claim_is_debited_with_what_is_not_disputed() -> None:
    found = debit_of(replace(CLAIM, disputed=euro("40.00")), MANDATE, DUE)
    assert isinstance(found, DebitOrder)
    assert (found.amount, found.end_to_end) == (euro("60.00"), "R2026-000001")
    later = debit_of(replace(CLAIM, attempts=1), MANDATE, date(2026, 12, 9))
    assert isinstance(later, DebitOrder)
    assert later.end_to_end == "R2026-000001-2", "each debit has an id of its own"
    assert "Wir ziehen 100.00 EUR zur Rechnung R2026-000001 am 09.12.2026" in announcement(
        later, date(2026, 12, 9), "DE98ZZZ09999999999"
    )


def test_an_account_has_changed_when_the_last_debit_was_of_another() -> None:
    assert not MANDATE.account_changed
    assert not replace(MANDATE, last_iban=THEIRS.iban).account_changed
    assert replace(MANDATE, last_iban="DE39999999990000000003").account_changed


@pytest.mark.parametrize(
    ("claim", "mandate", "said"),
    [
        (replace(CLAIM, due_on=date(2026, 12, 8)), MANDATE, "announced for 2026-12-08"),
        (replace(CLAIM, disputed=euro("100.00")), MANDATE, "is disputed"),
        (replace(CLAIM, came_back="AM04"), MANDATE, "--again R2026-000001"),
        (CLAIM, replace(MANDATE, reference="M-2"), "in force is M-2"),
        (CLAIM, None, "no mandate any more"),
        (CLAIM, replace(MANDATE, signed_on=date(2026, 12, 8)), "is not valid on"),
        (CLAIM, replace(MANDATE, signed_on=date(2023, 12, 7)), "is not valid on"),
        (CLAIM, replace(MANDATE, last_used=date(2023, 12, 7)), "is not valid on"),
    ],
)
def test_a_claim_is_left_out_with_its_reason(
    claim: Announced, mandate: MandateInForce | None, said: str
) -> None:
    found = debit_of(claim, mandate, DUE)
    assert isinstance(found, LeftOut)
    assert said in found.sentence


def test_a_customer_who_was_told_is_debited_again() -> None:
    for claim, mandate in (
        (replace(CLAIM, came_back="AM04"), MANDATE),
        (CLAIM, replace(MANDATE, reference="M-2")),
    ):
        assert isinstance(debit_of(claim, mandate, DUE, again=True), DebitOrder)
    assert isinstance(debit_of(replace(CLAIM, came_back="AM04"), None, DUE, again=True), LeftOut)
