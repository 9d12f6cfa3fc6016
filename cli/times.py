"""Times on the command line: a date or date and time, in Germany's zone unless another is given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

#: Contracts, tariffs and invoices count in this zone (TC 11.2).
GERMANY: Final = ZoneInfo("Europe/Berlin")


class Moment(click.ParamType[datetime]):
    """`2026-11-01`, `2026-11-01T08:30`, with or without a zone; a moment in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=GERMANY)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no date or time such as 2026-11-01 or 2026-11-01T08:30", param, ctx)


def shown(moment: datetime | None) -> str:
    """A moment for people: German time to the second; "-" for never."""
    return moment.astimezone(GERMANY).strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


def written(moment: datetime | None) -> str | None:
    """A moment for programs: UTC with milliseconds, ISO 8601."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
