"""Whatever is sent, the same number is the same number, and a barred one stays barred. B5."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spellings import (
    COLOGNE,
    TRUNK_WITHOUT_PLUS,
    allowed_german,
    barred_abroad,
    barred_german,
    spell_abroad,
    spell_bare,
    spell_german,
)

from numbering.classes import DEFAULT_POLICY, Policy
from numbering.dial import Dialled, Line, NotDialable, normalise
from numbering.e164 import E164
from numbering.short_code import ShortCode

LINES = st.builds(
    Line,
    area_code=st.sampled_from(["221", "30", "3641", "39771", "900", "", "x", None]),
    country=st.sampled_from(["49", "43", "1", "999", ""]),
    plus_optional=st.booleans(),
)
DIAL_STRINGS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789+*#-/ ().;=%@:abctelsip\u00a0\u0663", max_size=40),
    st.from_regex(
        r"(tel:|sip:)?[+0]{0,3}[0-9]{0,20}(;phone-context=[+0-9a-z]{0,5})?(@[a-z.]{1,9})?", fullmatch=True
    ),
)
MANY = 20_000


@settings(max_examples=600, deadline=None)
@given(text=DIAL_STRINGS, line=LINES)
@example(text="%", line=COLOGNE)
@example(text="sip:", line=COLOGNE)
@example(text="\ud800", line=COLOGNE)
@example(text="%ED%A0%80", line=COLOGNE)
@example(text="1" * 100_000, line=COLOGNE)
def test_any_text_is_a_number_or_a_refusal(text: str, line: Line) -> None:
    result = normalise(text, line)
    if isinstance(result, NotDialable):
        assert result.id
        assert result.sentence
        return
    assert isinstance(result, Dialled)
    parse = E164.parse if isinstance(result.number, E164) else ShortCode.parse
    assert parse(result.number) == result.number
    assert (result.emergency is not None) == (result.number in {"110", "112"})


@settings(max_examples=300, deadline=None)
@given(text=DIAL_STRINGS, line=LINES)
def test_a_number_in_international_form_is_itself(text: str, line: Line) -> None:
    first = normalise(text, line)
    if isinstance(first, Dialled) and isinstance(first.number, E164):
        again = normalise(first.number, COLOGNE)
        assert isinstance(again, Dialled)
        assert (again.number, again.number_class, again.country) == (
            first.number,
            first.number_class,
            first.country,
        )


def test_a_reachable_number_is_the_same_in_every_spelling() -> None:
    random = Random(1)
    for _ in range(MANY):
        nsn = allowed_german(random)
        spelling = spell_german(nsn, random)
        result = normalise(spelling, COLOGNE)
        assert isinstance(result, Dialled), spelling
        assert result.number == "+49" + nsn, spelling
        assert DEFAULT_POLICY[result.number_class] is Policy.ALLOWED, spelling


def test_a_barred_number_is_barred_in_every_spelling() -> None:
    """B5."""
    random = Random(2)
    for _ in range(MANY):
        nsn, number_class = barred_german(random)
        spelling = spell_german(nsn, random)
        result = normalise(spelling, COLOGNE)
        assert isinstance(result, Dialled), spelling
        assert result.number_class == number_class, spelling
        assert DEFAULT_POLICY[result.number_class] is not Policy.ALLOWED, spelling


def test_a_number_that_costs_more_abroad_is_barred_in_every_spelling() -> None:
    """B7."""
    random = Random(3)
    for _ in range(MANY):
        international = barred_abroad(random)
        spelling = spell_abroad(international, random)
        result = normalise(spelling, COLOGNE)
        assert isinstance(result, Dialled), spelling
        assert result.number == "+" + international, spelling
        assert DEFAULT_POLICY[result.number_class] is Policy.BARRED, spelling


@pytest.mark.parametrize("called", ["110", "112"])
def test_an_emergency_number_gets_through_in_every_spelling(called: str) -> None:
    """B8, guarantee 1."""
    random = Random(4)
    for _ in range(MANY // 10):
        further = "".join(random.choice("0123456789") for _ in range(random.randint(0, 8)))
        selection = random.choice(["", "", "01033", "010033"])
        spelling = spell_bare(selection + called + further, random)
        for line in (COLOGNE, TRUNK_WITHOUT_PLUS, Line(area_code="x")):
            result = normalise(spelling, line)
            assert isinstance(result, Dialled), spelling
            assert result.emergency == called, spelling


@pytest.mark.parametrize("called", ["110", "112"])
def test_digits_before_an_emergency_number_lead_to_no_control_centre(called: str) -> None:
    """NotrufV § 4(5) sentence 1."""
    random = Random(5)
    for _ in range(MANY // 10):
        area_code = random.choice(["", "221", "30", "3641", "39771"])
        spelling = spell_german(area_code + called, random)
        for line in (COLOGNE, TRUNK_WITHOUT_PLUS):
            result = normalise(spelling, line)
            assert isinstance(result, NotDialable), spelling
            assert result.id == "emergency_with_prefix", spelling


def test_a_short_number_is_the_same_in_every_spelling() -> None:
    random = Random(6)
    for _ in range(MANY // 10):
        number = random.choice(["115", "116117", "116000", "124124", "11833", "118000"])
        result = normalise(spell_bare(number, random), TRUNK_WITHOUT_PLUS)
        assert isinstance(result, Dialled)
        assert result.number == number


def test_a_local_number_is_the_same_in_every_spelling() -> None:
    random = Random(7)
    for _ in range(MANY // 10):
        result = normalise(spell_bare("4710123", random), COLOGNE)
        assert isinstance(result, Dialled)
        assert result.number == "+492214710123"
