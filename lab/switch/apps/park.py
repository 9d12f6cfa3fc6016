"""Parking: the call waits for orders."""

from __future__ import annotations

from collections.abc import Callable

from lab.switch.causes import Cause, cause_named
from lab.switch.channel import Channel
from lab.switch.config.settings import whole


def _never() -> bool:
    return False


async def park(channel: Channel, over: Callable[[], bool] = _never) -> None:
    """Wait until hung up, sent elsewhere, or `over`; park_timeout (`SECONDS[:CAUSE]`) hangs up."""
    channel.fire("CHANNEL_PARK")
    seconds, _, cause = (channel.get("park_timeout") or "").partition(":")
    channel.set("park_timeout", None)
    limit_s = whole(seconds, 0) if seconds else 0
    try:
        if not await channel.until(over, limit_s or None):
            channel.hangup(cause_named(cause) if cause else Cause.NORMAL_CLEARING)
    finally:
        if channel.up:
            channel.fire("CHANNEL_UNPARK")


async def park_application(channel: Channel, _data: str) -> None:
    await park(channel)
