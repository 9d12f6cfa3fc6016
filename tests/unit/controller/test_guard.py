"""The guard: what it counts becomes bans, trunks never do, and the book of all nodes is kept to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from controller.errors import BarrierFailed, StoreAway
from controller.guard import BARRIER_S, BOOK_S, MOST_BANNED, SLOWED_S, Guard
from controller.guard_meters import GuardMeters, Part
from dialplan.strangers.ban import FIRST_BAN, Ban
from dialplan.strangers.counting import ALLOWANCES, Evidence, Rules

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TRUNK, STRANGER, PHONES = "192.0.2.1", "198.51.100.7", "198.51.100.8"
FLOOD = int(ALLOWANCES[Evidence.REQUEST].ban_at)


@dataclass
class World:
    """The wire, the barrier, the book of all nodes, and the clock."""

    coming: dict[tuple[str, Evidence], int] = field(default_factory=dict)
    skipped: Sequence[str] = ()
    banned: Sequence[str] = ()
    slowed: Sequence[str] = ()
    placed: int = 0
    broken: str = ""
    book: dict[str, Ban] = field(default_factory=dict)
    away: bool = False
    at_s: float = 1_000.0

    def look(self) -> Mapping[tuple[str, Evidence], int]:
        found, self.coming = self.coming, {}
        return found

    def skip(self, sources: Sequence[str]) -> None:
        self.skipped = sources

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.at_s)

    def enforce(self, banned: Sequence[str], slowed: Sequence[str]) -> int:
        if self.broken:
            raise BarrierFailed(self.broken)
        self.banned, self.slowed = banned, slowed
        self.placed += 1
        return 4


@dataclass
class Barrier:
    world: World

    def put(self, banned: Sequence[str], slowed: Sequence[str]) -> int:
        return self.world.enforce(banned, slowed)


@dataclass
class Book:
    world: World

    def all(self) -> Sequence[Ban]:
        self._away()
        return list(self.world.book.values())

    def put(self, ban: Ban) -> None:
        self._away()
        self.world.book[ban.address] = ban

    def _away(self) -> None:
        if self.world.away:
            raise StoreAway("Redis is away")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def meters(world: World) -> GuardMeters:
    return GuardMeters(lambda: world.at_s)


@pytest.fixture
def guard(world: World, meters: GuardMeters) -> Guard:
    return Guard(
        "test",
        world,
        Barrier(world),
        Book(world),
        lambda source: "trunk carrier-a" if source == TRUNK else "",
        Rules(),
        meters,
        clock=world.clock,
        steady_s=lambda: world.at_s,
    )


def flood(world: World, guard: Guard, source: str, count: int = FLOOD) -> None:
    world.coming[source, Evidence.REQUEST] = count
    world.at_s += 0.1
    guard.round()


def later(world: World, guard: Guard, seconds: float) -> None:
    world.at_s += seconds
    guard.round()


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
    assert world.banned == []


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
    for number in range(MOST_BANNED + 5):
        flood(world, guard, f"10.1.{number // 250}.{number % 250 + 1}")
    assert len(world.banned) == MOST_BANNED
    assert "10.1.0.1" not in world.banned


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
