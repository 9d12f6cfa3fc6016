"""Parking: the call waits for orders."""

from __future__ import annotations

from lab.switch.causes import Cause, cause_named
from lab.switch.channel import Channel
from lab.switch.config.settings import whole


async def park(channel: Channel) -> None:
    """Wait until hung up or sent elsewhere; park_timeout (`SECONDS[:CAUSE]`) ends it."""
    channel.fire("CHANNEL_PARK")
    seconds, _, cause = (channel.get("park_timeout") or "").partition(":")
    limit_s = whole(seconds, 0) if seconds else 0
    try:
        await channel.until(lambda: False, limit_s or None)
        channel.hangup(cause_named(cause) if cause else Cause.NORMAL_CLEARING)
    finally:
        if channel.up:
            channel.fire("CHANNEL_UNPARK")


async def park_application(channel: Channel, _data: str) -> None:
    await park(channel)
