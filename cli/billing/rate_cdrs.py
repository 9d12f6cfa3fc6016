"""Call detail records from a CSV file (`fernamt cdr export`) as legs that somebody pays for.

Who pays for what is said in one place for files and database: rating/billable.py.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cli.errors import ProgramError
from rating.berlin import to_ms
from rating.billable import CallLeg, billable
from rating.charge import Unrated, Why
from rating.leg import BillableLeg, Direction

NEEDED: Final = (
    "leg_id", "call_id", "side", "customer_id", "direction", "trunk_id", "b_number", "started_at",
    "answered_at", "ended_at", "billed_ms",
)  # fmt: skip
MAX_LINES: Final = 20_000_000
_MAX_VALUE: Final = 1_000
_CALLED: Final = re.compile(r"(?:\+[1-9][0-9]{1,14}|[1-9][0-9]{1,5})?", re.ASCII)
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_NOWHEN: Final = 0


class CdrsUnreadable(ProgramError):
    """The file as a whole cannot be used."""

    id = "program.cdrs"


@dataclass(frozen=True, slots=True)
class Cdrs:
    """Legs to rate, lines that cannot be read, and the number of legs that nobody pays for."""

    legs: tuple[BillableLeg, ...]
    unreadable: tuple[Unrated, ...]
    not_billable: int


def read_cdrs(path: Path) -> Cdrs:
    """Raise CdrsUnreadable, OSError; a line that cannot be read goes to quarantine with its reason."""
    calls: dict[str, list[CallLeg]] = {}
    unreadable: list[Unrated] = []
    for each in _rows(path):
        if isinstance(each, Unrated):
            unreadable.append(each)
        else:
            calls.setdefault(each.call_id, []).append(each)
    legs = tuple(leg for call in calls.values() for leg in billable(call))
    return Cdrs(legs, tuple(unreadable), sum(map(len, calls.values())) - len(legs))


def _rows(path: Path) -> Iterator[CallLeg | Unrated]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            problem = _problem_of(list(reader.fieldnames or ()))
            if problem:
                raise CdrsUnreadable(f"{path}:1: {problem}. Write it with `fernamt cdr export`")
            for values in reader:
                if reader.line_num > MAX_LINES:
                    raise CdrsUnreadable(f"{path}: more than {MAX_LINES} lines. Rate it month by month")
                yield _row(values, reader.line_num)
        except (csv.Error, UnicodeDecodeError) as error:
            place = f"{path}:{reader.line_num + 1}"
            raise CdrsUnreadable(f"{place}: {error}. Write it with `fernamt cdr export`") from None


def _problem_of(header: list[str]) -> str:
    """What is wrong with the first line, "" for nothing."""
    if header and header[0].startswith("\ufeff"):
        return "it begins with a byte order mark. Save as UTF-8 without BOM"
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        return "its values are not separated by ','"
    missing = [name for name in NEEDED if name not in header]
    return f"no column {', '.join(missing)}" if missing else ""


def _row(values: Mapping[str | None, str | list[str] | None], line: int) -> CallLeg | Unrated:
    text = {name: str(values.get(name) or "")[:_MAX_VALUE] for name in NEEDED}
    try:
        return _parsed(text, complete=None not in values and all(values[name] is not None for name in NEEDED))
    except ValueError as error:
        leg = BillableLeg(
            text["leg_id"] or f"line {line}", text["customer_id"], Direction.NONE, "", _NOWHEN, 0
        )
        why = Why.TIMES if isinstance(error, _EndBeforeStart) else Why.UNREADABLE
        return Unrated(leg, why, f"line {line}: {error}")


class _EndBeforeStart(ValueError):
    pass


def _parsed(text: Mapping[str, str], *, complete: bool) -> CallLeg:
    if not complete:
        raise ValueError("the number of values is not that of the header")
    if not text["leg_id"] or text["side"] not in ("a", "b"):
        raise ValueError("leg_id and side (a or b) are needed")
    called = text["b_number"]
    if not _CALLED.fullmatch(called):
        raise ValueError(f"b_number is {called[:40]!r}, not +49... or a short code")
    if not _WHOLE.fullmatch(text["billed_ms"]):
        raise ValueError(f"billed_ms is {text['billed_ms'][:40]!r}, not a whole number")
    billed_ms = int(text["billed_ms"])
    started, ended = _moment(text["started_at"], "started_at"), _moment(text["ended_at"], "ended_at")
    answered = _moment(text["answered_at"], "answered_at") if text["answered_at"] else None
    if ended < started or (answered is not None and not started <= answered <= ended):
        raise _EndBeforeStart("started_at, answered_at and ended_at are not in this order")
    if answered is None and billed_ms > 0:
        raise ValueError(f"billed_ms is {billed_ms}, but the leg was never answered")
    leg = BillableLeg(
        text["leg_id"],
        text["customer_id"],
        Direction(text["direction"]),
        called,
        to_ms(answered or started),
        billed_ms,
    )
    return CallLeg(text["call_id"], text["side"] == "a", text["trunk_id"], leg)


def _moment(text: str, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is {text[:40]!r}, not a time such as 2026-11-02T09:00:00.000Z") from None
    if found.tzinfo is None or not 2000 <= found.year <= 2199:
        raise ValueError(f"{name} is {text[:40]!r}, without zone or in no year of ours")
    return found.astimezone(UTC)
