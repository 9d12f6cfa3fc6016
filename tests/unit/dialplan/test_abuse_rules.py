"""What the rules against abuse see, and what they leave alone (B10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.abuse.cases import (
    MAX_EVIDENCE,
    AbuseRule,
    Action,
    EndedCall,
    Sighting,
    ThresholdChange,
    changed,
)
from dialplan.abuse.rules import DEFAULTS, RULES, is_costly, is_out_of_hours, needs_past, sightings
from numbering.e164 import E164
from tests.unit.dialplan.abuse_page import PATH, page

#: A Wednesday, eleven in the morning in Germany; and three at night on the Saturday after.
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
#: One call in so many seconds, so that no other rule strikes by accident.
APART_S = 5
Make = Callable[[int], EndedCall]


def call(
    index: int,
    *,
    at: datetime = NOW,
    number: str | None = None,
    apart_s: float = APART_S,
    rang_s: float | None = 20,
    talked_s: float | None = None,
    by_caller: bool = True,
) -> EndedCall:
    """The call `index` steps before the last one, to a number of its own (far from its neighbours)."""
    started = at - timedelta(seconds=apart_s * (index + 1))
    ringing = None if rang_s is None else started + timedelta(seconds=1)
    answered = None if talked_s is None or ringing is None else ringing + timedelta(seconds=rang_s or 0)
    ended = (answered or ringing or started) + timedelta(seconds=(talked_s if answered else rang_s) or 0)
    shown = number or f"+49406696{(index * 7919) % 10_000:04}"
    return EndedCall(f"call-{index}", shown, started, ringing, answered, ended, by_caller)


def seen(calls: list[EndedCall], at: datetime = NOW, past: list[datetime] | None = None) -> list[Sighting]:
    ordered = sorted(calls, key=lambda each: each.started_at)
    return sightings(ordered, past, DEFAULTS, at, {})


def many(count: int, make: Make) -> list[EndedCall]:
    return [make(index) for index in range(count)]


def abroad(at: datetime) -> Make:
    return lambda index: call(index, at=at, number=f"+44207946{index * 37 % 1000:04}", talked_s=60)


ABUSE: dict[AbuseRule, tuple[list[EndedCall], datetime, int]] = {
    AbuseRule.PING_CALLS: (many(30, lambda n: call(n, rang_s=3)), NOW, 30),
    AbuseRule.SHORT_CALLS: (many(50, lambda n: call(n, talked_s=2)), NOW, 50),
    AbuseRule.DIALLER: (many(60, lambda n: call(n, apart_s=0.9, by_caller=False)), NOW, 60),
    AbuseRule.REPEATED_CALLS: (
        many(80, lambda n: call(n, number=f"+4940669690{n % 20 * 3:02}", apart_s=300)),
        NOW,
        80,
    ),
    AbuseRule.SEQUENTIAL_NUMBERS: (
        many(25, lambda n: call(n, number=f"+49406696{9_000 - n}", talked_s=60)),
        NOW,
        25,
    ),
    AbuseRule.COSTLY_OUT_OF_HOURS: (many(15, abroad(NIGHT)), NIGHT, 15),
    AbuseRule.SUDDEN_FOREIGN: (many(40, abroad(NOW)), NOW, 40),
}


@pytest.mark.parametrize("rule", ABUSE)
def test_each_rule_strikes_at_its_count_and_not_one_call_before(rule: AbuseRule) -> None:
    calls, at, count = ABUSE[rule]
    assert len(calls) == count
    (found,) = seen(calls, at, [])
    assert found.rule is rule
    assert len(found.call_ids) == min(count, MAX_EVIDENCE)
    assert found.call_ids[-1] == "call-0"
    assert "+49" not in found.sentence
    assert seen(calls[1:], at, []) == []


def test_every_rule_has_a_case_a_source_and_a_line_in_the_document() -> None:
    assert {row.rule for row in RULES} == set(AbuseRule) == set(ABUSE)
    assert all(row.source for row in RULES)
    assert PATH.read_text() == page(PATH.read_text()), "run `python -m tests.unit.dialplan.abuse_page`"


OFFICE = {
    "a busy office": many(200, lambda n: call(n, talked_s=120)),
    "long unanswered ringing": many(50, lambda n: call(n, rang_s=40)),
    "one number again and again": many(
        45, lambda n: call(n, number="+494066969001", rang_s=3, apart_s=1_000)
    ),
    "called parties who hang up at once": many(50, lambda n: call(n, rang_s=3, by_caller=False)),
    "dropped calls among many others": [
        *many(40, lambda n: call(n, rang_s=3)),
        *many(30, lambda n: call(n + 40, talked_s=90)),
    ],
    "many calls that are answered": many(100, lambda n: call(n, apart_s=0.5, talked_s=30)),
    "abroad in the daytime": many(30, abroad(NOW)),
    "numbers that were none": [replace(each, number=None) for each in many(10, call)],
    "nothing": [],
}


@pytest.mark.parametrize("name", OFFICE)
def test_ordinary_traffic_strikes_no_rule(name: str) -> None:
    assert seen(OFFICE[name], NOW, []) == []


def test_who_calls_abroad_at_night_all_the_time_may_go_on() -> None:
    calls = ABUSE[AbuseRule.COSTLY_OUT_OF_HOURS][0]
    weeks_before = [NIGHT - timedelta(days=7, minutes=minute) for minute in range(1, 7)]
    assert seen(calls, NIGHT, weeks_before) == []
    (found,) = seen(calls, NIGHT, weeks_before[:5])
    assert "busiest hour of the four weeks before had 5" in found.sentence


def test_who_calls_abroad_in_the_daytime_all_the_time_may_go_on() -> None:
    calls = ABUSE[AbuseRule.SUDDEN_FOREIGN][0]
    weeks_before = [NOW - timedelta(days=7, minutes=minute) for minute in range(1, 10)]
    assert seen(calls, NOW, weeks_before) == []
    (found,) = seen(calls, NOW, weeks_before[:8])
    assert found.rule is AbuseRule.SUDDEN_FOREIGN
    assert "busiest hour of the four weeks before had 8" in found.sentence


def test_the_past_is_only_asked_for_where_it_matters() -> None:
    night = sorted(ABUSE[AbuseRule.COSTLY_OUT_OF_HOURS][0], key=lambda each: each.started_at)
    assert needs_past(night, DEFAULTS, NIGHT)
    assert not needs_past(night[1:], DEFAULTS, NIGHT)
    assert not needs_past(many(30, abroad(NOW)), DEFAULTS, NOW)
    assert needs_past(many(40, abroad(NOW)), DEFAULTS, NOW)
    assert seen(night, NIGHT, None) == []


def test_a_burst_between_two_looks_is_found() -> None:
    calls = ABUSE[AbuseRule.DIALLER][0]
    (found,) = seen(calls, NOW + timedelta(seconds=45))
    assert found.rule is AbuseRule.DIALLER


def test_calls_from_before_a_release_count_no_more() -> None:
    calls = sorted(ABUSE[AbuseRule.PING_CALLS][0], key=lambda each: each.started_at)
    released = {AbuseRule.PING_CALLS: calls[0].started_at}
    assert sightings(calls, None, DEFAULTS, NOW, released) == []
    assert sightings(calls, None, DEFAULTS, NOW, {AbuseRule.DIALLER: NOW}) != []


def test_a_rule_can_be_changed_or_put_off_and_the_last_word_counts() -> None:
    strict = ThresholdChange(AbuseRule.PING_CALLS, action=Action.BLOCK, count=3)
    lax = ThresholdChange(AbuseRule.PING_CALLS, count=5)
    thresholds = changed(DEFAULTS, [strict, lax])
    assert (thresholds[AbuseRule.PING_CALLS].action, thresholds[AbuseRule.PING_CALLS].count) == (
        Action.BLOCK,
        5,
    )
    assert thresholds[AbuseRule.PING_CALLS].seconds == DEFAULTS[AbuseRule.PING_CALLS].seconds
    off = changed(DEFAULTS, [ThresholdChange(each, action=Action.OFF) for each in AbuseRule])
    for calls, at, _ in ABUSE.values():
        assert sightings(calls, [], off, at, {}) == []
        assert not needs_past(calls, off, at)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 18, 6, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 18, 5, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 18, 19, 0, tzinfo=UTC), True),
        (datetime(2026, 7, 15, 5, 0, tzinfo=UTC), False),  # summer time
        (datetime(2026, 11, 21, 11, 0, tzinfo=UTC), True),  # Saturday
    ],
)
def test_hours_are_german_ones(moment: datetime, expected: bool) -> None:
    assert is_out_of_hours(moment) is expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (E164("+442079460000"), True),
        (E164("+499001234567"), True),
        ("11833", True),
        (E164("+494066969001"), False),
        ("116117", False),
        (None, False),
        ("rubbish", False),
    ],
)
def test_what_is_costly(number: str | None, expected: bool) -> None:
    assert is_costly(number) is expected


moments = st.floats(0, 80_000).map(lambda seconds: NOW - timedelta(seconds=seconds))
ended_calls = st.builds(
    lambda index, number, started, rang, talked, by_caller: replace(
        call(index, at=started, rang_s=rang, talked_s=talked, by_caller=by_caller), number=number
    ),
    st.integers(0, 10_000),
    st.one_of(st.none(), st.text(max_size=20), st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)),
    moments,
    st.one_of(st.none(), st.floats(0, 100)),
    st.one_of(st.none(), st.floats(0, 1_000)),
    st.booleans(),
)


@given(st.lists(ended_calls, max_size=60), st.lists(moments, max_size=20))
def test_no_traffic_breaks_a_rule(calls: list[EndedCall], past: list[datetime]) -> None:
    for found in seen(calls, NOW, past):
        assert set(found.call_ids) <= {each.call_id for each in calls}
