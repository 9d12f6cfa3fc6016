"""What can go wrong while measuring calls.

BenchmarkError
├── ProgramMissing    FreeSWITCH or SIPp is not on this machine: nothing can be measured
├── ChildFailed       a program that was started did not get ready, or ended too early
└── ResultUnreadable  a file of SIPp's makes no sense
"""

from __future__ import annotations


class BenchmarkError(Exception):
    """Base of this package's errors; `id` is stable and may be matched by programs."""

    id = "benchmark.error"


class ProgramMissing(BenchmarkError):
    """A program that the benchmark needs is not on the PATH."""

    id = "benchmark.program-missing"


class ChildFailed(BenchmarkError):
    """A child process did not get ready in time or ended before it should."""

    id = "benchmark.child-failed"


class ResultUnreadable(BenchmarkError):
    """SIPp wrote something else than expected; the message names the file and the line."""

    id = "benchmark.result-unreadable"
