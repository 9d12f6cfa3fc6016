"""What the bank says settles claims to the cent, or waits for a person (E9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.bank import NO_CHARGES, Back, BankLine, Fault
from rating.bank_matching import (
    CameBack,
    Credited,
    Known,
    Outcome,
    Owed,
    Paid,
    Presented,
    Unclear,
    match,
    numbers_in,
)
from rating.invoice import total
from rating.money import Money
from tests.unit.rating.invoices import euro

DAY = date(2026, 12, 9)
ONE = Presented("R2026-000001", "R2026-000001", "kunde-a", euro("10.00"))
TWO = Presented("R2026-000002", "R2026-000002", "kunde-b", euro("20.00"))
OWED = Owed("R2026-000001", "kunde-a", euro("10.00"))
MORE = Owed("R2026-000002", "kunde-a", euro("20.00"))


def line(amount: str, purpose: str = "", back: Back | None = None, batch: str = "") -> BankLine:
    return BankLine("k", DAY, euro(amount), purpose=purpose, batch=batch, back=back)


def unclear(outcome: Outcome) -> str:
    assert isinstance(outcome, Unclear), outcome
    return outcome.sentence


@pytest.mark.parametrize(
    ("purpose", "numbers"),
    [
        ("Rechnung R2026-000001 vom 30.11.", ("R2026-000001",)),
        ("re. r2026 000001/R2026- 000002", ("R2026-000001", "R2026-000002")),
        ("R2026-000001 R2026-000001", ("R2026-000001",)),
        ("Rechnung 000001", ()),
    ],
)
def test_customers_write_invoice_numbers_in_many_ways(purpose: str, numbers: tuple[str, ...]) -> None:
    assert numbers_in(line("1.00", purpose)) == numbers


def test_a_file_is_credited_when_its_debits_give_the_sum() -> None:
    known = Known(batch=(ONE, TWO))
    assert match(line("30.00", batch="x"), known) == Credited((ONE, TWO))
    assert "sum to 30.00 EUR" in unclear(match(line("29.00", batch="x"), known))
    rejected = Known(batch=(ONE, replace(TWO, back=True)))
    assert match(line("10.00", batch="x"), rejected) == Credited((ONE,)), "what came back first is left out"
    done = Known(batch=(replace(ONE, credited=True), TWO))
    assert match(line("20.00", batch="x"), done) == Credited((TWO,))
    assert match(line("10.00"), Known(presented=ONE)) == Credited((ONE,))


def test_a_return_fits_its_debit_and_the_rest_is_the_banks_charge() -> None:
    known = Known(presented=ONE)
    told = Back("AM04", euro("10.00"), euro("3.00"))
    found = match(line("-13.00", back=told), known)
    assert found == CameBack(ONE, euro("3.00"), "AM04", Fault.CUSTOMER)
    silent = Back("MD06", None, NO_CHARGES)
    assert match(line("-10.00", back=silent), known) == CameBack(ONE, euro("0.00"), "MD06", Fault.EXAMINE)
    assert "none of ours" in unclear(match(line("-10.00", back=told), Known()))
    assert "before" in unclear(match(line("-13.00", back=told), Known(presented=replace(ONE, back=True))))
    assert "came back with 9.00" in unclear(match(line("-9.00", back=silent), known))
    other = replace(told, collected=euro("9.00"))
    assert "came back with 9.00" in unclear(match(line("-13.00", back=other), known))


def test_payments_are_taken_whole_or_as_a_part_of_one_invoice() -> None:
    both = Known(named=(OWED, MORE))
    assert match(line("30.00"), both) == Paid(((OWED, euro("10.00")), (MORE, euro("20.00"))))
    assert "it is 1.00 EUR less" in unclear(match(line("29.00"), both))
    assert match(line("4.00"), Known(named=(OWED,))) == Paid(((OWED, euro("4.00")),))
    assert "it is 1.00 EUR more" in unclear(match(line("11.00"), Known(named=(OWED,))))
    assert "paid already" in unclear(match(line("10.00"), Known(named=(replace(OWED, unpaid=euro("0")),))))


def test_without_a_number_the_payers_account_must_leave_no_doubt() -> None:
    payer = Known(of_payer=(OWED, MORE))
    assert match(line("20.00"), payer) == Paid(((MORE, euro("20.00")),))
    assert isinstance(match(line("30.00"), payer), Paid)
    twins = Known(of_payer=(OWED, replace(MORE, unpaid=euro("10.00"))))
    assert "no single unpaid one" in unclear(match(line("10.00"), twins))
    assert "no single unpaid one" in unclear(match(line("5.00"), payer))
    assert "left our account" in unclear(match(line("-5.00"), payer))


CENTS = st.integers(1, 5_000)


@given(st.lists(CENTS, min_size=1, max_size=5), st.integers(-6_000, 12_000), st.booleans())
def test_what_is_settled_is_what_came_in_and_never_more_than_is_open(
    unpaid: list[int], amount: int, by_number: bool
) -> None:
    owed = tuple(
        Owed(f"R2026-{index:06}", "kunde-a", Money.of_ticks(cents * 600_000, "EUR"))
        for index, cents in enumerate(unpaid)
    )
    came = BankLine("k", DAY, Money.of_ticks(amount * 600_000, "EUR"))
    found = match(came, Known(named=owed) if by_number else Known(of_payer=owed))
    if isinstance(found, Paid):
        assert total(part for _, part in found.parts) == came.amount
        assert all(part <= each.unpaid for each, part in found.parts)
    else:
        assert isinstance(found, Unclear)
