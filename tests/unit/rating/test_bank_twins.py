"""The same amount told as camt and as MT940 is one (E9); what cannot be told apart waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest

from rating.bank import BankLine
from rating.bank_twins import Twin, twin_of
from rating.money import Money

CAMT = BankLine(
    "BANK-1", date(2026, 12, 15), Money(Decimal("59.50")), "Beispiel Bau GmbH", "DE66999999990000000002",
    "Rechnung R2026-000001 vom 30.11.2026, Kunde kunde-bau", form="camt",
)  # fmt: skip
SWIFT = replace(
    CAMT, key="5f2c-1", purpose="RECHNUNG R2026-000001 VOM 30. 11.2026, KUNDE KUNDE-BAU", form="mt940"
)


def test_texts_that_are_cut_and_joined_elsewhere_are_one() -> None:
    assert twin_of(SWIFT, [CAMT]) == Twin("BANK-1", sure=True)
    cut = replace(SWIFT, purpose=SWIFT.purpose[:40])
    assert twin_of(cut, [CAMT]) == Twin("BANK-1", sure=True)


@pytest.mark.parametrize(
    "other",
    [
        replace(CAMT, booked_on=date(2026, 12, 16)),
        replace(CAMT, amount=Money(Decimal("59.51"))),
        replace(CAMT, amount=-CAMT.amount),
        replace(CAMT, iban="DE39999999990000000003"),
        replace(CAMT, purpose="Rechnung R2026-000002"),
    ],
)
def test_another_day_amount_account_or_invoice_is_another_payment(other: BankLine) -> None:
    for mine, theirs in permutations([SWIFT, other]):
        assert twin_of(mine, [theirs]) is None


def test_debits_are_known_by_their_references() -> None:
    back = replace(CAMT, end_to_end="R2026-000001", purpose="Ruecklastschrift", iban="")
    told = replace(SWIFT, end_to_end="R2026-000001", purpose="RUECKBEL. B2B")
    assert twin_of(told, [back]) == Twin("BANK-1", sure=True)
    assert twin_of(replace(told, end_to_end="R2026-000002"), [back]) is None
    batch = replace(CAMT, batch="2026-12-07-core-1", purpose="", iban="")
    whole = replace(SWIFT, batch="2026-12-07-core", purpose="SAMMLER")
    assert twin_of(whole, [batch]) == Twin("BANK-1", sure=True)


def test_what_says_nothing_is_doubtful_and_a_sure_twin_goes_before() -> None:
    silent = replace(CAMT, key="BANK-0", purpose="", iban="")
    assert twin_of(SWIFT, [silent]) == Twin("BANK-0", sure=False)
    assert twin_of(SWIFT, [silent, CAMT]) == Twin("BANK-1", sure=True)
    assert twin_of(replace(SWIFT, purpose=""), [replace(CAMT, purpose="")]) == Twin("BANK-1", sure=True)
    assert twin_of(SWIFT, []) is None
