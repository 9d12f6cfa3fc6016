"""Money is exact, is rounded in one place, and never mixes currencies."""

from __future__ import annotations

from decimal import Decimal, getcontext, localcontext
from fractions import Fraction
from random import Random

import pytest

from rating.errors import AmountRefused, CurrencyMismatch
from rating.money import (
    CENT,
    TICKS,
    Mode,
    Money,
    Rounding,
    Stage,
    converted,
    micro_text,
    rounded,
    ticks_text,
)


@pytest.mark.parametrize(
    ("cents_and_tenths", "half_up", "half_even", "up"),
    [
        ("0.000", "0.00", "0.00", "0.00"),
        ("0.001", "0.00", "0.00", "0.01"),
        ("0.005", "0.01", "0.00", "0.01"),
        ("0.015", "0.02", "0.02", "0.02"),
        ("0.025", "0.03", "0.02", "0.03"),
        ("0.026", "0.03", "0.03", "0.03"),
        ("-0.005", "-0.01", "0.00", "-0.01"),
        ("-0.001", "0.00", "0.00", "-0.01"),
    ],
)
def test_halves_and_rests_go_where_the_price_model_says(
    cents_and_tenths: str, half_up: str, half_even: str, up: str
) -> None:
    ticks = Money.parse(f"{cents_and_tenths} EUR").ticks
    for mode, expected in ((Mode.HALF_UP, half_up), (Mode.HALF_EVEN, half_even), (Mode.UP, up)):
        assert rounded(ticks, CENT, mode) == Money(Decimal(expected)).ticks


def test_rounding_agrees_with_fractions_whatever_the_amount() -> None:
    random = Random(5)
    for _ in range(2_000):
        ticks, places = random.randint(-(10**12), 10**12), random.randint(0, 6)
        rule = Rounding(Stage.CALL, random.choice(list(Mode)), places)
        exact = Fraction(ticks, TICKS) * 10**places
        below = abs(exact).__floor__()
        rest = abs(exact) - below
        half = Fraction(1, 2)
        more = {
            Mode.UP: rest > 0,
            Mode.HALF_UP: rest >= half,
            Mode.HALF_EVEN: rest > half or (rest == half and below % 2 == 1),
        }[rule.mode]
        expected = (below + more) * (1 if exact >= 0 else -1)
        assert Fraction(rounded(ticks, rule.quantum, rule.mode), TICKS) * 10**places == expected


def test_a_charge_and_its_reversal_sum_to_zero() -> None:
    for mode in Mode:
        for ticks in (1, CENT // 2, CENT // 2 + 1, CENT, 7 * CENT - 1):
            assert rounded(ticks, CENT, mode) + rounded(-ticks, CENT, mode) == 0


@pytest.mark.parametrize(
    "text", ["3.90 EUR", "0.00 EUR", "-0.05 CHF", "0.039 EUR", "999999999999.999999 USD"]
)
def test_money_reads_what_it_writes(text: str) -> None:
    assert str(Money.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["3,90 EUR", "3.90", "3.90 eur", "1.000,00 EUR", "3.90 XXX", "1e3 EUR", "٣.90 EUR", "3.9000001 EUR"],
)
def test_money_refuses_what_is_not_certain(text: str) -> None:
    with pytest.raises(AmountRefused):
        Money.parse(text)


@pytest.mark.parametrize(
    "amount", [Decimal("NaN"), Decimal("Infinity"), Decimal("0.0000001"), Decimal(10**12)]
)
def test_money_has_limits(amount: Decimal) -> None:
    with pytest.raises(AmountRefused):
        Money(amount)


def test_a_binary_fraction_never_becomes_money() -> None:
    with pytest.raises(AmountRefused):
        Money(0.1)  # type: ignore[arg-type]


def test_two_currencies_are_never_added_or_compared() -> None:
    """CGRateS and ASTPP lost cents in sums (field notes, complaint 7); here a wrong sum is refused."""
    euro, francs = Money.parse("1.00 EUR"), Money.parse("1.00 CHF")
    for wrong in (
        lambda: euro + francs,
        lambda: euro - francs,
        lambda: euro < francs,
        lambda: euro <= francs,
    ):
        with pytest.raises(CurrencyMismatch):
            wrong()
    assert euro != francs


def test_sums_lose_nothing_even_in_a_careless_decimal_context() -> None:
    with localcontext() as context:
        context.prec = 3
        total = Money.parse("123456789.123456 EUR") + Money.parse("0.000001 EUR")
    assert getcontext().prec == 28
    assert str(total) == "123456789.123457 EUR"
    assert str(total - total) == "0.00 EUR"
    assert -total < total
    assert total <= total


def test_amounts_go_to_the_engine_and_back_unchanged() -> None:
    for text in ("0.01 EUR", "-17.123456 EUR", "0.00 EUR"):
        amount = Money.parse(text)
        assert Money.of_ticks(amount.ticks, "EUR") == amount


def test_an_amount_that_nobody_rounded_is_no_money() -> None:
    with pytest.raises(AmountRefused, match="round them"):
        Money.of_ticks(61, "EUR")


def test_foreign_amounts_are_converted_exactly_and_rounded_once() -> None:
    """E8. 1.00 USD at 1.0823 USD for one euro is 0.92395824... EUR."""
    dollar = Money.parse("1.00 USD").ticks
    assert converted(dollar, Decimal("1.0823"), CENT, Mode.HALF_UP) == Money.parse("0.92 EUR").ticks
    assert converted(dollar, Decimal("1.0823"), CENT, Mode.UP) == Money.parse("0.93 EUR").ticks
    assert converted(-dollar, Decimal("1.0823"), CENT, Mode.UP) == Money.parse("-0.93 EUR").ticks
    for rate in ("0", "-1", "1.0000000001"):
        with pytest.raises(AmountRefused):
            converted(dollar, Decimal(rate), CENT, Mode.UP)


def test_rounding_knows_zero_to_six_places() -> None:
    assert Rounding(places=6).quantum == 60
    assert Rounding(places=0).quantum == TICKS
    for places in (-1, 7):
        with pytest.raises(AmountRefused):
            Rounding(places=places)


def test_amounts_are_written_for_people() -> None:
    assert [micro_text(each) for each in (39_000, 0, 1_500_000, -5, 20_000_000)] == [
        "0.039", "0.00", "1.50", "-0.000005", "20.00",
    ]  # fmt: skip
    assert ticks_text(1) == "0.00"
    assert ticks_text(-31) == "-0.000001"
    assert ticks_text(CENT // 2, places=2) == "0.01"
