"""When a node is late, and which share of new calls it refuses then."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controller.overload import LATE_S, WINDOW_S, Overload


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def windows(overload: Overload, clock: Clock, *answers: float, times: int = 1) -> float:
    """So many windows with these answers each; the share afterwards."""
    for _ in range(times):
        for each in answers:
            overload.heard(each)
        clock.seconds += WINDOW_S
    return overload.share


def test_a_node_that_answers_in_milliseconds_refuses_nobody() -> None:
    clock = Clock()
    overload = Overload(clock)
    assert windows(overload, clock, 0.002, 0.9, 0.003, times=20) == 0.0
    assert not any(overload.refuses() for _ in range(100))


def test_one_late_window_is_a_pause_and_two_are_overload() -> None:
    clock = Clock()
    overload = Overload(clock)
    assert windows(overload, clock, 1.4, 1.5, 1.6) == 0.0
    assert windows(overload, clock, 0.001, 0.002, 1.6) == 0.0
    assert windows(overload, clock, 1.4, 1.5, 1.6) == 0.0
    assert windows(overload, clock, 1.4, 1.5, 1.6) == 0.5
    assert windows(overload, clock, 1.4, 1.5, 1.6, times=3) == 1.0
    assert all(overload.refuses() for _ in range(100))


def test_most_answers_count_and_a_few_say_nothing() -> None:
    """Threads of a switch do not stand in line: some calls are answered at once while most wait in vain."""
    clock = Clock()
    overload = Overload(clock)
    assert windows(overload, clock, 5.0, 5.0, times=10) == 0.0
    assert windows(overload, clock, 0.002, LATE_S - 0.001, 5.0, times=10) == 0.0
    assert windows(overload, clock, 0.002, 5.0, 5.0, times=2) == 0.5


def test_a_share_is_refused_evenly() -> None:
    clock = Clock()
    overload = Overload(clock)
    windows(overload, clock, 2.0, 2.0, 2.0, times=2)
    assert [overload.refuses() for _ in range(6)] == [False, True] * 3


def test_it_is_given_up_slowly_and_ends_also_when_nobody_calls_any_more() -> None:
    clock = Clock()
    overload = Overload(clock)
    windows(overload, clock, 2.0, 2.0, 2.0, times=5)
    assert 0.85 < windows(overload, clock, 0.001, 0.001, 0.001) < 0.95
    clock.seconds += 20 * WINDOW_S
    assert overload.share == 0.0
    assert not overload.refuses()


@given(
    st.lists(
        st.tuples(st.sampled_from(["heard", "ask", "wait"]), st.floats(0.0, 1e6, allow_nan=False)),
        max_size=200,
    )
)
def test_the_share_stays_between_none_and_all(steps: list[tuple[str, float]]) -> None:
    clock = Clock()
    overload = Overload(clock)
    for what, number in steps:
        if what == "heard":
            overload.heard(number)
        elif what == "ask":
            overload.refuses()
        else:
            clock.seconds += number
        assert 0.0 <= overload.share <= 1.0
    clock.seconds += 60.0
    assert overload.share == 0.0
