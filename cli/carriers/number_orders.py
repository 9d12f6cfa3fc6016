"""What people say about numbers as orders: used by the commands and by the lines of a CSV file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import click

from numbering.dial import Line, normalise
from numbering.e164 import E164
from numbering.life import Assignment, Event, Order
from numbering.refusals import NotDialable

#: Numbers on the command line carry their area code.
_NO_LINE: Final = Line(area_code=None)
_RANGE: Final = re.compile(r"\s*(?:\.\.|-\s*(?=\+))\s*")
#: Longest text of one value.
MAX_VALUE: Final = 1_000


def number_of(text: str) -> E164:
    """`+49221...`, `0221 4710-123`, ... as E.164. Raises ValueError with a sentence."""
    found = normalise(text.strip(), _NO_LINE)
    if isinstance(found, NotDialable):
        raise ValueError(f"{text[:40]!r} is no number: {found.sentence}")  # noqa: TRY004 - a value is wrong
    if not isinstance(found.number, E164):
        raise ValueError(f"{text[:40]!r} is a short code, not a number of a customer")  # noqa: TRY004 - as above
    return found.number


class PhoneNumber(click.ParamType[E164]):
    """A number in any usual spelling, with its area code."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> E164:
        try:
            return value if isinstance(value, E164) else number_of(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Block(click.ParamType[tuple[E164, E164]]):
    """`FIRST..LAST`, or one number."""

    name = "first..last"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[E164, E164]:
        if isinstance(value, tuple):
            return value
        try:
            ends = [number_of(each) for each in _RANGE.split(value)]
        except ValueError as error:
            self.fail(str(error), param, ctx)
        first, last = ends[0], ends[-1]
        if len(ends) > 2 or len(first) != len(last) or last < first:
            self.fail(f"{value!r} is no block such as +492214710000..+492214710999", param, ctx)
        return first, last


class GermanDay(click.ParamType[date]):
    """`2026-11-30`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date such as 2026-11-30", param, ctx)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about a number besides the verb; None where nothing was said."""

    reason: str = ""
    customer: str | None = None
    site: str | None = None
    tenant: str | None = None
    until: datetime | None = None
    active_from: datetime | None = None
    contract_end: date | None = None
    teams_deactivated: bool = False


def _assign(said: Said, at: datetime) -> Order:
    if not said.customer:
        raise ValueError("assign needs a customer")
    assignment = Assignment(said.customer, said.active_from or at, said.site, said.tenant)
    return Order(Event.ASSIGN, said.reason, assignment=assignment)


def _plain(event: Event) -> Callable[[Said, datetime], Order]:
    def order(said: Said, _at: datetime) -> Order:
        return Order(
            event,
            said.reason,
            customer_id=said.customer,
            until=said.until,
            teams_deactivated=said.teams_deactivated,
            contract_end=said.contract_end,
        )

    return order


_VERBS: Final[dict[str, Callable[[Said, datetime], Order]]] = {
    "reserve": _plain(Event.RESERVE),
    "assign": _assign,
    "activate": _plain(Event.ACTIVATE),
    "block": _plain(Event.BLOCK),
    "unblock": _plain(Event.UNBLOCK),
    "release": _plain(Event.RELEASE),
    "port-in": _plain(Event.PORT_IN),
    "port-out": _plain(Event.PORT_OUT),
}
VERBS: Final = tuple(_VERBS)


def order_of(verb: str, said: Said, at: datetime) -> Order:
    """The order that a verb of the command line means. Raises ValueError with a sentence."""
    if verb not in _VERBS:
        raise ValueError(f"{verb[:40]!r} is none of {', '.join(VERBS)}")
    return _VERBS[verb](said, at)
