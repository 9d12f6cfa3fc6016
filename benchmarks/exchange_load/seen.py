"""SIPp's short message logs: what became of each call, and which calls came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.calls.errors import ResultUnreadable

#: Date, time, seconds since 1970, S or R, Call-ID, CSeq, first line.
_COLUMNS: Final = 7
_EMERGENCY: Final = ("110", "112")


@dataclass(slots=True)
class Dialled:
    """A call as its caller saw it; seconds since 1970, None for never. `final`: the SIP code, 0 for none."""

    call_id: str
    number: str
    sent_s: float
    ringing_s: float | None = None
    final: int = 0
    final_s: float | None = None

    @property
    def emergency(self) -> bool:
        return self.number in _EMERGENCY

    @property
    def answered(self) -> bool:
        return self.final == 200

    @property
    def waited_s(self) -> float:
        """From the INVITE to the first sign of the other side, ringing or an answer."""
        first = self.ringing_s if self.ringing_s is not None else self.final_s
        return (first if first is not None else float("inf")) - self.sent_s


def dialled(lines: Iterable[str]) -> list[Dialled]:
    """The calls of a caller's log in the order of dialling. Raises ResultUnreadable with the line."""
    calls: dict[str, Dialled] = {}
    for at_s, direction, call_id, first_line in _invites(lines):
        words = first_line.split(" ", 2)
        if direction == "S" and words[0] == "INVITE":
            number = words[1].partition(":")[2].partition("@")[0]
            calls.setdefault(call_id, Dialled(call_id, number, at_s))
        elif direction == "R" and words[0] == "SIP/2.0" and call_id in calls:
            _answer(calls[call_id], int(words[1]), at_s)
    return list(calls.values())


def offered(lines: Iterable[str]) -> list[str]:
    """The Call-IDs of a callee's log, each once. Raises ResultUnreadable with the line's number."""
    came = (each for each in _invites(lines) if each[1] == "R" and each[3].startswith("INVITE "))
    return list(dict.fromkeys(call_id for _, _, call_id, _ in came))


def _answer(call: Dialled, code: int, at_s: float) -> None:
    if code == 180 and call.ringing_s is None:
        call.ringing_s = at_s
    elif code >= 200 and not call.final:
        call.final, call.final_s = code, at_s


def _invites(lines: Iterable[str]) -> Iterator[tuple[float, str, str, str]]:
    for number, text in enumerate(lines, start=1):
        fields = text.rstrip("\r\n").split("\t")
        if len(fields) != _COLUMNS:
            raise ResultUnreadable(f"short message log, line {number}: {len(fields)} columns, not {_COLUMNS}")
        _, _, stamp, direction, call_id, sequence, first_line = fields
        if sequence.endswith(" INVITE"):
            yield float(stamp), direction, call_id, first_line
