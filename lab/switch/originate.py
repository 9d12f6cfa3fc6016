"""Making outgoing legs: one after the other, several together, with FreeSWITCH's timers and causes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lab.media.errors import LabMediaError
from lab.media.g711 import Codec
from lab.switch.causes import Cause
from lab.switch.channel import Channel, new_uuid
from lab.switch.clock import now_us
from lab.switch.config.settings import is_true, whole
from lab.switch.dialstring import DialString, LegSpec
from lab.switch.endpoints import Route, resolve
from lab.switch.profile import CallerProfile, Times
from lab.switch.ringback import Ringback
from lab.switch.sip.outgoing import OutgoingLeg
from lab.switch.states import State
from lab.switch.waiting import ChannelEndedError, ChannelReroutedError, Signal

if TYPE_CHECKING:
    from lab.switch.core import Switch

log = logging.getLogger(__name__)

DEFAULT_TIMEOUT_S: Final = 60
DIALSTATUS: Final = {
    Cause.ORIGINATOR_CANCEL: "CANCEL",
    Cause.USER_BUSY: "BUSY",
    Cause.NO_ANSWER: "NOANSWER",
    Cause.DESTINATION_OUT_OF_ORDER: "INVALIDARGS",
    Cause.INVALID_PROFILE: "INVALIDARGS",
    Cause.CALL_REJECTED: "DONTCALL",
}


@dataclass(slots=True)
class Attempt:
    """One alternative while it rings: its legs, and what ended it."""

    caller: Channel | None
    options: Mapping[str, str]
    started: int
    signal: Signal = field(default_factory=Signal)
    legs: list[Channel] = field(default_factory=list)
    forced: Cause | None = None
    """A cause that counts more than the legs' own (PROGRESS_TIMEOUT)."""

    def option(self, name: str) -> str | None:
        """From the dial string's braces, else from the caller."""
        value = self.options.get(name)
        return value if value is not None else (self.caller.get(name) if self.caller else None)

    @property
    def elapsed_s(self) -> int:
        """Whole seconds by the clock's second hand, which is how FreeSWITCH counts."""
        return int(time.time()) - self.started

    @property
    def ignores_early_media(self) -> bool:
        text = self.option("ignore_early_media") or ""
        return is_true(text) or text in ("consume", "ring_ready")


async def originate(
    switch: Switch,
    caller: Channel | None,
    dial: DialString,
    *,
    timeout_s: int | None = None,
    identity: Mapping[str, str] | None = None,
) -> tuple[Channel | None, Cause]:
    """The first leg that answers (or has early media), or None with the cause.

    With a caller, raises what its `check` raises when it is hung up or sent elsewhere meanwhile; all legs
    are cancelled then. `identity` may hold caller_id_name and caller_id_number for calls without a caller.
    """
    options = dict(dial.variables)
    cause = Cause.DESTINATION_OUT_OF_ORDER
    if caller is not None:
        caller.set("originate_disposition", "failure")
        caller.set("DIALSTATUS", "INVALIDARGS")
    for specs in dial.alternatives:
        attempt = Attempt(caller, options, int(time.time()))
        try:
            cause = await _start(switch, attempt, specs, options, identity or {})
            if attempt.legs:
                winner, cause = await _ring(attempt, timeout_s)
                if winner is not None:
                    _note(caller, attempt, winner, Cause.SUCCESS)
                    return winner, Cause.SUCCESS
        except (ChannelEndedError, ChannelReroutedError, asyncio.CancelledError):
            _drop(attempt, Cause.ORIGINATOR_CANCEL)
            _note(caller, attempt, None, Cause.ORIGINATOR_CANCEL)
            raise
        _note(caller, attempt, None, cause)
    return None, cause


# -- starting ---------------------------------------------------------------------------------------


async def _start(
    switch: Switch,
    attempt: Attempt,
    specs: tuple[LegSpec, ...],
    options: Mapping[str, str],
    identity: Mapping[str, str],
) -> Cause:
    """Start all legs of an alternative; the last failure when one could not be started."""
    cause = Cause.DESTINATION_OUT_OF_ORDER
    for spec in specs:
        found = resolve(switch, spec, attempt.caller)
        if isinstance(found, Cause):
            log.info("endpoint %s: %s", spec.endpoint, found.name)
            cause = found
            continue
        for route in found:
            own = {**options, **dict(route.variables), **dict(spec.variables)}
            leg = make_leg(switch, attempt.caller, route, own, identity)
            if leg is None:
                cause = Cause.SWITCH_CONGESTION
                continue
            leg.watchers.add(attempt.signal)
            attempt.legs.append(leg)
            if not await _invite(leg, route, own):
                leg.hangup(Cause.DESTINATION_OUT_OF_ORDER)
    return cause


async def _invite(leg: Channel, route: Route, own: Mapping[str, str]) -> bool:
    sip_leg = leg.leg
    if not isinstance(sip_leg, OutgoingLeg):
        return False
    try:
        await sip_leg.start(_codecs(own.get("absolute_codec_string"), route.profile.codecs("outbound")))
    except (LabMediaError, ChannelEndedError, ChannelReroutedError) as problem:
        log.warning("%r: INVITE not sent: %s", leg, problem)
        return False
    return True


def _codecs(wanted: str | None, default: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """absolute_codec_string, in which `^^X` makes X the separator."""
    if not wanted:
        return default
    separator, text = (
        (wanted[2], wanted[3:]) if wanted.startswith("^^") and len(wanted) > 2 else (",", wanted)
    )
    names = [name.split("@")[0].strip().upper() for name in text.split(separator)]
    return tuple(Codec[name] for name in names if name in Codec.__members__) or default


def make_leg(
    switch: Switch,
    caller: Channel | None,
    route: Route,
    own: Mapping[str, str],
    identity: Mapping[str, str],
) -> Channel | None:
    """The channel of an outgoing leg, in CS_INIT and announced; None when the switch is full."""
    uuid = own.get("origination_uuid") or new_uuid()
    if not switch.has_room or uuid in switch.channels:
        return None
    profile = _caller_profile(caller, route, own, identity, uuid)
    channel = Channel(switch, profile, outbound=True)
    channel.set("session_id", switch.next_session_id())
    _set_variables(channel, caller, route, own)
    channel.leg = OutgoingLeg(route.profile, channel, route.target)
    route.profile.keep(channel.leg)
    switch.channels[uuid] = channel
    channel.fire("CHANNEL_OUTGOING", with_variables=False)
    if caller is not None:
        channel.set("call_uuid", caller.variables.get("call_uuid") or caller.uuid)
        caller.profiles[0].originatee = profile
        caller.set("originate_signal_bond", uuid)
        caller.variables.push(
            "originated_legs", f"{uuid};{profile.callee_id_name};{profile.callee_id_number}"
        )
    channel.set_state(State.INIT)
    channel.run_state()
    channel.fire("CHANNEL_CREATE")
    channel.fire("CHANNEL_ORIGINATE")
    channel.set_state(State.CONSUME_MEDIA)
    switch.run(channel)
    return channel


def _caller_profile(
    caller: Channel | None, route: Route, own: Mapping[str, str], identity: Mapping[str, str], uuid: str
) -> CallerProfile:
    name = own.get("origination_caller_id_name") or identity.get("caller_id_name", "")
    number = own.get("origination_caller_id_number") or identity.get("caller_id_number", "")
    us = now_us()
    base = caller.hunted if caller is not None else CallerProfile(uuid, caller_id_number="0000000000")
    if caller is not None:
        name = name or caller.get("effective_caller_id_name") or ""
        number = number or caller.get("effective_caller_id_number") or ""
    profile = base.clone(
        uuid=uuid,
        caller_id_name=name or base.caller_id_name,
        caller_id_number=number or base.caller_id_number,
        callee_id_name=own.get("origination_callee_id_name", "Outbound Call"),
        callee_id_number=own.get("origination_callee_id_number", route.number),
        destination_number=route.number,
        chan_name=f"sofia/{route.profile.name}/{route.target.uri.removeprefix('sip:')}"
        if route.target.gateway is None
        else f"sofia/{route.profile.name}/{route.number}",
        direction="outbound",
        rdnis="",
        profile_index="1",
    )
    profile.times = Times(created=us, profile_created=us)
    if caller is not None:
        profile.originator = base
    _apply_privacy(profile, own.get("origination_privacy") or "")
    return profile


def _apply_privacy(profile: CallerProfile, privacy: str) -> None:
    """origination_privacy replaces all flags: hide_name, hide_number, screen, full, none (with `:` or `+`)."""
    if not privacy:
        return
    words = privacy.lower().replace("+", ":").split(":")
    profile.screen = "screen" in words
    profile.hide_name = "hide_name" in words or "full" in words or "yes" in words
    profile.hide_number = "hide_number" in words or "full" in words or "yes" in words


def _set_variables(channel: Channel, caller: Channel | None, route: Route, own: Mapping[str, str]) -> None:
    channel.set("sip_local_network_addr", route.profile.settings.sip_ip)
    channel.set("sip_profile_name", "gateway" if route.target.gateway else route.profile.name)
    channel.set("channel_name", channel.name)
    channel.set("sip_destination_url", route.target.uri)
    forwards = whole(caller.get("max_forwards") if caller else None, 71) - 1
    channel.set("max_forwards", str(forwards))
    channel.set("sofia_profile_name", route.profile.name)
    if caller is not None:
        channel.set("originator", caller.uuid)
        channel.set("signal_bond", caller.uuid)
        channel.set("originating_leg_uuid", caller.uuid)
        _copy_from_caller(channel, caller, gateway=route.target.gateway is not None)
    channel.set("originate_endpoint", "sofia")
    for name, value in own.items():
        channel.set(name, channel.expand(value) if "${" in value else value)


def _copy_from_caller(channel: Channel, caller: Channel, *, gateway: bool) -> None:
    """Custom SIP headers, the multipart body and everything named in export_vars."""
    if (caller.get("sip_copy_custom_headers") or "true").lower() not in ("false", "no", "0"):
        for name, value in caller.variables.with_prefix("sip_h_"):
            channel.set(name, value)
    for name in ("sip_multipart", *(() if gateway else ("sip_cid_type",))):
        copied = caller.variables.get(name)
        if copied is not None:
            channel.set(name, copied)
    exported = caller.get("export_vars") or ""
    names = exported[3:].split(exported[2]) if exported.startswith("^^") else exported.split(",")
    for entry in names:
        exported_value = caller.variables.get(entry.strip())
        if entry.strip() and exported_value is not None:
            channel.set(entry.strip().removeprefix("nolocal:"), exported_value)
    if exported:
        channel.set("export_vars", exported)


# -- ringing ----------------------------------------------------------------------------------------


async def _ring(attempt: Attempt, timeout_s: int | None) -> tuple[Channel | None, Cause]:
    limit_s = _limit_s(attempt, timeout_s)
    progress_limit_s = whole(attempt.options.get("progress_timeout"), 0)
    ringback = Ringback(attempt.caller, attempt.option("ringback"), attempt.option("instant_ringback"))
    if attempt.caller is not None:
        attempt.caller.watchers.add(attempt.signal)
    try:
        while True:
            if attempt.caller is not None:
                attempt.caller.check()
            winner = _winner(attempt)
            if winner is not None:
                _drop(attempt, Cause.LOSE_RACE, besides=winner)
                await ringback.stop()
                return winner, Cause.SUCCESS
            if not any(leg.up for leg in attempt.legs):
                return None, attempt.forced or _failure(attempt)
            rung = any("ring_ready" in leg.flags for leg in attempt.legs)
            await ringback.progress(rung)
            if _time_is_up(attempt, limit_s, progress_limit_s if not rung else 0):
                continue
            await attempt.signal.wait(0.25)
    finally:
        if attempt.caller is not None:
            attempt.caller.watchers.discard(attempt.signal)
        for leg in attempt.legs:
            leg.watchers.discard(attempt.signal)
        await ringback.stop()


def _limit_s(attempt: Attempt, timeout_s: int | None) -> int:
    own = whole(attempt.options.get("originate_timeout"), 0)
    if own > 0:
        return own
    if timeout_s:
        return timeout_s
    call_timeout = attempt.caller.get("call_timeout") if attempt.caller else None
    return whole(call_timeout, 0) or DEFAULT_TIMEOUT_S


def _winner(attempt: Attempt) -> Channel | None:
    for leg in attempt.legs:
        early = "early_media" in leg.flags and not attempt.ignores_early_media
        if leg.up and (leg.answered or early):
            return leg
    return None


def _time_is_up(attempt: Attempt, limit_s: int, progress_limit_s: int) -> bool:
    """Hang up legs whose time is over; True when there were any."""
    elapsed_s = attempt.elapsed_s
    if elapsed_s >= limit_s:
        attempt.forced = attempt.forced or Cause.NO_ANSWER
        _drop(attempt, Cause.NO_ANSWER)
        return True
    if progress_limit_s and elapsed_s > progress_limit_s:
        attempt.forced = attempt.forced or Cause.PROGRESS_TIMEOUT
        _drop(attempt, Cause.PROGRESS_TIMEOUT)
        return True
    late = False
    for leg in attempt.legs:
        if not leg.up:
            continue
        own_limit_s = whole(leg.variables.get("leg_timeout"), 0)
        own_progress_s = whole(leg.variables.get("leg_progress_timeout"), 0)
        heard = {"ring_ready", "early_media", "answered"} & leg.flags
        if own_progress_s and elapsed_s > own_progress_s and not heard:
            attempt.forced = Cause.PROGRESS_TIMEOUT
            leg.hangup(Cause.PROGRESS_TIMEOUT)
            late = True
        elif own_limit_s and elapsed_s > own_limit_s:
            leg.hangup(Cause.ALLOTTED_TIMEOUT)
            late = True
    return late


def _failure(attempt: Attempt) -> Cause:
    """The cause of an alternative of which no leg is up any more."""
    causes = [leg.cause for leg in attempt.legs if leg.cause is not Cause.NONE]
    return causes[0] if causes else Cause.DESTINATION_OUT_OF_ORDER


def _drop(attempt: Attempt, cause: Cause, besides: Channel | None = None) -> None:
    for leg in attempt.legs:
        if leg is not besides and leg.up:
            leg.hangup(cause)


def _note(caller: Channel | None, attempt: Attempt, winner: Channel | None, cause: Cause) -> None:
    """The caller's variables about the attempt."""
    if caller is None:
        return
    for leg in attempt.legs:
        caller.variables.push("originate_causes", f"{leg.uuid};{leg.cause.name}")
    if winner is not None:
        caller.set("originate_signal_bond", None)
        caller.set("originate_disposition", "SUCCESS")
        caller.set("DIALSTATUS", "SUCCESS")
        return
    caller.set("originate_disposition", cause.name)
    caller.set("DIALSTATUS", DIALSTATUS.get(cause, cause.name))
