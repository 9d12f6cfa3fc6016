"""Percentiles, the search for the highest rate, results in the README."""

from __future__ import annotations

import pytest

from benchmarks.calls.figures import percentile
from benchmarks.calls.sustained import Climb, highest
from benchmarks.results import with_section


@pytest.mark.parametrize(("share", "value"), [(0.0, 10.0), (0.5, 25.0), (0.95, 38.5), (1.0, 40.0)])
def test_percentiles_are_interpolated_between_the_values(share: float, value: float) -> None:
    assert percentile([40.0, 10.0, 30.0, 20.0], share) == pytest.approx(value)


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@pytest.mark.parametrize("limit", [60, 64, 79, 80, 99, 137])
def test_the_highest_rate_is_found_to_within_the_finest_step(limit: int) -> None:
    found = highest(Climb(first=60, step=20, finest=5), lambda rate: rate <= limit)
    assert limit - 5 < found <= limit


def test_a_switch_that_cannot_carry_the_first_rate_sustains_nothing() -> None:
    assert highest(Climb(), lambda _: False) == 0


def test_the_climb_ends_at_the_highest_rate_even_when_all_hold() -> None:
    tried: list[int] = []

    def holds(rate: int) -> bool:
        tried.append(rate)
        return True

    assert highest(Climb(first=60, step=20, highest=120), holds) == 120
    assert tried == [60, 80, 100, 120]


def test_new_results_replace_the_old_ones_and_nothing_else() -> None:
    document = "# A\n<!-- calls: begin -->\nold\n<!-- calls: end -->\nrest\n"
    once = with_section(document, "calls", "new\n")
    assert once == "# A\n<!-- calls: begin -->\n```\nnew\n```\n<!-- calls: end -->\nrest\n"
    assert with_section(once, "calls", "new\n") == once


def test_results_without_a_place_in_the_document_are_refused() -> None:
    with pytest.raises(ValueError, match="no markers for 'calls'"):
        with_section("# A\n", "calls", "new")
