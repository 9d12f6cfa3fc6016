"""Ranges of numbers against sets of single numbers, which are slow and surely right."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from provisioning.spans import OwnedSpan, joined, shared, without


@st.composite
def spans(draw: st.DrawFn) -> list[OwnedSpan]:
    """Sorted spans without overlap, of three owners."""
    edges = sorted(draw(st.sets(st.integers(100, 160), max_size=12)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [OwnedSpan(first, last, draw(st.sampled_from("abc"))) for first, last in pairs]


def _numbers(found: list[OwnedSpan]) -> dict[int, str]:
    return {number: span.customer_id for span in found for number in range(span.first, span.last + 1)}


@given(had=spans(), have=spans())
def test_what_is_lost_is_what_only_the_old_state_has(had: list[OwnedSpan], have: list[OwnedSpan]) -> None:
    expected = {number: owner for number, owner in _numbers(had).items() if number not in _numbers(have)}
    assert _numbers(without(had, have)) == expected


@given(had=spans(), have=spans())
def test_what_both_states_have_is_paired(had: list[OwnedSpan], have: list[OwnedSpan]) -> None:
    pairs = list(shared(had, have))
    both = _numbers(had).keys() & _numbers(have).keys()
    assert _numbers([was for was, _ in pairs]) == {number: _numbers(had)[number] for number in both}
    assert _numbers([now for _, now in pairs]) == {number: _numbers(have)[number] for number in both}


@given(found=spans())
def test_joining_touching_spans_loses_none(found: list[OwnedSpan]) -> None:
    together = joined(found)
    assert _numbers(together) == _numbers(found)
    touching = pairwise(together)
    assert not any(a.last + 1 == b.first and a.customer_id == b.customer_id for a, b in touching)
