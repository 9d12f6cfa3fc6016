"""The inventory follows an applied version: what the version says of ranges of numbers, carried out (A4-A6).

Numbers that nobody touched have no row, and all of a range get the same: they are written in sets, a million
of them in seconds. Numbers that have a row are moved one by one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from numbering.e164 import E164
from numbering.errors import LifeCycleError
from numbering.life import FREE, Assignment, Life, Terms
from numbering.life_cycle import Step, follow_configuration
from store.applied_parts import our_terms
from store.errors import NumbersRefused
from store.number_records import LIFE_COLUMNS, event_row, life_of, state_row
from store.number_transitions import lock_inventory, milliseconds, move

#: Numbers and ranges of one round trip.
_NUMBERS: Final = 50_000
_RANGES: Final = 5_000
#: Refusals collected before an apply gives up.
_MOST_REFUSALS: Final = 100
#: Lives remembered with what becomes of them: numbers of one entry share theirs.
_REMEMBERED: Final = 10_000

_Refusal = tuple[E164, LifeCycleError]
_Follow = Callable[[Life, Assignment | None], tuple[Step, ...]]


class NumberRange(NamedTuple):
    """Numbers first to last, as integers of their digits and of one length, and what a version says of them:
    None takes them from their customer."""

    first: int
    last: int
    assignment: Assignment | None


@dataclass(frozen=True, slots=True)
class Followed:
    """What an applied version did to the inventory: how many numbers were moved, and by which events."""

    numbers: int
    events: Mapping[str, int]


@dataclass(slots=True)
class _Judged:
    """What becomes of the numbers of some ranges."""

    lives: dict[E164, Life]
    known: list[tuple[E164, tuple[Step, ...]]] = field(default_factory=list)
    untouched: list[tuple[int, int, tuple[Step, ...]]] = field(default_factory=list)
    refusals: list[_Refusal] = field(default_factory=list)


def follow_version(
    connection: Connection, ranges: Sequence[NumberRange], at: datetime, actor: str
) -> Followed:
    """Let the inventory follow an applied version, in the transaction of the apply.

    `ranges` do not overlap; pass those that changed. A number whose particulars are as before costs a look-up
    and changes nothing. `at` is the moment of the apply and has a zone. A number that nobody touched takes
    about 15 µs, one that has a row 60 to 120 µs.

    Raises NumbersRefused (a number that is kept for another customer, a second tenant, one that was ported
    out ...), then the whole apply must be undone; database errors are the caller's to map.
    """
    lock_inventory(connection)
    at = milliseconds(at)
    moved, events = 0, Counter[str]()
    refusals: list[_Refusal] = []
    for judged in _judge(connection, ranges, _remembering(at, our_terms(connection))):
        refusals += judged.refusals
        if len(refusals) >= _MOST_REFUSALS:
            break
        if refusals:
            continue
        _write_known(connection, judged, actor)
        _write_untouched(connection, judged.untouched, actor)
        for count, steps in _counted(judged):
            moved += count
            events.update({str(step.event): count for step in steps})
    if refusals:
        raise NumbersRefused("number inventory", refusals[:_MOST_REFUSALS])
    return Followed(moved, dict(events))


def refusals_of(connection: Connection, ranges: Sequence[NumberRange], at: datetime) -> tuple[_Refusal, ...]:
    """Why `follow_version` would refuse them, at most 100 numbers; nothing is changed nor locked."""
    found: list[_Refusal] = []
    for judged in _judge(connection, ranges, _remembering(milliseconds(at), our_terms(connection))):
        found += judged.refusals
        if len(found) >= _MOST_REFUSALS:
            break
    return tuple(found[:_MOST_REFUSALS])


def follows_nothing(connection: Connection) -> bool:
    """Whether no number is assigned by a configuration: versions were applied before there was an inventory,
    or none was."""
    return not connection.scalar(text("SELECT EXISTS (SELECT FROM number_state WHERE configured)"))


def _remembering(at: datetime, terms: Terms) -> _Follow:
    remembered: dict[tuple[Life, Assignment | None], tuple[Step, ...]] = {}

    def follow(life: Life, assignment: Assignment | None) -> tuple[Step, ...]:
        known = remembered.get((life, assignment))
        if known is None:
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
            known = remembered[life, assignment] = follow_configuration(life, assignment, at, terms)
        return known

    return follow


def _judge(connection: Connection, ranges: Iterable[NumberRange], follow: _Follow) -> Iterator[_Judged]:
    for portion in _portions(ranges):
        judged = _Judged(_lives_within(connection, portion))
        taken = sorted(int(number.digits) for number in judged.lives)
        at = 0
        for first, last, assignment in sorted(portion, key=lambda each: each[:2]):
            start = first
            while at < len(taken) and taken[at] <= last:
                _judge_free(judged, start, taken[at] - 1, assignment, follow)
                _judge_known(judged, E164(f"+{taken[at]}"), assignment, follow)
                start = taken[at] + 1
                at += 1
            _judge_free(judged, start, last, assignment, follow)
        yield judged


def _judge_free(
    judged: _Judged, first: int, last: int, assignment: Assignment | None, follow: _Follow
) -> None:
    if first > last:
        return
    try:
        steps = follow(FREE, assignment)
    except LifeCycleError as error:
        judged.refusals += [(E164(f"+{each}"), error) for each in range(first, last + 1)[:_MOST_REFUSALS]]
        return
    if steps:
        judged.untouched.append((first, last, steps))


def _judge_known(judged: _Judged, number: E164, assignment: Assignment | None, follow: _Follow) -> None:
    try:
        steps = follow(judged.lives[number], assignment)
    except LifeCycleError as error:
        judged.refusals.append((number, error))
        return
    if steps:
        judged.known.append((number, steps))


def _counted(judged: _Judged) -> Iterator[tuple[int, tuple[Step, ...]]]:
    yield from ((1, steps) for _, steps in judged.known)
    yield from ((last - first + 1, steps) for first, last, steps in judged.untouched)


def _portions(ranges: Iterable[NumberRange]) -> Iterator[list[NumberRange]]:
    """In order, each of at most so many numbers and ranges; a larger range is cut."""
    portion: list[NumberRange] = []
    left = _NUMBERS
    for first, last, assignment in ranges:
        start = first
        while start <= last:
            end = min(last, start + left - 1)
            portion.append(NumberRange(start, end, assignment))
            left -= end - start + 1
            start = end + 1
            if not left or len(portion) >= _RANGES:
                yield portion
                portion, left = [], _NUMBERS
    if portion:
        yield portion


#: OFFSET 0 keeps it one look into the index for each range; else PostgreSQL may join by the lengths.
_WITHIN: Final = text(
    "SELECT known.* FROM unnest(CAST(:firsts AS text[]), CAST(:lasts AS text[])) AS wanted(first, last)"
    " CROSS JOIN LATERAL (SELECT * FROM number_state WHERE number BETWEEN first AND last"
    " AND char_length(number) = char_length(first) OFFSET 0) AS known"
)


def _lives_within(connection: Connection, portion: Sequence[NumberRange]) -> dict[E164, Life]:
    ends = {"firsts": [f"+{each.first}" for each in portion], "lasts": [f"+{each.last}" for each in portion]}
    rows = connection.execute(_WITHIN, ends).mappings()
    return {E164(row["number"]): life_of(row) for row in rows}


def _write_known(connection: Connection, judged: _Judged, actor: str) -> None:
    if judged.known:
        orders = [(number, lambda _life, steps=steps: steps) for number, steps in judged.known]
        move(connection, orders, judged.lives, actor, {})


def _from_ranges(table: str, columns: Sequence[str]) -> str:
    """INSERT of one row for each number of the ranges, made of the range's template."""
    names, values = ", ".join(columns), ", ".join(f"template.{name}" for name in columns)
    return (
        f"WITH template AS MATERIALIZED (SELECT place, filled.*"  # noqa: S608 - names of our tables
        f" FROM jsonb_array_elements(CAST(:templates AS jsonb)) WITH ORDINALITY AS given(content, place)"
        f" CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, content) AS filled)"
        f" INSERT INTO {table} (number, {names}) SELECT '+' || digits, {values}"
        f" FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]), CAST(:places AS bigint[]))"
        f" AS span(first, last, place) JOIN template USING (place)"
        f" CROSS JOIN LATERAL generate_series(span.first, span.last) AS digits"
    )


_EVENT_COLUMNS: Final = ("at", "event", "from_state", "to_state", "customer_id", "actor", "reason", "details")
_STATES: Final = text(_from_ranges("number_state", LIFE_COLUMNS))
_EVENTS: Final = text(_from_ranges("number_event", _EVENT_COLUMNS))
#: Stands in for the number in a template.
_ANY: Final = E164("+490")


def _write_untouched(
    connection: Connection, ranges: Sequence[tuple[int, int, tuple[Step, ...]]], actor: str
) -> None:
    """Rows and events of numbers that had no row; an event of all of them, then the next."""
    if not ranges:
        return
    kinds = list(dict.fromkeys(steps for _, _, steps in ranges))
    places = {steps: place for place, steps in enumerate(kinds, start=1)}
    states = [state_row(_ANY, steps[-1].after) for steps in kinds]
    _insert(connection, _STATES, states, [(first, last, places[steps]) for first, last, steps in ranges])
    for index in range(max(len(steps) for steps in kinds)):
        events = [event_row(_ANY, steps[index], actor, {}) if index < len(steps) else {} for steps in kinds]
        spans = [(first, last, places[steps]) for first, last, steps in ranges if index < len(steps)]
        _insert(connection, _EVENTS, events, spans)


def _insert(
    connection: Connection, statement: Any, templates: Sequence[object], spans: Sequence[tuple[int, int, int]]
) -> None:
    firsts, lasts, places = (list(column) for column in zip(*spans, strict=True))
    values = {"templates": json.dumps(templates), "firsts": firsts, "lasts": lasts, "places": places}
    connection.execute(statement, values)
