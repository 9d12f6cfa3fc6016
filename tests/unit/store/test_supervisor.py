"""A server that died is started again: at once, then with pauses that grow to a bound."""

from __future__ import annotations

from collections.abc import Callable

from store.embedded.supervisor import (
    CHECK_EVERY_S,
    LONGEST_PAUSE_S,
    STABLE_AFTER_S,
    ServerState,
    supervise,
)
from store.errors import ServerStartFailed


class Mortal:
    """A server for the supervisor; `dies_at` and `start_fails_until` are moments of `clock`."""

    name = "mortal"

    def __init__(
        self, clock: Callable[[], float], dies_at: list[float], start_fails_until: float = 0.0
    ) -> None:
        self._clock = clock
        self._dies_at = dies_at
        self._fails_until = start_fails_until
        self._alive = True
        self.starts: list[float] = []

    def alive(self) -> bool:
        if self._dies_at and self._clock() >= self._dies_at[0]:
            self._dies_at.pop(0)
            self._alive = False
        return self._alive

    def start(self) -> str:
        self.starts.append(self._clock())
        if self._clock() < self._fails_until:
            raise ServerStartFailed("mortal", "not yet", "Wait")
        self._alive = True
        return "url"


def run(
    dies_at: list[float], lasts_s: float, start_fails_until: float = 0.0
) -> tuple[Mortal, list[ServerState]]:
    now = 0.0

    def ended(seconds: float) -> bool:
        nonlocal now
        now += seconds
        return now > lasts_s

    server = Mortal(lambda: now, dies_at, start_fails_until)
    states: list[ServerState] = []
    supervise([server], ended=ended, report=states.append, clock=lambda: now)
    return server, states


def test_a_server_that_lives_is_left_alone() -> None:
    assert run([], lasts_s=100)[1] == []


def test_a_server_that_died_is_started_at_once() -> None:
    server, states = run([10.0], lasts_s=20)
    assert server.starts == [10.0]
    assert states == [
        ServerState("mortal", alive=False, restarts=0, failure="it ended by itself", next_try_in_s=0.0),
        ServerState("mortal", alive=True, restarts=1),
    ]


def test_a_server_that_cannot_start_is_tried_with_pauses_that_grow_to_a_bound() -> None:
    server, states = run([1.0], lasts_s=200, start_fails_until=120)
    pauses = [later - earlier for earlier, later in zip(server.starts, server.starts[1:], strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= CHECK_EVERY_S
    assert LONGEST_PAUSE_S <= pauses[-1] <= LONGEST_PAUSE_S + CHECK_EVERY_S
    assert len(server.starts) < 20
    assert states[-1] == ServerState("mortal", alive=True, restarts=1)
    assert states[1].failure == "mortal: not yet. Wait"


def test_a_server_that_dies_right_after_each_start_is_not_started_in_a_circle() -> None:
    deaths = [1.0 + number for number in range(100)]
    server, _ = run(deaths, lasts_s=60)
    assert len(server.starts) < 15


def test_a_server_that_ran_well_for_a_while_has_a_clean_slate() -> None:
    first_deaths = [1.0, 2.0, 3.0, 4.0, 8.0]
    late = 8.0 + 2 * LONGEST_PAUSE_S + STABLE_AFTER_S
    server, _ = run([*first_deaths, late], lasts_s=late + 5)
    assert server.starts[-1] == late
