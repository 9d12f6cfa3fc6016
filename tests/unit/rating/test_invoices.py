"""Invoices add up to the cent, whatever they are made of, and say what the law asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.berlin import Month, to_ms
from rating.errors import CurrencyMismatch, InvoiceRefused
from rating.fx import Rate
from rating.invoice import Debit, Kind, SetOff, Transfer
from rating.invoice_bank_days import debit_day, is_bank_day
from rating.invoice_compose import compose
from rating.invoice_credit import credit_note
from rating.invoice_facts import Credit, Group, Late, OneOff, Usage, UserFee
from rating.invoice_users import highest_users
from rating.money import Mode, Money, Rounding, Stage, written
from rating.totals import Total
from rating.vat import Category, vat_on
from tests.unit.rating.invoices import FACTS, NOVEMBER, euro, facts, usage


def test_a_month_can_be_added_up_by_hand() -> None:
    """E5, E6, E8: 5 users at least, 99.00 once, calls, 10 USD at 1.0823, 5.00 back, 19 % on the sum."""
    invoice = compose(FACTS)
    nets = [written(each.net.amount) for each in invoice.lines]
    assert nets == ["34.50", "99.00", "1.23", "12.35", "2.50", "9.24", "-5.00"]
    assert (str(invoice.net), str(invoice.tax), str(invoice.gross)) == (
        "153.82 EUR",
        "29.23 EUR",
        "183.05 EUR",
    )
    assert "1 EUR = 1,0823 USD" in invoice.lines[5].details
    assert "mindestens 5" in invoice.lines[0].details


def test_an_invoice_says_what_the_law_asks_for() -> None:
    """UStG § 14(4), TKG § 62(1) and (4), E9, E10: objections in eight weeks, provider, hotline, debit."""
    invoice = compose(FACTS)
    assert invoice.payment == Debit(
        date(2026, 12, 7), "M-2026-0001", "DE98ZZZ09999999999", FACTS.mandate.debtor if FACTS.mandate else ...
    )
    text = " ".join(invoice.notes)
    for part in ("acht Wochen", "genehmigt", "07.12.2026", "M-2026-0001", "DE98ZZZ09999999999", "183,05 EUR",
                 "Hotline: 0221 4710-100", "Domkloster 4"):  # fmt: skip
        assert part in text


def test_resellers_owe_the_tax_themselves() -> None:
    """UStG § 13b(2) Nr. 12, § 14a(5)."""
    invoice = compose(facts(reverse_charge=True))
    assert [each.rate.category for each in invoice.vat] == [Category.REVERSE_CHARGE]
    assert invoice.tax == euro("0.00")
    assert invoice.gross == invoice.net
    assert any("Steuerschuldnerschaft des Leistungsempfängers" in each for each in invoice.notes)
    with pytest.raises(InvoiceRefused, match="BR-AE-02"):
        compose(facts(reverse_charge=True, buyer=replace(FACTS.buyer, vat_id="")))


def test_each_service_has_the_rate_of_its_own_day() -> None:
    """E8: 16 % in the second half of 2020 by the second Corona tax act."""
    late = facts(month=Month(2021, 1), one_offs=(OneOff("Einrichtung", euro("100.00"), date(2020, 12, 31)),))
    assert [(each.rate.percent, each.net) for each in compose(late).vat][1] == (Decimal(16), euro("100.00"))
    assert vat_on(date(2020, 6, 30), reverse_charge=False).percent == 19


def test_without_mandate_the_customer_transfers_and_nobody_pays_a_negative_invoice() -> None:
    """E9, E10."""
    assert compose(facts(mandate=None)).payment == Transfer(date(2026, 12, 14), FACTS.account)
    credit = Credit("Kulanz", euro("500.00"), date(2026, 11, 30))
    invoice = compose(facts(credits=(credit,)))
    assert invoice.gross < euro("0.00")
    assert invoice.payment == SetOff()


def test_a_foreign_sum_without_its_rate_is_no_invoice() -> None:
    """E8, issue 5: bad input."""
    with pytest.raises(CurrencyMismatch, match="month's last day"):
        compose(facts(rates={}))


@pytest.mark.parametrize(
    ("issued_on", "due_on"),
    [
        (date(2026, 11, 30), date(2026, 12, 7)),
        (date(2026, 12, 18), date(2026, 12, 28)),  # 25th and 26th are closed, then a weekend
        (date(2026, 3, 27), date(2026, 4, 7)),  # Good Friday to Easter Monday
        (date(2026, 4, 24), date(2026, 5, 4)),  # 1 May
    ],
)
def test_debits_wait_seven_days_and_for_the_banks(issued_on: date, due_on: date) -> None:
    """E9, TC 11.5: TARGET's closing days."""
    assert debit_day(issued_on) == due_on
    assert is_bank_day(due_on)
    assert debit_day(issued_on, notice_days=1) == due_on


def test_a_credit_note_of_a_part_names_its_invoice() -> None:
    """E10, UStDV § 31(5)."""
    invoice = compose(FACTS)
    note = credit_note(
        invoice, "GS-2026-000001", date(2026, 12, 2), "Einrichtung entfällt", {2: euro("99.00")}
    )
    assert (note.kind, str(note.gross), str(note.claim)) == (Kind.CREDIT_NOTE, "117.81 EUR", "-117.81 EUR")
    assert note.notes[0] == "Korrektur der Rechnung RE-2026-000042 vom 30.11.2026: Einrichtung entfällt"
    for parts in ({2: euro("99.00"), 99: euro("1.00")}, dict[int, Money]()):
        with pytest.raises(InvoiceRefused, match="positions 1 to 7"):
            credit_note(invoice, "GS-2", date(2026, 12, 2), "nichts", parts)
    for position, amount in ((2, "99.01"), (2, "-1.00"), (2, "0.00"), (7, "5.00")):
        with pytest.raises(InvoiceRefused, match="cannot be credited"):
            credit_note(invoice, "GS-2", date(2026, 12, 2), "zu viel", {position: euro(amount)})
    with pytest.raises(InvoiceRefused, match="is a credit note"):
        credit_note(note, "GS-3", date(2026, 12, 2), "noch einmal")


def test_no_invoice_exists_whose_parts_do_not_add_up() -> None:
    """Guarantee 5: EN 16931 BR-CO-10, -14, -15, -17."""
    invoice = compose(FACTS)
    cent = euro("0.01")
    with pytest.raises(InvoiceRefused, match="BR-CO-15"):
        replace(invoice, gross=invoice.gross + cent)
    with pytest.raises(InvoiceRefused, match="BR-CO-14"):
        replace(invoice, tax=invoice.tax + cent, gross=invoice.gross + cent)
    with pytest.raises(InvoiceRefused, match="BR-CO-10"):
        replace(invoice, net=invoice.net + cent, gross=invoice.gross + cent)
    with pytest.raises(InvoiceRefused, match="BR-CO-17"):
        replace(invoice, lines=invoice.lines[:-1])
    with pytest.raises(InvoiceRefused, match="BR-16"):
        compose(facts(fees=(), one_offs=(), usage=(), credits=()))


def moment(day: int, hour: int = 12, month: int = 11) -> int:
    return to_ms(datetime(2026, month, day, hour, tzinfo=UTC))


@pytest.mark.parametrize(
    ("events", "highest"),
    [
        ([], 0),
        ([(moment(1, month=10), 1)] * 7, 7),  # all month long
        ([(moment(1, month=10), 7), (moment(2), -7)], 7),  # until the second
        ([(moment(1, month=10), 7), (NOVEMBER.start_ms, -7)], 0),  # gone when the month begins
        ([(moment(3), 4), (moment(9), -1), (moment(9), 1), (moment(9), -2), (moment(20), 1)], 4),
        ([(moment(3), 4), (moment(1, month=12), 50)], 4),  # the next month's do not count
        ([(moment(3), 6), (moment(4), -6), (moment(5), 6)], 6),  # never twelve
    ],
)
def test_the_highest_number_of_users_in_the_month_is_paid(
    events: list[tuple[int, int]], highest: int
) -> None:
    """E5: not prorated."""
    assert highest_users(events, NOVEMBER) == highest
    assert highest_users(reversed(events), NOVEMBER) == highest


ROUNDINGS = st.builds(Rounding, st.sampled_from(Stage), st.sampled_from(Mode), st.integers(2, 6))
ANY_USAGE = st.builds(
    lambda group, currency, rounding, calls, ticks: Usage(
        group, Total(currency, rounding, calls, calls * 60, 0, calls * 60, ticks, 0, calls)
    ),
    st.sampled_from(Group), st.sampled_from(("EUR", "USD")), ROUNDINGS, st.integers(1, 1_000),
    st.integers(-(10**12), 10**14),
)  # fmt: skip
PRICES = st.integers(0, 10**9).map(lambda micro: Money.of_ticks(micro * 60, "EUR"))
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.builds(UserFee, st.just("Nutzer"), PRICES, st.integers(0, 5_000)), min_size=1, max_size=3),
    st.lists(st.builds(OneOff, st.just("Einmalig"), PRICES, DAYS, st.integers(1, 9)), max_size=4),
    st.lists(ANY_USAGE, max_size=8),
    st.lists(st.builds(Credit, st.just("Gutschrift"), PRICES, DAYS), max_size=3),
    st.booleans(),
)
def test_lines_sum_to_the_total_and_a_credit_note_to_zero(
    fees: list[UserFee], once: list[OneOff], used: list[Usage], credits_: list[Credit], reverse: bool
) -> None:
    """Guarantee 5. That the sums hold is checked when the invoice is made, with rules of its own."""
    invoice = compose(
        facts(
            fees=tuple(fees),
            one_offs=tuple(once),
            usage=tuple(used),
            credits=tuple(credits_),
            reverse_charge=reverse,
            rates={"USD": Rate("USD", NOVEMBER.last_day, Decimal("1.0823"))},
        )
    )
    assert sum(each.net.amount for each in invoice.lines) == invoice.net.amount
    assert invoice.net.amount + invoice.tax.amount == invoice.gross.amount
    note = credit_note(invoice, "GS-1", date(2026, 12, 1), "Storno")
    assert invoice.claim + note.claim == euro("0")


@settings(max_examples=100, deadline=None)
@given(st.integers(-50_000, 50_000), st.lists(ANY_USAGE, max_size=4))
def test_credit_pays_first_and_never_more_than_the_invoice(cents: int, late: list[Usage]) -> None:
    """E10: what is set off and what is left to pay are the invoice; the balance afterwards is the old one and
    the invoice."""
    balance = Money.of_ticks(cents * 600_000, "EUR")
    months = tuple(Late(Month(2026, 10), each) for each in late if each.group is not Group.FREE)
    rate = {"USD": Rate("USD", NOVEMBER.last_day, Decimal("1.0823"))}
    invoice = compose(facts(balance=balance, late=months, rates=rate))
    assert invoice.set_off + invoice.payable == invoice.gross
    assert euro("0.00") <= invoice.set_off <= max(invoice.gross, euro("0.00"), key=lambda each: each.ticks)
    if cents >= 0:
        assert invoice.set_off == euro("0.00")
    elif invoice.payable.ticks > 0:
        assert invoice.set_off == -balance, "nothing is asked for while there is credit"
    assert isinstance(invoice.payment, SetOff) == (invoice.payable.ticks <= 0)


def test_a_model_that_rounds_the_total_shows_the_difference() -> None:
    """E8: two lines of 0.004 are 0.00 each, their total is 0.01."""
    last = Rounding(Stage.INVOICE, Mode.HALF_UP)
    used = (usage(Group.FIXED, "1.004", rounding=last), usage(Group.MOBILE, "2.004", rounding=last))
    invoice = compose(facts(fees=(), one_offs=(), credits=(), usage=used))
    assert [written(each.net.amount) for each in invoice.lines] == ["1.00", "2.00", "0.01"]
    assert invoice.lines[2].name == "Rundungsausgleich"
