"""SIPp as the caller and as the carrier at the other end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.calls.child import Child
from benchmarks.calls.errors import ChildFailed
from benchmarks.calls.sipp_log import Delays, Totals, delays, totals

_SCENARIOS: Final = Path(__file__).parent / "scenarios"
_HOST: Final = "127.0.0.1"
#: SIPp ends by itself after this long, whatever became of the calls.
_STRAGGLERS_S: Final = 40
#: Exit status: all calls succeeded, at least one failed. Others mean that SIPp itself failed.
_FINISHED: Final = (0, 1)


@dataclass(frozen=True, slots=True)
class Load:
    """A load: this many calls to `number`, `rate` of them begun each second."""

    number: str
    rate: float
    calls: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load came to."""

    load: Load
    delays: Delays
    totals: Totals

    @property
    def success_share(self) -> float:
        """Successful calls, 0 to 1, of all that were asked for."""
        return self.totals.successful / self.load.calls


def _common(scenario: str, port: int) -> list[str]:
    return [
        *("sipp", "-sf", str(_SCENARIOS / f"{scenario}.xml"), "-nostdin"),
        *("-i", _HOST, "-mi", _HOST, "-p", str(port)),
    ]


def carrier(port: int, folder: Path) -> Child:
    """Start the answering side on this port."""
    return Child("carrier", [*_common("uas", port), _HOST], folder)


class Caller:
    """One load from a fixed port, as a customer's trunk sends it."""

    def __init__(self, load: Load, *, port: int, to_port: int, folder: Path) -> None:
        self._load = load
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        last_call_s = math.ceil(load.calls / load.rate)
        self._limit_s = last_call_s + _STRAGGLERS_S
        self._child = Child(
            "caller",
            [
                *_common("uac", port),
                *("-s", load.number, "-r", str(load.rate), "-m", str(load.calls), "-l", str(load.calls)),
                *("-trace_shortmsg", "-shortmessage_file", "messages.log"),
                *("-trace_stat", "-stf", "statistics.csv", "-fd", "1"),
                *("-timeout", f"{self._limit_s}s", "-timeout_error", f"{_HOST}:{to_port}"),
            ],
            folder,
        )

    @property
    def running(self) -> bool:
        """Whether calls are still being made."""
        return self._child.running

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the load, at most `timeout_s`; whether it has ended."""
        return self._child.wait(self._limit_s + 10 if timeout_s is None else timeout_s) is not None

    def outcome(self) -> Outcome:
        """The result, once it has ended. Raises ChildFailed and ResultUnreadable."""
        status = self._child.wait(0)
        statistics = self._folder / "statistics.csv"
        if not statistics.exists():
            raise self._child.failure(f"made no statistics (exit status {status})")
        with statistics.open(newline="") as rows:
            result = totals(rows)
        if status not in _FINISHED and result.created < self._load.calls:
            raise ChildFailed(f"SIPp gave up with exit status {status} after {result.created} calls")
        with (self._folder / "messages.log").open(errors="replace") as lines:
            return Outcome(self._load, delays(lines), result)

    def stop(self) -> None:
        """End it now."""
        self._child.stop(grace_s=2.0)
