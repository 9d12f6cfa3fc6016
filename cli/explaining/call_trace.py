"""One call from all that knows of it, in the order of time: `fernamt call trace` (B12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Engine

from cli.errors import NotRunning
from cli.wiring.call_traces import CapturedMessage, kept_messages, kept_steps
from dialplan.cdr import LegRecord, LegSide, RecordUnreadable
from dialplan.live import LiveCall
from freeswitch.json_cdr import parse
from freeswitch.record_steps import steps_of
from freeswitch.spool import Spool
from store.call_history import CallHistory
from store.call_traces import CallTraces
from store.cdr_repository import CdrRepository
from store.errors import StoreError
from store.live_calls import LiveCalls

#: Files of the spool that are looked through for records that are not taken in yet.
_MOST_FILES: Final = 5_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Line:
    """`where`: the switch, a leg of it, a controller, or a part that keeps books."""

    at: datetime
    where: str
    what: str
    words: str


@dataclass(slots=True)
class Trace:
    """`away`: what could not be asked, and why. `legs`: the call's records by their name (A, B1, …)."""

    call_id: str
    legs: dict[str, LegRecord] = field(default_factory=dict)
    live: LiveCall | None = None
    lines: list[Line] = field(default_factory=list)
    messages: tuple[CapturedMessage, ...] = ()
    away: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing is known of it."""
        return not self.lines and self.live is None


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a trace is put together from; each is opened when it is asked, and may be away."""

    live: Callable[[], LiveCalls]
    traces: Callable[[], CallTraces]
    database: Callable[[], Engine]
    spool: Path


def traced(id_: str, sources: Sources) -> Trace:
    """Everything known of the call that has this id, or one of whose legs has it."""
    trace = Trace(id_)
    stored = _asked(trace, "PostgreSQL", lambda: CdrRepository(sources.database()).show(id_)) or ()
    originals = [(each.leg, each.raw) for each in stored]
    known = {leg.leg_id for leg, _ in originals}
    originals += [found for found in _spooled(sources.spool, id_, known) if found[0].leg_id not in known]
    if originals:
        trace.call_id = originals[0][0].call_id
    _add_records(trace, originals)
    trace.live = _asked(trace, "Redis", lambda: sources.live().show(trace.call_id))
    ids = [trace.call_id, id_, *(leg.leg_id for leg in trace.legs.values())]
    steps = _asked(trace, "Redis", lambda: kept_steps(sources.traces(), ids)) or ()
    for step in dict.fromkeys(steps):
        trace.lines.append(Line(step.at, f"controller {step.by}", step.what, step.words))
    history = _asked(trace, "PostgreSQL", lambda: CallHistory(sources.database()).of(trace.call_id, ids[1:]))
    for entry in history or ():
        trace.lines.append(Line(entry.at, entry.kind, entry.what, entry.words))
    sip_ids = [leg.sip_call_id for leg in trace.legs.values() if leg.sip_call_id]
    trace.messages = _asked(trace, "Redis", lambda: kept_messages(sources.traces(), sip_ids)) or ()
    trace.lines.sort(key=lambda line: line.at)
    return trace


def _asked(trace: Trace, name: str, ask: Callable[[], _T]) -> _T | None:
    """A source that is away leaves its part out; what the others know is shown."""
    try:
        return ask()
    except (StoreError, NotRunning) as error:
        told = f"{name}: {error}"
        if told not in trace.away:
            trace.away.append(told)
        return None


def _spooled(directory: Path, id_: str, known: set[str]) -> Iterator[tuple[LegRecord, bytes]]:
    """Records of the call that nobody has taken in yet."""
    if not directory.is_dir():
        return
    wanted = id_.encode("utf-8", "replace")
    for file in Spool(directory).pending(_MOST_FILES):
        if wanted not in file.content and not any(each.encode() in file.content for each in known):
            continue
        try:
            leg = parse(file.content)
        except RecordUnreadable:
            continue  # half written; the intake says more about it
        if id_ in (leg.leg_id, leg.call_id) or leg.call_id in known:
            yield leg, file.content


def _add_records(trace: Trace, originals: Sequence[tuple[LegRecord, bytes]]) -> None:
    callers = [each for each in originals if each[0].side is LegSide.A]
    called = sorted((each for each in originals if each[0].side is LegSide.B), key=lambda e: e[0].started_at)
    names = ["A", *(f"A{n}" for n in range(2, len(callers) + 1))][: len(callers)]
    names += [f"B{n}" for n in range(1, len(called) + 1)]
    for name, (leg, raw) in zip(names, (*callers, *called), strict=True):
        trace.legs[name] = leg
        for step in steps_of(raw):
            trace.lines.append(Line(step.at, f"leg {name}", step.what, step.words))
