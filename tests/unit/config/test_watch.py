"""The watch for a newer configuration: what it does when the database, the version or the switch fail."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import pytest

from controller.configuration import POLL_S, RETRY_S, Configuration, ConfigurationState
from controller.errors import NodeAway, StoreAway, VersionRefused
from dialplan.snapshot import Snapshot


def snapshot(version: int) -> Snapshot:
    nothing: MappingProxyType[object, object] = MappingProxyType({})
    return Snapshot(version, nothing, nothing, nothing, nothing, (), nothing, (), (), "221")  # type: ignore[arg-type]


class World:
    """Source, compiler and node in one, with switches for what fails."""

    def __init__(self) -> None:
        self.newest = 1
        self.away = False
        self.node_away = False
        self.unusable: set[int] = set()
        self.due_next: Snapshot | None = None
        self.log: list[str] = []
        self.states: list[ConfigurationState] = []
        self.configuration = Configuration(
            self,
            self,
            self,
            first=snapshot(1),
            swap=lambda fresh: self.log.append(f"swap {fresh.version}"),
            report=self.states.append,
            breathe=lambda: None,
        )

    def current(self) -> int:
        if self.away:
            raise StoreAway("the database is away")
        return self.newest

    def changes(self, since: int, to: int) -> tuple[int, int]:
        if self.away:
            raise StoreAway("the database is away")
        return since, to

    def compile(self, changes: tuple[int, int], breathe: Callable[[], None]) -> Snapshot:
        breathe()
        self.log.append(f"compile {changes[0]}-{changes[1]}")
        if changes[1] in self.unusable:
            raise VersionRefused("a secret is missing")
        return snapshot(changes[1])

    def due(self, breathe: Callable[[], None]) -> Snapshot | None:
        found, self.due_next = self.due_next, None
        return found

    def prepare(self, fresh: Snapshot) -> None:
        self._on_node(f"prepare {fresh.version}")

    def retire(self, fresh: Snapshot) -> None:
        self._on_node(f"retire {fresh.version}")

    def _on_node(self, what: str) -> None:
        if self.node_away:
            raise NodeAway("the switch does not answer")
        self.log.append(what)

    def look(self) -> list[str]:
        """One look; what happened in it."""
        self.log.clear()
        self.configuration.look()
        return list(self.log)


@pytest.fixture
def world() -> World:
    world = World()
    assert world.look() == ["prepare 1", "retire 1"], "at the start the switch is brought in line"
    assert world.look() == []
    return world


def test_the_switch_knows_new_trunks_before_calls_go_there_and_forgets_old_ones_after(world: World) -> None:
    world.newest = 2
    assert world.look() == ["compile 1-2", "prepare 2", "swap 2", "retire 2"]
    assert world.configuration.version == 2
    assert world.look() == []
    assert world.states[-1] == ConfigurationState(2, 2)


def test_several_versions_at_once_are_taken_in_one_step(world: World) -> None:
    world.newest = 9
    assert world.look()[0] == "compile 1-9"


def test_a_database_that_is_away_changes_nothing(world: World) -> None:
    world.newest, world.away = 2, True
    assert world.look() == []
    world.away = False
    assert "swap 2" in world.look()


def test_a_version_that_cannot_be_used_leaves_the_old_one_and_is_tried_again_later(world: World) -> None:
    world.newest, world.unusable = 2, {2}
    assert world.look() == ["compile 1-2"]
    assert world.states[-1] == ConfigurationState(1, 2, "a secret is missing")
    looks = 0
    while not world.look():
        looks += 1
        assert looks < 100
    assert looks * POLL_S == pytest.approx(RETRY_S, abs=2 * POLL_S)
    world.unusable = set()
    while not world.look():
        looks += 1
        assert looks < 200
    assert world.states[-1] == ConfigurationState(2, 2)


def test_a_newer_version_does_not_wait_for_the_one_that_was_refused(world: World) -> None:
    world.newest, world.unusable = 2, {2}
    world.look()
    world.newest = 3
    assert world.look() == ["compile 1-3", "prepare 3", "swap 3", "retire 3"]


def test_calls_do_not_wait_for_a_switch_that_does_not_answer(world: World) -> None:
    world.newest, world.node_away = 2, True
    assert world.look() == ["compile 1-2", "swap 2"]
    assert world.look() == []
    world.node_away = False
    assert world.look() == ["prepare 2", "retire 2"]
    assert world.look() == []


def test_a_new_day_is_swapped_in_like_a_version(world: World) -> None:
    world.due_next = snapshot(1)
    assert world.look() == ["prepare 1", "swap 1", "retire 1"]


def test_a_database_that_was_set_back_is_followed(world: World) -> None:
    world.newest = 5
    world.look()
    world.newest = 3
    assert world.look()[0] == "compile 5-3"
    assert world.configuration.version == 3


def test_the_watch_says_what_it_begins_with_and_ends_when_it_is_told_to(world: World) -> None:
    world.configuration.start()
    assert world.states[-1] == ConfigurationState(1, 1)
    world.configuration.stop(5.0)
