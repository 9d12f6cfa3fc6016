"""A guard in a world of memory: the wire, the barrier, the book of all nodes, and the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from controller.errors import BarrierFailed, StoreAway
from controller.guard import MOST_NEW, Guard
from controller.guard_meters import GuardMeters
from controller.known_addresses import KnownAddresses
from dialplan.strangers.ban import Ban
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
    phones: dict[str, float] = field(default_factory=dict)
    away: bool = False
    full: bool = False
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

    def put(self, bans: Sequence[Ban]) -> None:
        self._away(writing=True)
        self.world.book.update({ban.address: ban for ban in bans})

    def lift(self, address: str) -> None:
        self._away()
        self.world.book.pop(address, None)

    def remember(self, sources: Sequence[str]) -> None:
        self._away(writing=True)
        self.world.phones.update(dict.fromkeys(sources, 0.0))

    def ages_s(self) -> Mapping[str, float]:
        self._away()
        return self.world.phones

    def _away(self, *, writing: bool = False) -> None:
        if self.world.away or (writing and self.world.full):
            raise StoreAway("Redis is away")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def meters(world: World) -> GuardMeters:
    return GuardMeters(lambda: world.at_s)


@pytest.fixture
def guard(world: World, meters: GuardMeters) -> Guard:
    """One that has read the book once."""
    found = new_guard(world, meters)
    found.round()
    return found


def new_guard(world: World, meters: GuardMeters) -> Guard:
    book = Book(world)
    return Guard(
        "test",
        world,
        Barrier(world),
        book,
        lambda source: "trunk carrier-a" if source == TRUNK else "",
        KnownAddresses(book, lambda: world.at_s),
        Rules(),
        meters,
        clock=world.clock,
        steady_s=lambda: world.at_s,
    )


def flood(world: World, guard: Guard, source: str, count: int = FLOOD) -> None:
    world.coming[source, Evidence.REQUEST] = count
    world.at_s += 0.1
    guard.round()


def scan(world: World, guard: Guard, addresses: Sequence[str]) -> None:
    """One packet of each says that it scans."""
    world.coming.update({(source, Evidence.SCANNER): 1 for source in addresses})
    world.at_s += 0.1
    guard.round()


def sources(count: int) -> list[str]:
    return [f"10.1.{number // 250}.{number % 250 + 1}" for number in range(count)]


def many_flood(world: World, guard: Guard, count: int) -> None:
    """So many addresses one after the other, as many in a round as may be banned in one."""
    for at in range(0, count, MOST_NEW):
        for source in sources(count)[at : at + MOST_NEW]:
            world.coming[source, Evidence.REQUEST] = FLOOD
        world.at_s += 0.1
        guard.round()


def later(world: World, guard: Guard, seconds: float) -> None:
    world.at_s += seconds
    guard.round()
