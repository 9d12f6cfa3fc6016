"""Key figures and users: what supervisors and admins ask for."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from numbering.german_time import GERMAN_TIME
from web.errors import NotThere
from web.models import NAME_PATTERN, FiguresOfAgents, FiguresOfQueues, Interval, Tokens
from web.operation import Asked, Services
from web.ports import Period

_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: Before and after there are no figures.
_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2199, 12, 31)


def _written_out(value: Any) -> Any:
    """Pydantic takes seconds since 1970 for a date as well."""
    if isinstance(value, str) and not _ISO.fullmatch(value):
        raise ValueError("a date is written 2026-11-22")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]


class FiguresQuery(BaseModel):
    """A period of whole German days."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    day: Day | None = Field(None, alias="from", description="First German day. Default: today.")
    days: int = Field(1, ge=1, le=400, description="How many days.")
    interval: Interval = Field("1h", description="Length of an interval.")
    target_s: int = Field(20, ge=1, le=3_600, description="Seconds within which an answer is good service.")


class QueueFiguresQuery(FiguresQuery):
    """Of all queues or one."""

    queue: str | None = Field(None, pattern=NAME_PATTERN, max_length=64, description="Only this queue.")


class AgentFiguresQuery(FiguresQuery):
    """Of all agents or one."""

    agent: str | None = Field(None, pattern=NAME_PATTERN, max_length=64, description="Only this agent.")


def queue_figures(services: Services, asked: Asked) -> FiguresOfQueues:
    """By interval and queue."""
    period = _period(asked.query, services.clock())
    customer = asked.user.customer_id
    rows = services.figures.queues(customer, period, asked.query.queue) if period else ()
    return FiguresOfQueues.model_validate({"figures": rows})


def agent_figures(services: Services, asked: Asked) -> FiguresOfAgents:
    """By interval and agent."""
    period = _period(asked.query, services.clock())
    customer = asked.user.customer_id
    rows = services.figures.agents(customer, period, asked.query.agent) if period else ()
    return FiguresOfAgents.model_validate({"figures": rows})


def tokens(services: Services, asked: Asked) -> Tokens:
    """Of the customer's users."""
    found = services.users.tokens(asked.user.customer_id)
    return Tokens.model_validate({"tokens": [asdict(each) for each in found]})


def revoke(services: Services, asked: Asked) -> None:
    """A token is valid no longer; in a few seconds nowhere."""
    user, token_id = asked.user, int(asked.path["token"])
    if not services.users.revoke(user.customer_id, token_id, user.actor):
        raise NotThere(f"there is no token {token_id}")


def _period(query: FiguresQuery, now: datetime) -> Period | None:
    """None where there can be no figures."""
    day = query.day or now.astimezone(GERMAN_TIME).date()
    if not _FIRST <= day <= _LAST:
        return None
    begin, end = (_midnight(each) for each in (day, day + timedelta(days=query.days)))
    return Period(begin, end, query.interval, query.target_s)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), GERMAN_TIME).astimezone(UTC)
