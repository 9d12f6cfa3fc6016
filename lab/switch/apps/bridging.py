"""The bridge application."""

from __future__ import annotations

from lab.switch.bridge import after_bridge, bridge, handle_cause
from lab.switch.channel import Channel
from lab.switch.dialstring import parse_dial_string
from lab.switch.originate import originate


async def bridge_application(channel: Channel, data: str) -> None:
    """Call the legs of the dial string and connect; a failure follows continue_on_fail and failure_causes."""
    if not data.strip():
        return
    peer, cause = await originate(channel.switch, channel, parse_dial_string(data))
    if peer is None:
        channel.set("originate_failed_cause", cause.name)
        handle_cause(channel, cause)
        return
    await bridge(channel, peer)
    after_bridge(channel, peer)
