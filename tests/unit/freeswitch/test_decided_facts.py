"""Facts of a decision travel as one variable; a leg's own go before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from freeswitch.decided_facts import FACTS, NAMES, fact, packed, unpacked

_VALUES = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-+*#", min_size=1, max_size=40)


@given(st.dictionaries(st.sampled_from(NAMES), _VALUES))
def test_what_is_packed_comes_out_again(facts: dict[str, str]) -> None:
    assert unpacked(packed(facts)) == facts


@given(st.text(max_size=200))
def test_any_other_text_gives_only_known_facts(text: str) -> None:
    assert set(unpacked(text)) <= set(NAMES)


def test_a_legs_own_variable_goes_before_what_the_decision_left() -> None:
    known = {FACTS: "reason=out.carrier|b_number=+493023125300", "fernamt_reason": "static.no-controller"}
    assert fact(known.get, "reason") == "static.no-controller"
    assert fact(known.get, "b_number") == "+493023125300"


def test_a_switch_that_knows_no_variable_says_undefined() -> None:
    assert fact(lambda _: "_undef_", "a_presented") is None
