"""Sending a call elsewhere in the dialplan: transfer and execute_extension."""

from __future__ import annotations

import logging

from lab.errors import ApplicationFailedError
from lab.switch import routing
from lab.switch.channel import Channel
from lab.switch.dialplan import Plan
from lab.switch.states import State

log = logging.getLogger(__name__)


async def transfer_application(channel: Channel, data: str) -> None:
    """`EXTENSION [DIALPLAN [CONTEXT]]`: leave everything and start there."""
    words = data.split()
    number, dialplan, context = (*words[:3], *[""] * (3 - len(words[:3])))
    routing.transfer(channel, number, dialplan, context)
    channel.check()


async def execute_extension(channel: Channel, data: str) -> None:
    """`EXTENSION [DIALPLAN [CONTEXT]]`: run it like a subroutine and come back."""
    words = data.split()
    if not words:
        raise ApplicationFailedError("execute_extension without an extension; name one")
    profile = channel.profile.clone(
        destination_number=words[0],
        dialplan=words[1] if len(words) > 1 else channel.profile.dialplan,
        context=words[2] if len(words) > 2 else channel.profile.context,
    )
    plan = routing.hunt_for(channel, profile)
    if plan is None:
        log.warning("%r: execute_extension %s: no such extension", channel, data[:80])
        return
    outer = channel.hunt_profile
    channel.hunt_profile = profile
    if channel.profile.plan is not None:
        channel.profile.plan.children.append(plan)
        del channel.profile.plan.children[64:]
    try:
        await _run(channel, plan)
    finally:
        channel.hunt_profile = outer


async def _run(channel: Channel, plan: Plan) -> None:
    while plan.position < len(plan.applications) and channel.state is State.EXECUTE:
        channel.check()
        action = plan.applications[plan.position]
        await channel.switch.execute(channel, action)
        channel.check()
        plan.position += 1
