"""Key figures of a customer's contact centre from the database (C9)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Connection

from acd import intervals
from acd.figures import AgentFigures, Figures, QueueFigures, Rules, figures
from acd.repeats import repeats
from cli.errors import FiguresHidden
from cli.times import GERMANY
from store import applied_parts
from store.acd_history import logged_in_period, repeat_callers, transferred

#: Longest period that figures are made of at once.
MAX_DAYS: Final = 400
INTERVALS: Final[dict[str, int | None]] = {"15m": intervals.QUARTER_MS, "1h": intervals.HOUR_MS, "day": None}
#: Said instead of a figure that could tell of a single caller.
SMALL: Final = "<5"


@dataclass(frozen=True, slots=True)
class CentreFigures:
    """Figures of the intervals that begin in a period; by interval and queue callers who came again, and
    calls that went on after the agent. `agents_from`: the German day from which on agents may be told apart,
    None: never."""

    figures: Figures
    repeats: Counter[tuple[int, str]]
    transferred: Counter[tuple[int, str]]
    agents_from: date | None = None


def centre_figures(
    connection: Connection, customer_id: str, begin: datetime, end: datetime, rules: Rules, now: datetime
) -> CentreFigures:
    """Of all intervals that are touched by [begin, end), as far as they lie before `end` and are over. Raises
    what SQLAlchemy raises."""
    begin_ms, end_ms = intervals.around(_ms(begin), rules.interval_ms)[0], _ms(end)
    log = list(logged_in_period(connection, customer_id, _moment(begin_ms), end))
    until_ms = max([min(end_ms, _ms(now)), *(at_ms for at_ms, _ in log[-1:])])
    found = figures(log, until_ms, rules).within(begin_ms, end_ms)
    day_ms = intervals.around(begin_ms, None)[0]
    told_apart = repeat_callers(connection, customer_id, _moment(day_ms), end)
    entered = [(_ms(at), queue, caller) for queue, at, caller in told_apart]
    passed_on = Counter(
        (intervals.around(began_ms, rules.interval_ms)[0], queue)
        for queue, began_ms in transferred(connection, customer_id, _moment(begin_ms), end)
    )
    agents_from = applied_parts.agents_declared(connection, customer_id)
    return CentreFigures(found, repeats(entered, begin_ms, rules.interval_ms), passed_on, agents_from)


def queue_rows(found: CentreFigures, queue: str | None = None) -> list[dict[str, Any]]:
    """A row for each interval and queue, in order; a small group's figures are left out."""
    return [
        _queue_row(start_ms, name, each, found)
        for (start_ms, name), each in sorted(found.figures.queues.items())
        if queue in (None, name)
    ]


def agent_rows(found: CentreFigures, agent: str | None = None) -> list[dict[str, Any]]:
    """A row for each interval and agent, in order; of few calls only the time at work is told. Intervals from
    before the customer's declaration are left out. Raises FiguresHidden when there is none."""
    if found.agents_from is None:
        raise FiguresHidden(
            "figures of single agents are not shown: the customer has not declared that employees know and "
            "the works council agreed (§ 87(1) no. 6 BetrVG, § 26 BDSG): `figures: { agents_declared: DAY }`"
        )
    return [
        _agent_row(start_ms, name, each)
        for (start_ms, name), each in sorted(found.figures.agents.items())
        if agent in (None, name) and _moment(start_ms).astimezone(GERMANY).date() >= found.agents_from
    ]


def _queue_row(start_ms: int, name: str, each: QueueFigures, found: CentreFigures) -> dict[str, Any]:
    small = each.is_small
    values: dict[str, Any] = {
        "offered": each.offered,
        "answered": each.answered,
        "abandoned": each.abandoned,
        "abandoned_short": each.abandoned_short,
        "sent_on": each.sent_on,
        "moved_on": each.moved_on,
        "lost": each.lost,
        "callbacks": each.callbacks,
        "called_back": each.called_back,
        "transferred": found.transferred[start_ms, name],
        "service_level": _part(each.service_level),
        "speed_of_answer_s": _seconds(each.speed_of_answer_ms),
        "longest_wait_s": _seconds(each.longest_wait_ms),
        "talk_s": _seconds(each.mean_talk_ms),
        "hold_s": _seconds(each.mean_hold_ms),
        "handle_s": _seconds(each.mean_handle_ms),
        "repeat_callers": found.repeats[start_ms, name],
    }
    if small:
        values = {key: SMALL if key == "offered" else None for key in values}
    return {"interval": _begin(start_ms), "queue": name, "small": small, **values}


def _agent_row(start_ms: int, name: str, each: AgentFigures) -> dict[str, Any]:
    small = each.is_small
    values: dict[str, Any] = {
        "calls": each.calls,
        "not_answered": each.not_answered,
        "logged_in_s": _seconds(each.logged_in_ms),
        "paused_s": _seconds(each.paused_ms),
        "talk_s": _seconds(each.talk_ms),
        "hold_s": _seconds(each.hold_ms),
        "wrap_up_s": _seconds(each.wrap_up_ms),
        "ring_s": _seconds(each.ring_ms),
        "other_call_s": _seconds(each.other_call_ms),
        "occupancy": _part(each.occupancy),
    }
    if small:
        told = {"calls": SMALL, "logged_in_s": values["logged_in_s"], "paused_s": values["paused_s"]}
        values = {key: told.get(key) for key in values}
    return {"interval": _begin(start_ms), "agent": name, "small": small, **values}


def _begin(start_ms: int) -> str:
    """German time with its zone: the hour that comes twice in October is two intervals."""
    return _moment(start_ms).astimezone(GERMANY).isoformat(timespec="minutes")


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else round(ms / 1000, 1)


def _part(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
