"""Foreign numbers, and the cross-check of everything with phonenumbers."""

from __future__ import annotations

import re._constants as op
import re._parser as regex
from collections.abc import Iterator
from random import Random
from typing import Any

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType
from phonenumbers.phonemetadata import PhoneMetadata
from spellings import COLOGNE, allowed_german, spell_german

from numbering import countries
from numbering.classes import DEFAULT_POLICY, NumberClass, Policy
from numbering.dial import Dialled, NotDialable, normalise

TYPES = {
    "premium_rate": PhoneNumberType.PREMIUM_RATE,
    "shared_cost": PhoneNumberType.SHARED_COST,
    "toll_free": PhoneNumberType.TOLL_FREE,
    "mobile": PhoneNumberType.MOBILE,
    "fixed_line": PhoneNumberType.FIXED_LINE,
    "voip": PhoneNumberType.VOIP,
    "personal_number": PhoneNumberType.PERSONAL_NUMBER,
    "pager": PhoneNumberType.PAGER,
    "uan": PhoneNumberType.UAN,
    "voicemail": PhoneNumberType.VOICEMAIL,
}
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS - {"DE"})


def metadata(region: str) -> PhoneMetadata:
    found = PhoneMetadata.metadata_for_region(region)
    assert found is not None
    return found


def written_by(tree: Any, random: Random) -> str:
    """A random number that a parsed pattern of the metadata matches."""
    text = ""
    for kind, argument in tree:
        if kind is op.LITERAL:
            text += chr(argument)
        elif kind is op.IN:
            text += random.choice(list(_digits(argument)))
        elif kind is op.BRANCH:
            text += written_by(random.choice(argument[1]), random)
        elif kind is op.SUBPATTERN:
            text += written_by(argument[3], random)
        else:
            least, most, repeated = argument
            text += "".join(written_by(repeated, random) for _ in range(random.randint(least, most)))
    return text


def _digits(items: list[Any]) -> Iterator[str]:
    for kind, argument in items:
        if kind is op.LITERAL:
            yield chr(argument)
        elif kind is op.RANGE:
            yield from map(chr, range(argument[0], argument[1] + 1))
        else:
            yield from "0123456789"


def numbers_of(region: str, name: str, count: int, random: Random) -> Iterator[str]:
    """Random international numbers of one type of a region, as far as E.164 allows their length."""
    description = getattr(metadata(region), name)
    if description is None or description.national_number_pattern is None:
        return
    tree = regex.parse(description.national_number_pattern)
    for _ in range(count):
        text = f"+{metadata(region).country_code}{written_by(tree, random)}"
        if len(text) <= 16:
            yield text


def is_ordinary(text: str) -> bool:
    result = normalise(text, COLOGNE)
    return isinstance(result, Dialled) and DEFAULT_POLICY[result.number_class] is Policy.ALLOWED


def test_no_premium_number_of_any_country_is_ordinary() -> None:
    """B7, TC 8.5e."""
    random = Random(11)
    checked = 0
    for region in [*REGIONS, "DE"]:
        for text in numbers_of(region, "premium_rate", 60, random):
            if phonenumbers.number_type(phonenumbers.parse(text)) == PhoneNumberType.PREMIUM_RATE:
                checked += 1
                assert not is_ordinary(text), text
    assert checked > 8000


def test_random_numbers_of_every_country_that_are_premium_are_not_ordinary() -> None:
    random = Random(12)
    codes = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    for _ in range(20_000):
        digits = "".join(random.choice("0123456789") for _ in range(random.randint(5, 10)))
        text = f"+{random.choice(codes)}{digits}"
        if is_ordinary(text):
            number = phonenumbers.parse(text)
            assert phonenumbers.number_type(number) != PhoneNumberType.PREMIUM_RATE, text


@pytest.mark.parametrize("name", TYPES)
def test_the_metadata_s_example_numbers_get_their_class(name: str) -> None:
    expected = {
        "premium_rate": {"foreign_premium"},
        "shared_cost": {"foreign_shared_cost"},
        "toll_free": {"foreign_freephone"},
        "mobile": {"foreign_mobile", "foreign_fixed_or_mobile"},
        "fixed_line": {"foreign_fixed", "foreign_fixed_or_mobile"},
        "voip": {"foreign_voip"},
        "personal_number": {"foreign_personal"},
        "pager": {"foreign_paging"},
        "uan": {"foreign_corporate"},
        "voicemail": {"foreign_mobile", "foreign_fixed_or_mobile", "foreign_freephone", "foreign_fixed"},
    }[name]
    wrong, checked = [], 0
    for region in REGIONS:
        number = phonenumbers.example_number_for_type(region, TYPES[name])
        if number is None:
            continue
        checked += 1
        result = normalise(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), COLOGNE)
        if not isinstance(result, Dialled) or result.number_class not in expected:
            wrong.append((region, result))
    # Where ranges of different types share seven digits, the costlier class wins.
    assert len(wrong) <= checked // 15, wrong
    assert not [r for _, r in wrong if not isinstance(r, Dialled)]


@pytest.mark.parametrize("name", ["fixed_line", "mobile", "toll_free"])
def test_valid_numbers_abroad_keep_their_digits_and_country(name: str) -> None:
    random = Random(13)
    wrong = set()
    for region in REGIONS:
        for text in numbers_of(region, name, 10, random):
            number = phonenumbers.parse(text)
            if not phonenumbers.is_valid_number(number):
                continue
            result = normalise(text, COLOGNE)
            assert isinstance(result, Dialled), text
            assert result.number == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            if result.country != phonenumbers.region_code_for_number(number):
                wrong.add(region)
    # Territories that share ranges of numbers with their main country.
    assert wrong <= {"BL", "MF", "CC", "CX", "GG", "IM", "JE", "VA", "SJ", "AX", "CA", "US"} | NANP


NANP = set(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1])


@pytest.mark.parametrize(
    "name", ["mobile", "toll_free", "premium_rate", "personal_number", "pager", "voicemail"]
)
def test_german_numbers_that_the_library_calls_valid_are_understood(name: str) -> None:
    random = Random(14)
    for text in numbers_of("DE", name, 300, random):
        if len(text) > 16:
            continue
        result = normalise(text, COLOGNE)
        assert isinstance(result, Dialled), text
        assert result.number == text


def test_the_library_reads_our_spellings_of_german_numbers_as_we_do() -> None:
    random = Random(15)
    compared = 0
    for _ in range(8000):
        nsn = allowed_german(random)
        spelling = spell_german(nsn, random)
        ours = normalise(spelling, COLOGNE)
        assert isinstance(ours, Dialled)
        if any(c in spelling for c in "%*#:@;"):
            continue
        try:
            theirs = phonenumbers.parse(spelling, "DE")
        except phonenumbers.NumberParseException:
            continue  # it does not like two separators in a row
        compared += 1
        assert phonenumbers.format_number(theirs, phonenumbers.PhoneNumberFormat.E164) == ours.number, (
            spelling
        )
    assert compared > 200


def test_the_library_s_fixed_line_numbers_without_an_area_code_are_refused() -> None:
    """german-rules 6.1: about a fifth of its prefixes are no area codes."""
    for text in ("+49204023456", "+49997972345678"):
        assert phonenumbers.is_valid_number(phonenumbers.parse(text))
        result = normalise(text, COLOGNE)
        assert isinstance(result, NotDialable)
        assert result.id == "unknown_area_code"


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_every_calling_code_is_known(code: int) -> None:
    if code == 49:
        assert countries.find_code("49221") is None
        return
    found = countries.find_code(f"{code}23456789")
    assert found is not None
    assert found.code == str(code)
    assert found.shortest >= 3


def test_no_prefix_of_a_country_begins_another() -> None:
    """`CallingCode.find` relies on it: it tries the shortest first."""
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        found = countries.find_code(str(code))
        if found is not None:
            prefixes = found.ranges
            assert not [p for p in prefixes if any(p[:n] in prefixes for n in range(1, len(p)))], code


def test_countries_that_share_a_calling_code_are_told_apart() -> None:
    assert countries.countries_of("1") == NANP
    assert countries.countries_of("7") == {"RU", "KZ"}
    assert countries.countries_of("882") == {countries.WORLD}
    assert countries.countries_of("999") == frozenset()
    examples = {
        "+77012345678": "KZ",
        "+79123456789": "RU",
        "+18765550123": "JM",
        "+14165550123": "CA",
        "+441534123456": "JE",
    }
    for text, country in examples.items():
        result = normalise(text, COLOGNE)
        assert isinstance(result, Dialled)
        assert result.country == country


def test_a_world_number_has_its_class_whatever_follows_its_code() -> None:
    for code, number_class in countries.WORLD_CODES.items():
        for tail in ("00000000", "123456789", "99999999999"):
            result = normalise(f"+{code}{tail}", COLOGNE)
            assert isinstance(result, Dialled)
            assert (result.number_class, result.country) == (NumberClass(number_class), countries.WORLD)
