"""Answering, refusing, waiting: answer, pre_answer, ring_ready, respond, redirect, deflect, hangup, sleep."""

from __future__ import annotations

from lab.errors import ApplicationFailedError
from lab.switch.causes import Cause, cause_named, cause_of_sip
from lab.switch.channel import Channel
from lab.switch.config.settings import whole
from lab.switch.leg import Leg
from lab.switch.sip.sip_leg import SipLeg


def leg_of(channel: Channel) -> Leg:
    if channel.leg is None:
        raise ApplicationFailedError(f"{channel.name} has no leg")
    return channel.leg


async def answer(channel: Channel, _data: str) -> None:
    await leg_of(channel).answer()


async def pre_answer(channel: Channel, _data: str) -> None:
    await leg_of(channel).pre_answer()


async def ring_ready(channel: Channel, _data: str) -> None:
    leg_of(channel).ring_ready()


async def hangup(channel: Channel, data: str) -> None:
    channel.hangup(cause_named(data) if data.strip() else Cause.NORMAL_CLEARING)


async def respond(channel: Channel, data: str) -> None:
    """`404 Not Found`: refuse with this code and phrase, the cause following from the code."""
    code_text, _, phrase = data.strip().partition(" ")
    code = whole(code_text, 0)
    if not 300 <= code <= 699:
        raise ApplicationFailedError(f"respond {data[:40]!r}: the lab refuses with 300 to 699 only")
    if channel.answered or channel.outbound:
        return
    leg_of(channel).respond(code, phrase)
    channel.hangup(cause_of_sip(code))


async def redirect(channel: Channel, data: str) -> None:
    """302 with a Contact for a call that is not answered."""
    if channel.answered or channel.outbound:
        raise ApplicationFailedError("redirect: the call is answered; use deflect")
    target = data.strip()
    contact = target if target.startswith("<") else f"<{target}>"
    leg_of(channel).respond(302, "Moved Temporarily", contact)
    channel.hangup(Cause.NORMAL_CLEARING)


async def deflect(channel: Channel, data: str) -> None:
    """REFER the peer of an answered call elsewhere (RFC 3515) and wait for its word, at most ten seconds."""
    leg = leg_of(channel)
    if not isinstance(leg, SipLeg) or not channel.answered:
        raise ApplicationFailedError("deflect: the call is not answered; answer it, or use redirect")
    leg.refer(data.strip())
    await channel.until(lambda: channel.variables.get("sip_refer_status_code") is not None, 10.0)


async def sleep(channel: Channel, data: str) -> None:
    """Milliseconds; a break ends it."""
    channel.broken = False
    await channel.until(lambda: channel.broken, whole(data, 0) / 1000)
    channel.broken = False


async def sched_hangup(channel: Channel, data: str) -> None:
    """`+SECONDS [CAUSE]`."""
    when, _, cause = data.strip().partition(" ")
    if not when.startswith("+"):
        raise ApplicationFailedError(f"sched_hangup {data[:40]!r}: the lab takes +SECONDS only")
    channel.switch.later(
        float(whole(when[1:], 0)),
        lambda: channel.hangup(cause_named(cause) if cause.strip() else Cause.ALLOTTED_TIMEOUT),
    )
