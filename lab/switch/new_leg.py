"""The channel of an outgoing leg: its caller profile, its variables, its INVITE."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lab.media.errors import LabMediaError
from lab.switch.channel import Channel, new_uuid
from lab.switch.clock import now_us
from lab.switch.config.settings import whole
from lab.switch.endpoints import Route
from lab.switch.profile import CallerProfile, Times
from lab.switch.sip.codecs import named
from lab.switch.sip.outgoing import OutgoingLeg
from lab.switch.states import State
from lab.switch.waiting import ChannelEndedError, ChannelReroutedError

if TYPE_CHECKING:
    from lab.switch.core import Switch

log = logging.getLogger(__name__)


async def invite(leg: Channel, route: Route, own: Mapping[str, str]) -> bool:
    """Open the leg's media and send its INVITE; False, and a line in the log, when that fails."""
    sip_leg = leg.leg
    if not isinstance(sip_leg, OutgoingLeg):
        return False
    try:
        await sip_leg.start(named(own.get("absolute_codec_string"), route.profile.codecs("outbound")))
    except (LabMediaError, ChannelEndedError, ChannelReroutedError) as problem:
        log.warning("%r: INVITE not sent: %s", leg, problem)
        return False
    return True


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
    """origination_privacy replaces all flags: hide_name, hide_number, screen, full, none (`:` or `+`)."""
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
        channel.take(name, value)


def _copy_from_caller(channel: Channel, caller: Channel, *, gateway: bool) -> None:
    """Custom SIP headers, the multipart body and everything named in export_vars."""
    if not _is_off(caller.get("sip_copy_custom_headers")):
        for name, value in caller.variables.with_prefix("sip_h_"):
            channel.set(name, value)
    multipart = () if _is_off(caller.get("sip_copy_multipart")) else ("sip_multipart",)
    for name in ("process_cdr", *multipart, *(() if gateway else ("sip_cid_type",))):
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


def _is_off(value: str | None) -> bool:
    return (value or "true").lower() in ("false", "no", "0")
