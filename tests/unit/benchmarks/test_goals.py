"""A benchmark that misses what must be reached ends with 1, whatever else it printed (issues 5, 6, 7)."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.acd_calls.figures import Figures as QueueFigures
from benchmarks.billing import right
from benchmarks.calls.figures import Figures
from benchmarks.calls.leaks import Leaks, Sample
from benchmarks.calls.machine import Machine
from benchmarks.calls.report import Comparison
from benchmarks.calls.variants import FERNAMT, STATIC

GOOD = QueueFigures(300, 0, 0, 0, 0, 20, 1.0, median_ms=6.0, p95_ms=9.0, p99_ms=11.0, repeated=0)


@pytest.mark.parametrize(
    ("found", "rate", "missed"),
    [
        (GOOD, 5, ""),
        (replace(GOOD, median_ms=15.1), 5, "median"),
        (replace(GOOD, p95_ms=40.1), 5, "95th"),
        (replace(GOOD, p95_ms=55.6), 20, ""),
        (replace(GOOD, overtaken=1), 20, "overtaken"),
        (replace(GOOD, never_ended=1), 5, "forgotten"),
        (replace(GOOD, callers=0, median_ms=0.0, p95_ms=0.0), 5, "no caller came"),
    ],
)
def test_a_load_of_queues_is_held_against_its_goals(found: QueueFigures, rate: float, missed: str) -> None:
    """Issue 6: times at 5 calls/s, nobody forgotten at any rate."""
    said = found.missed(rate)
    assert bool(said) is bool(missed)
    assert missed in "; ".join(said)


def compared(fernamt: Figures) -> Comparison:
    machine = Machine("a processor", 2, 24.0, "Linux", "3.11", "1.11", "3.6", "2026-11-22")
    static = Figures(STATIC.name, 100, 0, 20.0, 25.0, 30.0, 220.0, (20.0,), 10.0, None, 150)
    return Comparison(machine, "normal", 60, 25, 3, (static, fernamt))


@pytest.mark.parametrize(
    ("sustained", "cpu_ms", "reached"),
    [(140, 1.9, True), (None, 1.9, True), (117, 1.9, False), (140, 2.1, False)],
)
def test_calls_are_held_against_the_static_dialplan(
    sustained: float | None, cpu_ms: float, reached: bool
) -> None:
    """What was not measured is not missed."""
    one = Figures(FERNAMT.name, 100, 0, 23.0, 30.0, 35.0, 225.0, (23.0,), 11.0, cpu_ms, sustained)
    assert compared(one).reached is reached


@pytest.mark.parametrize(
    ("failed", "sessions", "grown_kib", "flat"),
    [(0, 0, 700, True), (1, 0, 700, False), (0, 1, 700, False), (0, 0, 9_000, False)],
)
def test_a_controller_that_grows_or_loses_calls_is_not_flat(
    failed: int, sessions: int, grown_kib: int, flat: bool
) -> None:
    samples = (Sample(5_000, 72_000, 9, 11, 0), Sample(20_000, 72_000 + grown_kib, 9, 11, sessions))
    assert Leaks(20_000, failed, samples).flat is flat


@pytest.mark.parametrize(
    ("change", "so"),
    [
        ({}, True),
        ({"charges": 199_999}, False),
        ({"ledger_is_zero": False}, False),
        ({"charges_equal_ledger": False}, False),
    ],
)
def test_a_fast_rating_that_is_wrong_misses_its_goal(change: dict[str, object], so: bool) -> None:
    """Guarantee 5."""
    found = {
        "billable_cdrs": 200_000,
        "charges": 200_000,
        "ledger_is_zero": True,
        "charges_equal_ledger": True,
    }
    assert right({**found, **change}) is so


@pytest.mark.parametrize(
    ("status", "said", "kept"),
    [(0, "fast", True), (0, "", False), (1, "too slow", True), (1, "", False), (2, "half", False)],
)
def test_a_result_that_misses_its_goal_is_written_down_as_well(status: int, said: str, kept: bool) -> None:
    assert benchmarks.is_result(status, said) is kept


@pytest.mark.parametrize("status", [0, 1])
def test_what_a_program_ends_with_is_what_all_end_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    assert ended(tmp_path, monkeypatch, f"import sys; sys.exit({status})") == status


def test_progress_passes_by_the_result_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program = "from benchmarks.arguments import tell; tell('half of it'); print('the result')"
    assert ended(tmp_path, monkeypatch, program) == 0
    out, err = capfd.readouterr()
    assert (out, err) == ("the result\n", "== tiny\nhalf of it\n")


def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> int:
    """The status of all benchmarks when there is one, with this text."""
    (tmp_path / "tiny_benchmark.py").write_text(f"{program}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(benchmarks.PROGRAMS, "tiny", ("tiny_benchmark", set()))
    before = signal.getsignal(signal.SIGTERM)
    try:
        return benchmarks.main(["tiny"])
    finally:
        signal.signal(signal.SIGTERM, before)
