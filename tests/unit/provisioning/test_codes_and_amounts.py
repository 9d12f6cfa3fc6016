"""Check digits find slips of the pen; amounts are read and written without loss."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from provisioning.schema.codes import (
    IBAN_LENGTHS,
    LAND_KEYS,
    VatId,
    known_countries,
    parse_iban,
    vat_check_digit,
)
from provisioning.schema.money import Amount, parse_amount

DIGITS = st.text("0123456789", min_size=18, max_size=18)
VAT_ID = TypeAdapter(VatId)


def iban(account: str) -> str:
    """The German IBAN of bank code and account number (ISO 13616: D = 13, E = 14)."""
    return f"DE{98 - int(f'{account}131400') % 97:02d}{account}"


@given(DIGITS)
def test_an_iban_with_its_check_digits_is_read_with_or_without_spaces(account: str) -> None:
    whole = iban(account)
    grouped = " ".join(whole[start : start + 4] for start in range(0, len(whole), 4)).lower()
    assert parse_iban(grouped) == parse_iban(whole) == whole


@given(DIGITS, st.integers(2, 21), st.integers(1, 9))
def test_an_iban_with_one_wrong_digit_is_refused(account: str, place: int, step: int) -> None:
    whole = iban(account)
    wrong = whole[:place] + str((int(whole[place]) + step) % 10) + whole[place + 1 :]
    with pytest.raises(PydanticCustomError, match="check digits are wrong"):
        parse_iban(wrong)


@given(DIGITS, st.integers(4, 20))
def test_an_iban_with_two_digits_exchanged_is_refused(account: str, place: int) -> None:
    whole = iban(account)
    assume(whole[place] != whole[place + 1])
    with pytest.raises(PydanticCustomError, match="check digits are wrong"):
        parse_iban(whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :])


@given(st.integers(10_000_000, 99_999_999), st.integers(0, 7), st.integers(1, 9))
def test_a_german_vat_id_with_one_wrong_digit_is_refused(number: int, place: int, step: int) -> None:
    digits = str(number)
    check = vat_check_digit(digits)
    assert VAT_ID.validate_python(f"DE {digits}{check}") == f"DE{digits}{check}"
    wrong = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]
    with pytest.raises(ValidationError):
        VAT_ID.validate_python(f"DE{wrong}{check}")


def test_a_vat_id_of_another_country_is_taken_as_it_is() -> None:
    assert VAT_ID.validate_python("ATU99999999") == "ATU99999999"


@given(st.decimals(0, 999_999_999, places=6))
def test_an_amount_is_written_as_it_is_read(value: Decimal) -> None:
    amount = Amount(value)
    assert parse_amount(str(amount)) == amount
    assert str(parse_amount(str(amount))) == str(amount)


@pytest.mark.parametrize(
    ("written", "shown"), [("3.9 EUR", "3.90 EUR"), ("100 EUR", "100.00 EUR"), ("0.019000 EUR", "0.019 EUR")]
)
def test_an_amount_has_cents_at_least(written: str, shown: str) -> None:
    assert str(parse_amount(written)) == shown


def test_the_tables_are_whole() -> None:
    """16 Länder; all SEPA countries but the French and Portuguese territories, which use FR and PT."""
    assert sorted(LAND_KEYS.values()) == [f"{key:02d}" for key in range(1, 17)]
    assert all(15 <= length <= 31 for length in IBAN_LENGTHS.values())
    assert {"DE", "AT", "CH", "US"} <= known_countries()
    assert "001" not in known_countries()
