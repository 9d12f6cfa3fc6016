"""What the bank tells is read to the cent, or told with its place (E9, guarantee 7)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.bank_file import read_bank_file
from documents.errors import DocumentUnreadable
from rating.bank import FAULTS, Back, BankLine, Fault
from tests.unit.documents.bank_files import CAMT, CAMT053, MT940
from tests.unit.rating.invoices import euro


def back(line: BankLine) -> Back:
    assert line.back is not None
    return line.back


def test_a_return_says_whose_fault_it_is() -> None:
    """E9: the fee is due only where it is the customer's; nobody pays for a reason that we do not know."""
    found = read_bank_file(CAMT.encode())
    one, other = found.lines
    assert found.problems == ()
    assert (one.end_to_end, one.mandate, one.amount) == ("RE-2026-000042", "M-2026-0001", euro("-188.05"))
    assert back(one) == Back("AM04", euro("183.05"), euro("5.00"))
    assert (back(one).fault, one.booked_on, one.key) == (Fault.CUSTOMER, date(2026, 12, 9), "BANK-1-1")
    assert other.back is None
    assert FAULTS["MD06"] is Fault.EXAMINE
    assert FAULTS["AM05"] is Fault.OURS
    strange = read_bank_file(CAMT.replace("AM04", "XX99").encode())
    assert (back(strange.lines[0]).reason, back(strange.lines[0]).fault) == ("XX99", Fault.EXAMINE)


def test_a_statement_in_swifts_form_says_the_same() -> None:
    """Issue 5, build 8: MT940 with the subfields of German banks; the reason of a return by its number."""
    found = read_bank_file(MT940.encode())
    batch, returned, paid = found.lines
    assert (found.account, found.problems) == ("DE93999999990000000001", ())
    assert (batch.amount, batch.batch, batch.booked_on) == (
        euro("183.12"), "2026-12-07-core-1", date(2026, 12, 7),
    )  # fmt: skip
    assert (returned.end_to_end, returned.mandate) == ("R2026-000042", "M-2026-0001")
    assert back(returned) == Back("AM04", euro("183.05"), euro("5.00"))
    assert (paid.amount, paid.end_to_end, paid.party) == (euro("99.00"), "", "BEISPIEL AG KOELN")
    assert paid.purpose == "Rechnung R2026-000007 vom 30.11.2026"
    assert paid.iban == "DE66999999990000000002"
    unknown = read_bank_file(MT940.replace("?34906", "?34907").encode())
    assert back(unknown.lines[1]).fault is Fault.EXAMINE, "banks do not agree on what 907 means"


def test_a_file_of_ours_stays_one_sum_and_others_are_taken_apart() -> None:
    found = read_bank_file(CAMT053.encode())
    batch, one, two = found.lines
    assert (found.account, found.problems) == ("DE93999999990000000001", ())
    assert (batch.key, batch.batch, batch.amount) == ("A-1", "2026-12-07-core-1", euro("183.12"))
    assert [(each.key, each.amount) for each in (one, two)] == [
        ("A-2/1", euro("10.00")),
        ("A-2/2", euro("20.00")),
    ]
    assert (one.party, one.iban) == ("Beispiel AG", "DE66999999990000000002")
    assert one.purpose == "Rechnung R2026- 000007"


@pytest.mark.parametrize("content", [CAMT, CAMT053, MT940])
def test_the_same_amount_has_the_same_key_whenever_it_is_told(content: str) -> None:
    """Nothing is booked twice; equal amounts of one day are told apart."""
    keys = [each.key for each in read_bank_file(content.encode()).lines]
    assert keys == [each.key for each in read_bank_file(content.encode()).lines]
    assert len(set(keys)) == len(keys)
    first = MT940.index(":61:2612101210C99")
    transfer = MT940[first : MT940.index(":62F:")]
    twice = MT940.replace(transfer, transfer * 2).replace("1094,07", "1193,07")
    one, two = read_bank_file(twice.encode()).lines[-2:]
    assert (one.amount, one.key) != (two.amount, two.key)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('<Amt Ccy="EUR">183.05', '<Amt Ccy="USD">183.05', "no amount in euro"),
        ('<Amt Ccy="EUR">183.05', '<Amt Ccy="EUR">183,05', "no amount in euro"),
        (">2026-12-09<", ">9.12.2026<", "Invalid isoformat"),
    ],
)
def test_an_amount_that_cannot_be_read_is_told_with_its_line(before: str, after: str, said: str) -> None:
    """Guarantee 7: the others go on."""
    good = CAMT.replace("BANK-1-1", "BANK-2")
    entry = good[good.index("<Ntry>") : good.index("</Ntry>") + len("</Ntry>")]
    found = read_bank_file(CAMT.replace(before, after, 1).replace("</Ntfctn>", entry + "</Ntfctn>").encode())
    assert [each.key for each in found.lines if each.back] == ["BANK-2"]
    (problem,) = found.problems
    assert problem.startswith("line ")
    assert said in problem


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (CAMT053.replace(">203.12<", ">203.13<"), "something of it is missing"),
        (MT940.replace("1094,07", "1094,08"), "something of it is missing"),
        (MT940 + MT940.replace("DE93999999990000000001", "DE66999999990000000002"), "several accounts"),
        (MT940.replace("2612071207C", "2613071207C"), "month must be in"),
        (MT940.replace("C183,12N", "C1,83,12N"), "MT940"),
        (CAMT053.replace(">20.00<", ">21.00<"), None),
        ("", "neither camt nor MT940"),
        ("\x00", "neither camt nor MT940"),
        ("<a/>", "no camt"),
        ("<Document xmlns='urn:x'/>", "no camt"),
        ("<Document", "no XML"),
    ],
)
def test_a_file_that_is_cut_off_or_none_of_the_banks_is_refused(content: str, said: str | None) -> None:
    """Guarantee 7: a sum that its parts do not give is a problem with its line."""
    if said is None:
        found = read_bank_file(content.encode())
        assert "its 2 parts do not sum to 30.00 EUR" in found.problems[0]
        return
    with pytest.raises(DocumentUnreadable, match=said):
        read_bank_file(content.encode())


def test_a_balance_in_no_known_currency_refuses_the_file() -> None:
    """Guarantee 7."""
    with pytest.raises(DocumentUnreadable, match="a balance is none"):
        read_bank_file(MT940.replace("EUR", "UR1").replace("UR1", "EUR", 1).encode())


@settings(max_examples=150)
@given(
    st.sampled_from([CAMT, CAMT053, MT940]),
    st.lists(
        st.tuples(st.integers(0, 5_000), st.integers(0, 40), st.binary(max_size=8)), min_size=1, max_size=4
    ),
)
def test_a_file_that_was_mangled_is_read_or_refused_and_nothing_else(
    content: str, changes: list[tuple[int, int, bytes]]
) -> None:
    """Guarantee 7: whatever stands in it."""
    mangled = content.encode()
    for place, length, other in changes:
        start = place % len(mangled) if mangled else 0
        mangled = mangled[:start] + other + mangled[start + length :]
    try:
        found = read_bank_file(mangled)
    except DocumentUnreadable:
        return
    assert all(line.key and line.amount.currency == "EUR" for line in found.lines)
