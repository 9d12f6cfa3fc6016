"""SIPp's result files as figures: the short message log and the statistics."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from benchmarks.calls.errors import ResultUnreadable

#: Columns of a short message log: date, time, seconds since 1970, S or R, Call-ID, CSeq, first line.
_COLUMNS: Final = 7


@dataclass(frozen=True, slots=True)
class Delays:
    """What callers saw, in milliseconds, one value for each call that got so far.

    `first_s`, `last_s`: when the first and the last call were dialled, seconds since 1970.
    """

    ringing_ms: tuple[float, ...]
    answered_ms: tuple[float, ...]
    first_s: float
    last_s: float
    dialled: int

    @property
    def achieved_rate(self) -> float:
        """Calls dialled per second; 0 for fewer than two calls."""
        span_s = self.last_s - self.first_s
        return (self.dialled - 1) / span_s if span_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Totals:
    """How many calls SIPp made, and how they ended."""

    created: int
    successful: int
    failed: int
    retransmissions: int


def delays(lines: Iterable[str]) -> Delays:
    """Read a caller's short message log (`-trace_shortmsg`). Raises ResultUnreadable with the line's number.

    A repeated INVITE does not start the clock again; only the first 180 and 200 to the INVITE count.
    """
    dialled: dict[str, float] = {}
    ringing: dict[str, float] = {}
    answered: dict[str, float] = {}
    for number, text in enumerate(lines, start=1):
        fields = text.rstrip("\r\n").split("\t")
        if len(fields) != _COLUMNS:
            raise ResultUnreadable(f"short message log, line {number}: {len(fields)} columns, not {_COLUMNS}")
        _, _, stamp, direction, call, sequence, first_line = fields
        if not sequence.endswith(" INVITE"):
            continue
        try:
            at_s = float(stamp)
        except ValueError as error:
            raise ResultUnreadable(f"short message log, line {number}: no time: {stamp!r}") from error
        if direction == "S" and first_line.startswith("INVITE "):
            dialled.setdefault(call, at_s)
        elif first_line.startswith("SIP/2.0 180"):
            ringing.setdefault(call, at_s)
        elif first_line.startswith("SIP/2.0 200"):
            answered.setdefault(call, at_s)
    if not dialled:
        raise ResultUnreadable("short message log: no INVITE was sent")
    return Delays(
        _since(dialled, ringing),
        _since(dialled, answered),
        min(dialled.values()),
        max(dialled.values()),
        len(dialled),
    )


def _since(begin: dict[str, float], end: dict[str, float]) -> tuple[float, ...]:
    return tuple((at_s - begin[call]) * 1000 for call, at_s in end.items() if call in begin)


def totals(lines: Iterable[str]) -> Totals:
    """Read the last row of a statistics file (`-trace_stat`). Raises ResultUnreadable."""
    rows = list(csv.DictReader(lines, delimiter=";"))
    if not rows:
        raise ResultUnreadable("statistics: no row; SIPp ended before its first report")
    last = rows[-1]
    try:
        return Totals(
            int(last["TotalCallCreated"]),
            int(last["SuccessfulCall(C)"]),
            int(last["FailedCall(C)"]),
            int(last["Retransmissions(C)"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ResultUnreadable(f"statistics, row {len(rows)}: {error}") from error
