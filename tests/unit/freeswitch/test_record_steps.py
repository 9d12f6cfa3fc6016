"""What a leg's record says step by step; the records are FreeSWITCH's own (tests/calls)."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialplan.cdr import RecordUnreadable
from freeswitch.record_steps import steps_of

CALLS = Path(__file__).resolve().parents[2] / "calls"


def steps(name: str) -> list[tuple[str, str]]:
    return [(step.what, step.words) for step in steps_of((CALLS / name).read_bytes())]


def test_states_and_applications_stand_in_the_order_of_time() -> None:
    found = steps_of((CALLS / "out-answered" / "leg-a.cdr.json").read_bytes())
    assert [step.at for step in found] == sorted(step.at for step in found)
    what = [step.what for step in found]
    assert what[0] == "begins"
    assert what[-1] == "ended"
    assert what.index("does") < what.index("answered") < what.index("connected")


def test_a_decision_shows_what_was_decided_and_a_bridge_where_it_goes() -> None:
    does = [words for what, words in steps("out-answered/leg-a.cdr.json") if what == "does"]
    (decided,) = (each for each in does if each.startswith("multiset") and "reason=" in each)
    assert "reason=out.carrier version=1" in decided
    assert "fernamt_do=route" in decided
    assert "origination" not in decided
    assert any(each.startswith("bridge sofia/gateway/carrier-") for each in does)


def test_a_transferred_leg_tells_of_both_stretches() -> None:
    found = steps("transferred/leg-b1.cdr.json")
    assert sum(what == "ended" for what, _ in found) == 1
    assert any("fernamt_onward=transfer:out.carrier" in words for _, words in found)


def test_the_end_tells_cause_and_who() -> None:
    (words,) = [words for what, words in steps("busy/leg-a.cdr.json") if what == "ended"]
    assert words.startswith("USER_BUSY")


@pytest.mark.parametrize("bad", [b"", b"[", b"[]", b'"x"', b"\xff"])
def test_what_is_no_record_is_refused(bad: bytes) -> None:
    with pytest.raises(RecordUnreadable):
        steps_of(bad)


@pytest.mark.parametrize(
    "odd",
    [
        b"{}",
        b'{"callflow": 3, "app_log": [], "variables": null}',
        b'{"callflow": [{"times": {"created_time": "x", "answered_time": 5}}]}',
        b'{"app_log": {"applications": [null, {"app_stamp": "99999999999999999999"}]}}',
    ],
)
def test_parts_that_are_missing_or_odd_are_left_out(odd: bytes) -> None:
    assert steps_of(odd) == ()
