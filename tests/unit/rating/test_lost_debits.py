"""Debits that the bank has and the database lost: whose they are, and what comes before them. Pure (E9)."""

from __future__ import annotations

from datetime import date

import pytest

from rating.debits import Announced, LastDebit, LostDebit, misfit, reissued, too_early
from rating.money import Money

ISSUED, DUE = date(2026, 11, 30), date(2026, 12, 7)


def euro(amount: str) -> Money:
    return Money.parse(f"{amount} EUR")


def claim(number: str, amount: str = "9.99", mandate: str = "M-1", attempts: int = 0) -> Announced:
    return Announced(number, "kunde", ISSUED, DUE, mandate, euro(amount), euro("0.00"), attempts)


def debit(end_to_end: str, amount: str = "9.99", mandate: str = "M-1") -> LostDebit:
    return LostDebit(end_to_end, euro(amount), mandate)


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ([claim("R2026-000055")], "R2026-000055"),
        ([claim("R2027-000001")], "R2027-000001"),
        ([claim("R2026-1000000"), claim("R2026-999999")], "R2026-999999"),
        ([claim("R2026-000030")], None),
        ([claim("R2026-000055", "10.00")], None),
        ([claim("R2026-000055", mandate="M-2")], None),
        ([claim("R2026-000055", attempts=1)], None),
        ([], None),
    ],
)
def test_an_invoice_issued_anew_has_mandate_amount_and_a_later_number(
    claims: list[Announced], found: str | None
) -> None:
    """One with an earlier number was not lost: it waits for a debit of its own."""
    assert reissued([debit("R2026-000040-2")], (), claims).get("R2026-000040-2") == found


def test_each_invoice_issued_anew_takes_one_debit_and_what_is_known_none() -> None:
    lost = [debit("R2026-000041"), debit("R2026-000040"), debit("R2026-000042"), debit("foreign")]
    claims = [claim("R2026-000056"), claim("R2026-000055"), claim("R2026-000057")]
    found = reissued(lost, {"R2026-000042"}, claims)
    assert found == {"R2026-000040": "R2026-000055", "R2026-000041": "R2026-000056"}


@pytest.mark.parametrize(
    ("of", "last", "said"),
    [
        (None, None, ""),
        (claim("R2026-000031"), None, ""),
        (claim("R2026-000031"), LastDebit(), ""),
        (claim("R2026-000031"), LastDebit("a"), ""),
        (claim("R2026-000031"), LastDebit("a", with_bank=True), "with the bank by the file a"),
        (None, LastDebit("a", with_bank=True), "with the bank by the file a"),
        (None, LastDebit("a"), "settled by the file a"),
        (None, LastDebit(), "settled, or announces no debit"),
    ],
)
def test_a_debit_waits_while_its_invoice_is_settled_as_far_as_is_known(
    of: Announced | None, last: LastDebit | None, said: str
) -> None:
    found = too_early(debit("R2026-000031-2"), of, last)
    assert (said in found, bool(found)) == (True, bool(said))


def test_a_debit_of_an_invoice_issued_anew_is_held_against_that() -> None:
    lost = LostDebit("R2026-000040", euro("9.99"), "M-1", reissued="R2026-000055")
    assert (lost.invoice_number, lost.named, lost.attempt) == ("R2026-000055", "R2026-000040", 1)
    assert misfit(lost, claim("R2026-000055"), "M-1") == ""
    assert "9.98 EUR is open of R2026-000055" in misfit(lost, claim("R2026-000055", "9.98"), "M-1")
