"""Who counts as one, when somebody who asks too much is slowed and banned, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.strangers.address import source_of
from dialplan.strangers.ban import FIRST_BAN, GUARD, LONGEST_BAN, REMEMBERED, Ban, kept, next_ban, strongest
from dialplan.strangers.counting import ALLOWANCES, Evidence, Rules, Strangers, Verdict

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::/64", "2001:db8:1:2::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
    ],
)
def test_an_ipv6_host_counts_by_its_network(address: str, source: str) -> None:
    assert source_of(address) == source
    assert source_of(source) == source


@pytest.mark.parametrize("text", ["", "host.example", "192.0.2.0/24", "0.0.0.0", "224.0.0.1", "1.2.3"])  # noqa: S104
def test_what_is_no_host_has_no_source(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        source_of(text)


def test_a_flood_slows_and_then_bans() -> None:
    strangers = Strangers(Rules())
    slow, ban = ALLOWANCES[Evidence.REQUEST].slow_at, ALLOWANCES[Evidence.REQUEST].ban_at
    assert strangers.seen("192.0.2.1", Evidence.REQUEST, int(slow) - 1, 0.0) is Verdict.NOTHING
    assert strangers.seen("192.0.2.1", Evidence.REQUEST, 1, 0.0) is Verdict.SLOW
    assert strangers.seen("192.0.2.1", Evidence.REQUEST, int(ban - slow), 0.0) is Verdict.BAN
    assert strangers.seen("192.0.2.2", Evidence.REQUEST, 1, 0.0) is Verdict.NOTHING


def test_a_phone_with_a_wrong_password_that_tries_each_minute_is_never_banned() -> None:
    strangers = Strangers(Rules())
    for minute in range(24 * 60):
        assert strangers.seen("192.0.2.1", Evidence.FAILURE, 1, minute * 60.0) is Verdict.NOTHING


def test_a_patient_search_for_passwords_is_banned() -> None:
    """Six tries a minute, far below every limit of requests."""
    strangers = Strangers(Rules())
    verdicts = [strangers.seen("192.0.2.1", Evidence.FAILURE, 1, tries * 10.0) for tries in range(40)]
    assert Verdict.BAN in verdicts


def test_a_scanner_is_believed_at_once() -> None:
    assert Strangers(Rules()).seen("192.0.2.1", Evidence.SCANNER, 1, 0.0) is Verdict.BAN


def test_an_office_full_of_phones_may_ask_ten_times_as_much() -> None:
    strangers = Strangers(Rules())
    count = int(ALLOWANCES[Evidence.REQUEST].ban_at) * 10
    assert strangers.seen("192.0.2.1", Evidence.REQUEST, count // 2 - 1, 0.0, known=True) is Verdict.NOTHING
    assert strangers.seen("192.0.2.1", Evidence.REQUEST, count, 0.0, known=True) is Verdict.SLOW


def test_what_an_office_full_of_phones_may_ask_for_ever_is_ten_times_as_much_too() -> None:
    strangers = Strangers(Rules())
    for second in range(600):
        asked = strangers.seen("192.0.2.1", Evidence.REQUEST, 199, float(second), known=True)
        assert asked is Verdict.NOTHING
    for minute in range(600):
        failed = strangers.seen("192.0.2.2", Evidence.FAILURE, 19, minute * 60.0, known=True)
        assert failed is Verdict.NOTHING


@pytest.mark.parametrize("what", Evidence)
def test_nothing_bans_an_address_with_phones_because_all_of_it_can_be_forged(what: Evidence) -> None:
    """B8: 110 and 112 of an office are not at the mercy of who writes its address on packets."""
    strangers = Strangers(Rules())
    assert strangers.seen("192.0.2.1", what, 1_000_000, 0.0, known=True) is Verdict.SLOW
    assert strangers.seen("192.0.2.1", what, 1, 3_600.0, known=True) is Verdict.NOTHING


def test_one_packet_that_says_it_scans_is_one_packet_where_phones_are() -> None:
    strangers = Strangers(Rules())
    assert strangers.seen("192.0.2.1", Evidence.SCANNER, 1, 0.0, known=True) is Verdict.NOTHING


def test_every_bucket_drains() -> None:
    assert all(each.drains_per_s > 0 for each in ALLOWANCES.values())


def test_memory_is_bounded_whoever_is_forged() -> None:
    strangers = Strangers(Rules(), most=100)
    for number in range(10_000):
        strangers.seen(f"10.0.{number // 256}.{number % 256}", Evidence.REQUEST, 1, 0.0)
    assert len(strangers) == 100


@given(st.lists(st.tuples(st.integers(0, 19), st.floats(1.0, 30.0)), max_size=60))
def test_whoever_stays_below_what_drains_is_never_slowed(steps: list[tuple[int, float]]) -> None:
    strangers, at_s = Strangers(Rules()), 0.0
    for count, pause_s in steps:
        at_s += pause_s
        assert strangers.seen("192.0.2.1", Evidence.REQUEST, count, at_s) is Verdict.NOTHING


def test_each_ban_is_twice_as_long_until_it_is_forgotten() -> None:
    first = next_ban("192.0.2.1", None, NOW, "why", "guard")
    assert first.until - first.since == FIRST_BAN
    second = next_ban("192.0.2.1", first, first.until, "why", "guard")
    assert (second.until - second.since, second.times) == (2 * FIRST_BAN, 2)
    late = next_ban("192.0.2.1", second, second.until + REMEMBERED, "why", "guard")
    assert late.until - late.since == FIRST_BAN
    assert timedelta(hours=1) == LONGEST_BAN  # whom it holds did perhaps nothing
    many = Ban("192.0.2.1", NOW, NOW, "why", "guard", 1_000_000)
    again = next_ban("192.0.2.1", many, NOW, "why", "guard")
    assert again.until - again.since == LONGEST_BAN


def test_where_there_is_no_room_for_all_the_last_ones_are_kept_out() -> None:
    bans = [
        Ban(f"192.0.2.{n}", NOW - timedelta(minutes=n), NOW + timedelta(hours=1), "", "") for n in range(1, 5)
    ]
    over = Ban("192.0.2.9", NOW - timedelta(hours=1), NOW, "", "")
    assert strongest([*bans, over], NOW, 2) == ["192.0.2.1", "192.0.2.2"]


def test_where_there_is_no_room_a_forged_packet_displaces_neither_a_flood_nor_a_person_s_ban() -> None:
    until = NOW + timedelta(hours=1)
    by_hand = Ban("192.0.2.1", NOW - timedelta(minutes=3), until, "", "op")
    flood = Ban("192.0.2.2", NOW - timedelta(minutes=2), until, "", GUARD)
    scanners = [
        Ban(f"192.0.2.{n}", NOW - timedelta(seconds=n), until, "", GUARD, light=True) for n in range(3, 9)
    ]
    assert strongest([*scanners, flood, by_hand], NOW, 3) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert kept([*scanners, flood, by_hand], NOW, 2) == [by_hand, flood]
    assert kept([flood, by_hand], until + REMEMBERED, 2) == []
