"""docs/routing.md says what the tables of the program say."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.trunk_service import FAILURES, FIRST_REST, LONGEST_REST, TRIAL, WINDOW
from dialplan.causes import RETRY_ELSEWHERE, Cause
from dialplan.legs import MAX_LEGS
from dialplan.rules import SENTENCES, Rule

TEXT = (Path(__file__).parents[3] / "docs" / "routing.md").read_text()
WORDS = " ".join(TEXT.split())
_NAMES = {8: "eight"}


@pytest.mark.parametrize("cause", RETRY_ELSEWHERE)
def test_each_cause_of_failover_stands_in_it_with_its_reason(cause: Cause) -> None:
    assert f"| `{cause.switch_name}` | {RETRY_ELSEWHERE[cause]} |\n" in TEXT


def test_no_other_cause_does() -> None:
    others = set(Cause) - set(RETRY_ELSEWHERE)
    assert not [each for each in others if f"| `{each.switch_name}` |" in TEXT]


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_stands_in_it(rule: Rule) -> None:
    assert f"| `{rule}` | {SENTENCES[rule]} |\n" in TEXT


def test_its_figures_are_the_programs() -> None:
    row = f"After {FAILURES} calls in a row that found no path, within {WINDOW.seconds} s"
    assert row in WORDS
    assert f"a trunk rests for {FIRST_REST.seconds} s. Then one call tries it, for {TRIAL.seconds} s" in WORDS
    assert f"rests twice as long, up to {LONGEST_REST.seconds // 60} minutes" in WORDS
    assert f"A call tries {_NAMES[MAX_LEGS]} trunks at most" in WORDS
