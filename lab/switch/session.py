"""A channel's task: the state machine from routing to the record of the ended call."""

from __future__ import annotations

import asyncio
import logging

from lab.errors import ApplicationFailedError, ApplicationUnknownError, DialStringError
from lab.media.errors import LabMediaError
from lab.switch import routing
from lab.switch.apps.execute import execute_plan
from lab.switch.apps.park import park
from lab.switch.bridge import after_bridge, bridge
from lab.switch.causes import Cause
from lab.switch.channel import Channel, Destination
from lab.switch.reporting import report
from lab.switch.states import CallState, State
from lab.switch.waiting import ChannelEndedError, ChannelReroutedError

log = logging.getLogger(__name__)


def start(channel: Channel) -> None:
    """Run the channel's task; it ends the channel whatever happens."""
    channel.task = asyncio.get_running_loop().create_task(_run(channel), name=f"channel {channel.uuid}")
    channel.switch.tasks.add(channel.task)
    channel.task.add_done_callback(channel.switch.tasks.discard)


async def _run(channel: Channel) -> None:
    try:
        while channel.up:
            await _step(channel)
    except asyncio.CancelledError:
        channel.hangup(Cause.SYSTEM_SHUTDOWN)
    except Exception:
        log.exception("%r ended by a defect of the lab", channel)
        channel.hangup(Cause.CRASH)
    finally:
        finish(channel)


async def _step(channel: Channel) -> None:
    try:
        if channel.destination is not None:
            _follow(channel, channel.destination)
        await _work(channel)
    except ChannelEndedError:
        return
    except ChannelReroutedError:
        channel.nesting = 0
        channel.hunt_profile = None
    except (ApplicationUnknownError, ApplicationFailedError, DialStringError, LabMediaError) as problem:
        log.critical("%s: %r: %s", problem.id, channel, problem)
        channel.hangup(Cause.DESTINATION_OUT_OF_ORDER)


def _follow(channel: Channel, destination: Destination) -> None:
    channel.destination = None
    channel.leave_partner()
    channel.set_state(destination.state)
    if destination.plan is not None:
        channel.profile.plan = destination.plan
    if destination.state is State.SOFT_EXECUTE:
        channel.bridge_with = destination.other_uuid


async def _work(channel: Channel) -> None:
    channel.run_state()
    match channel.state:
        case State.ROUTING:
            plan = routing.hunt_for(channel, channel.profile)
            if plan is None:
                log.info("%r: no extension for %s", channel, channel.profile.destination_number)
                channel.hangup(Cause.NO_ROUTE_DESTINATION)
                return
            channel.profile.plan = plan
            channel.set_state(State.EXECUTE)
        case State.EXECUTE:
            plan = channel.profile.plan
            if plan is not None:
                await execute_plan(channel, plan)
            if channel.up and channel.state is State.EXECUTE and channel.destination is None:
                channel.hangup(Cause.NORMAL_CLEARING)
        case State.PARK:
            await park(channel)
        case State.SOFT_EXECUTE:
            await _soft_bridge(channel)
        case state:
            await channel.until(lambda: channel.state is not state)


async def _soft_bridge(channel: Channel) -> None:
    """uuid_bridge's originating side."""
    peer = channel.switch.channels.get(channel.bridge_with)
    if peer is None or not peer.up:
        channel.hangup(Cause.NORMAL_CLEARING)
        return
    await bridge(channel, peer)
    after_bridge(channel, peer)
    if channel.up and channel.destination is None:
        channel.hangup(peer.cause if peer.cause is not Cause.NONE else Cause.NORMAL_CLEARING)


def finish(channel: Channel) -> None:
    """Hang up on the wire, report, destroy. Runs once, at the end of the task."""
    switch = channel.switch
    try:
        channel.set_state(State.HANGUP)
        channel.run_state()
        for recording in list(channel.recordings.values()):
            recording.stop()
        channel.set_callstate(CallState.HANGUP)
        if channel.leg is not None:
            channel.leg.end(channel.cause)
        channel.set_state(State.REPORTING)
        channel.run_state()
        report(channel)
    except Exception:
        log.exception("%r: the end of the call", channel)
    finally:
        if channel.leg is not None:
            channel.leg.release()
        channel.set_state(State.DESTROY)
        switch.channels.pop(channel.uuid, None)
        channel.fire("CHANNEL_DESTROY")
        channel.run_state()
        channel.notify()
