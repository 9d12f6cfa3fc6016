"""The guard: what it counts becomes bans, trunks never do, and the book of all nodes is kept to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.guard import BARRIER_S, BOOK_S, MOST_BANNED, MOST_NEW, SLOWED_S, Guard
from controller.guard_meters import GuardMeters, Part
from dialplan.strangers.ban import FIRST_BAN, GUARD, Ban
from dialplan.strangers.counting import Evidence
from tests.unit.controller.guard_world import (
    FLOOD,
    PHONES,
    START,
    STRANGER,
    TRUNK,
    World,
    flood,
    later,
    many_flood,
    new_guard,
    scan,
    sources,
)
from tests.unit.controller.guard_world import guard as guard
from tests.unit.controller.guard_world import meters as meters
from tests.unit.controller.guard_world import world as world


def test_a_flood_is_banned_in_the_round_that_saw_it(world: World, guard: Guard) -> None:
    flood(world, guard, STRANGER)
    assert (world.banned, world.skipped) == ([STRANGER], [STRANGER])
    later(world, guard, BOOK_S)
    assert world.book[STRANGER].reason == "too many requests"
    assert world.book[STRANGER].until == world.book[STRANGER].since + FIRST_BAN


def test_a_trunk_is_never_banned_whatever_it_sends(world: World, guard: Guard) -> None:
    flood(world, guard, TRUNK, FLOOD * 1_000)
    world.book[TRUNK] = Ban(TRUNK, START, START + timedelta(days=1), "a mistake", "op")
    later(world, guard, BOOK_S)
    assert world.banned == []


def test_guessed_passwords_are_banned_and_the_next_ban_is_longer(world: World, guard: Guard) -> None:
    for _ in range(20):
        guard.failed(STRANGER)
    guard.round()
    assert world.banned == [STRANGER]
    later(world, guard, FIRST_BAN.total_seconds() + 1)
    assert world.banned == []
    for _ in range(20):
        guard.failed(STRANGER)
    later(world, guard, BOOK_S)
    assert world.book[STRANGER].until - world.book[STRANGER].since == 2 * FIRST_BAN


def test_an_address_with_registered_phones_may_ask_more(world: World, guard: Guard) -> None:
    guard.registered(PHONES)
    for _ in range(30):
        guard.failed(PHONES)
    flood(world, guard, PHONES)
    assert (world.banned, world.slowed) == ([], [])


def test_no_forged_packet_bans_an_address_with_registered_phones(world: World, guard: Guard) -> None:
    """B8: a ban would drop INVITEs to 110 and 112 as well."""
    guard.registered(PHONES)
    for _ in range(1_000):
        guard.failed(PHONES)
    world.coming[PHONES, Evidence.SCANNER] = FLOOD * 100
    flood(world, guard, PHONES, FLOOD * 100)
    assert (world.banned, world.slowed) == ([], [PHONES])
    later(world, guard, SLOWED_S + BOOK_S)
    assert (world.banned, world.slowed, world.book) == ([], [], {})


def test_a_new_guard_knows_where_phones_were_registered_at_any_node(world: World, guard: Guard) -> None:
    """Without an Event Socket, from Redis alone, and a weekend later."""
    guard.registered(PHONES)
    later(world, guard, BOOK_S)
    assert world.phones == {PHONES: 0.0}
    world.phones[PHONES] = 60 * 3600.0
    successor = new_guard(world, GuardMeters(lambda: world.at_s))
    later(world, successor, BOOK_S)
    for _ in range(50):
        successor.failed(PHONES)
    scan(world, successor, [PHONES])
    flood(world, successor, PHONES)
    assert world.banned == []


def test_until_somebody_says_where_phones_are_strangers_are_slowed_alone(world: World) -> None:
    guard = new_guard(world, GuardMeters(lambda: world.at_s))
    world.away = True
    guard.round()
    scan(world, guard, [STRANGER])
    flood(world, guard, STRANGER)
    assert (world.banned, world.slowed) == ([], [STRANGER])
    world.away = False
    later(world, guard, BOOK_S)
    flood(world, guard, STRANGER)
    assert (world.banned, world.slowed) == ([STRANGER], [])


def test_a_phone_that_registers_ends_the_guards_ban_of_its_address_but_no_person_s(
    world: World, guard: Guard
) -> None:
    for address, actor in ((PHONES, GUARD), (STRANGER, "op")):
        world.book[address] = Ban(address, START, START + timedelta(days=1), "", actor)
    later(world, guard, BOOK_S)
    assert world.banned == [STRANGER, PHONES]
    guard.registered(PHONES)
    guard.registered(STRANGER)
    guard.round()
    assert world.banned == [STRANGER]
    later(world, guard, BOOK_S)
    assert list(world.book) == [STRANGER]


def test_a_slowed_address_is_let_alone_after_a_while(world: World, guard: Guard) -> None:
    flood(world, guard, STRANGER, FLOOD - 1)
    assert (world.banned, world.slowed) == ([], [STRANGER])
    later(world, guard, SLOWED_S)
    assert world.slowed == []


def test_what_another_node_banned_is_banned_here_and_a_lifted_ban_ends(world: World, guard: Guard) -> None:
    world.book[STRANGER] = Ban(STRANGER, START, START + timedelta(days=1), "by hand", "op")
    later(world, guard, BOOK_S)
    assert world.banned == [STRANGER]
    del world.book[STRANGER]
    later(world, guard, BOOK_S)
    assert world.banned == []
    flood(world, guard, STRANGER, FLOOD - 1)
    assert world.banned == []


def test_without_redis_bans_hold_and_are_noted_when_it_is_back(world: World, guard: Guard) -> None:
    world.away = True
    flood(world, guard, STRANGER)
    later(world, guard, BOOK_S)
    assert (world.banned, world.book) == ([STRANGER], {})
    world.away = False
    later(world, guard, BOOK_S)
    assert STRANGER in world.book
    assert world.banned == [STRANGER]


def test_the_barrier_is_put_again_for_a_switch_that_was_started_anew(world: World, guard: Guard) -> None:
    flood(world, guard, STRANGER)
    placed = world.placed
    later(world, guard, BARRIER_S)
    assert world.placed == placed + 1


def test_a_barrier_that_does_not_stand_is_told(world: World, guard: Guard) -> None:
    world.broken = "no program listens on 5060"
    flood(world, guard, STRANGER)
    assert guard.status().problem == "no program listens on 5060"
    world.broken = ""
    later(world, guard, BARRIER_S)
    status = guard.status()
    assert (status.problem, status.banned, status.doors) == ("", 1, 4)


def test_more_bans_than_the_barrier_takes_leave_the_newest(world: World, guard: Guard) -> None:
    many_flood(world, guard, MOST_BANNED + MOST_NEW)
    assert len(world.banned) == MOST_BANNED
    assert sources(1)[0] not in world.banned


def test_who_is_displaced_by_forged_senders_and_goes_on_is_shut_out_again(world: World, guard: Guard) -> None:
    flood(world, guard, STRANGER)
    many_flood(world, guard, MOST_BANNED)
    assert STRANGER not in world.banned
    flood(world, guard, STRANGER, FLOOD - 1)
    assert STRANGER in world.slowed
    flood(world, guard, STRANGER)
    assert STRANGER in world.banned


def test_single_forged_packets_displace_nobody_who_floods_and_nobody_banned_by_hand(
    world: World, guard: Guard
) -> None:
    world.book[PHONES] = Ban(PHONES, START, START + timedelta(days=1), "by hand", "op")
    later(world, guard, BOOK_S)
    flood(world, guard, STRANGER)
    forged = sources(MOST_BANNED * 2)
    while forged:
        scan(world, guard, forged[:MOST_NEW])
        forged = forged[MOST_NEW:]
    assert len(world.banned) == MOST_BANNED
    assert {STRANGER, PHONES} <= set(world.banned)


def test_of_thousands_of_forged_senders_few_are_banned_in_a_round_and_who_floods_is_among_them(
    world: World, guard: Guard, meters: GuardMeters
) -> None:
    world.coming[STRANGER, Evidence.REQUEST] = FLOOD
    scan(world, guard, sources(1_000))
    assert len(world.banned) == meters.bans.total() == MOST_NEW
    assert STRANGER in world.banned


def test_bans_by_hand_and_lifts_arrive_though_redis_takes_nothing(world: World, guard: Guard) -> None:
    world.full = True
    flood(world, guard, STRANGER)
    world.book[PHONES] = Ban(PHONES, START, START + timedelta(days=1), "by hand", "op")
    later(world, guard, BOOK_S)
    assert world.banned == [STRANGER, PHONES]
    del world.book[PHONES]
    later(world, guard, BOOK_S)
    assert world.banned == [STRANGER]
    world.full = False
    later(world, guard, BOOK_S)
    assert list(world.book) == [STRANGER]


def test_what_waits_for_a_dead_redis_is_bounded(
    world: World, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.guard.MOST_HELD", 2 * MOST_NEW)
    world.away = True
    forged = sources(5 * MOST_NEW)
    while forged:
        scan(world, guard, forged[:MOST_NEW])
        forged = forged[MOST_NEW:]
    later(world, guard, BOOK_S)
    world.away = False
    later(world, guard, BOOK_S)
    assert len(world.book) == 2 * MOST_NEW


def test_the_clock_set_back_bans_nobody_for_longer_than_its_time(world: World, guard: Guard) -> None:
    """Counting goes by a clock that nobody sets; a ban whose beginning lies ahead is not in force."""
    flood(world, guard, STRANGER)
    later(world, guard, BOOK_S)
    ban = world.book[STRANGER]
    world.book[STRANGER] = Ban(
        STRANGER, ban.since + timedelta(hours=1), ban.until + timedelta(hours=1), "", "op"
    )
    later(world, guard, BOOK_S)
    assert world.banned == []


def test_what_strangers_send_and_what_followed_is_counted(
    world: World, guard: Guard, meters: GuardMeters
) -> None:
    """Issue 7, observability: the guard's own figures; what trunks send is none of them."""
    flood(world, guard, TRUNK)
    flood(world, guard, STRANGER, FLOOD - 1)
    flood(world, guard, STRANGER)
    for _ in range(20):
        guard.failed(PHONES)
    assert meters.counted == {Evidence.REQUEST: 2 * FLOOD - 1, Evidence.FAILURE: 20}
    assert meters.slowed == {Evidence.REQUEST: 1}
    assert meters.bans == {Evidence.REQUEST: 1, Evidence.FAILURE: 1}


def test_a_guard_that_is_blind_or_powerless_shows_it_by_its_ages(
    world: World, guard: Guard, meters: GuardMeters
) -> None:
    guard.round()
    world.away, world.broken = True, "no program listens on 5060"
    later(world, guard, 60)
    ages_s = meters.ages_s()
    assert (ages_s[Part.PACKETS], ages_s[Part.BANS], ages_s[Part.BARRIER]) == (0, 60, 60)
    assert meters.errors == {Part.BANS: 1, Part.BARRIER: 1}
    world.away, world.broken = False, ""
    later(world, guard, BARRIER_S)
    assert (meters.ages_s()[Part.BANS], meters.ages_s()[Part.BARRIER]) == (0, 0)
