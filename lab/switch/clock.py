"""Wall clock in microseconds, and FreeSWITCH's ways to write it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now_us() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def local_stamp(us: int) -> str:
    """`2026-01-31 09:08:07` in local time."""
    return datetime.fromtimestamp(us / 1_000_000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def gmt_stamp(us: int) -> str:
    """`Sat, 31 Jan 2026 09:08:07 GMT`."""
    moment = datetime.fromtimestamp(us / 1_000_000, UTC)
    days, months = (
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    )
    return f"{days[moment.weekday()]}, {moment.day:02d} {months[moment.month - 1]} {moment:%Y %H:%M:%S} GMT"


def uptime(seconds: int) -> str:
    """`0 years, 0 days, 0 hours, 1 minute, 2 seconds, …` as FreeSWITCH writes it."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    years, days = divmod(days, 365)
    parts = ((years, "year"), (days, "day"), (hours, "hour"), (minutes, "minute"), (rest, "second"))
    words = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in parts]
    return ", ".join([*words, "0 milliseconds", "0 microseconds"])
