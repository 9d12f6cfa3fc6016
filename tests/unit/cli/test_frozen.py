"""Which silent program is frozen, and which one only gets too little of the processor."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cli.wiring.child import patience_s, used_s


@pytest.mark.parametrize(
    ("used", "patience"),
    [
        (0.0, 3.0),  # stopped, or waiting for what never comes
        (0.05, 3.0),
        (0.5, 20.0),  # slow: others have the processor
        (2.0, 20.0),
        (2.9, 3.0),  # all of a core, for nothing
    ],
)
def test_who_gets_some_of_the_processor_is_given_time(used: float, patience: float) -> None:
    assert patience_s(3.0, used) == patience


def test_nothing_is_divided_by_no_time() -> None:
    assert patience_s(0.0, 0.0) == 3.0


def test_processor_time_is_read_of_this_and_of_no_process() -> None:
    before = used_s(os.getpid())
    sum(number * number for number in range(3_000_000))
    assert used_s(os.getpid()) > before
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    assert used_s(gone.pid) == 0.0
