"""The contact centre's benchmark runs: no promise is broken, callers reach agents (issue 6)."""

from __future__ import annotations

from benchmarks.acd import decisions
from benchmarks.acd.simulation import simulate


def test_a_large_crowd_keeps_its_size_and_callers_reach_agents() -> None:
    measured = decisions.measure(20, lambda _: None)
    assert measured.assignments >= 10
    assert measured.steps >= 60
    assert 0 < measured.median_us <= measured.p99_us <= measured.longest_us


def test_the_simulation_makes_at_least_the_steps_that_were_asked_for() -> None:
    """Guarantee 6: owners died on the way, and nothing was broken."""
    simulated = simulate(1_000, 1, world_steps=500, worlds_each=2)
    assert simulated.steps >= 1_000
    assert simulated.worlds == 2
    assert simulated.callers > 0
