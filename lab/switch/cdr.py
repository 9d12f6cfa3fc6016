"""json_cdr's files: one JSON object for each leg, with FreeSWITCH's structure and names."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any

from lab.switch.config.settings import is_true
from lab.switch.dialplan import Plan
from lab.switch.events import url_encode
from lab.switch.profile import CallerProfile

if TYPE_CHECKING:
    from lab.switch.channel import Channel

log = logging.getLogger(__name__)

Figures = dict[str, dict[str, int | float]]


def write_record(channel: Channel, figures: Figures) -> None:
    """Write the leg's file, under its final name only when it is complete; failures are logged."""
    settings = channel.switch.config.cdr
    if settings.log_dir is None or (channel.outbound and not settings.log_b_leg):
        return
    wanted = channel.variables.get("process_cdr")  # read: switch_core_session_reporting_state
    if wanted and wanted.lower() not in ("a_only", "b_only") and not is_true(wanted):
        return
    prefix = "a_" if settings.prefix_a_leg and not channel.outbound else ""
    name = f"{prefix}{channel.uuid}.cdr.json"
    part = settings.log_dir / f".{name}.part"
    text = json.dumps(record_of(channel, figures, encode=settings.encode_values), separators=(",", ":"))
    try:
        part.write_text(text, encoding="utf-8", errors="replace")
        os.replace(part, settings.log_dir / name)  # noqa: PTH105 (one call, the same meaning)
    except OSError as problem:
        log.critical("record of %r not written to %s: %s", channel, settings.log_dir, problem)


def record_of(channel: Channel, figures: Figures, *, encode: bool) -> dict[str, Any]:
    """The record as FreeSWITCH's JSON object."""
    bus = channel.switch.bus
    return {
        "core-uuid": bus.core_uuid,
        "switchname": bus.switchname,
        "channel_data": {
            "state": channel.state.label,
            "direction": "outbound" if channel.outbound else "inbound",
            "state_number": str(channel.state.value),
            "flags": ";".join(f"{name}=1" for name in sorted(channel.flags)),
            "caps": "",
        },
        "callStats": {"audio": {"inbound": figures["in"], "outbound": figures["out"]}} if figures else {},
        "variables": {name: url_encode(value) if encode else value for name, value in channel.variables},
        "app_log": {
            "applications": [
                {"app_name": entry.name, "app_data": entry.data, "app_stamp": str(entry.stamp_us)}
                for entry in channel.app_log
            ]
        },
        "callflow": [_stretch(profile) for profile in channel.profiles],
    }


def _stretch(profile: CallerProfile) -> dict[str, Any]:
    stretch: dict[str, Any] = {"dialplan": profile.dialplan, "profile_index": profile.profile_index}
    if profile.plan is not None:
        stretch["extension"] = _plan(profile.plan)
        if profile.plan.children:
            stretch["extension"]["sub_extensions"] = [
                {**_plan(child), "dialplan": "XML"} for child in profile.plan.children
            ]
    caller = _caller(profile)
    if profile.originator is not None:
        caller["originator"] = {"originator_caller_profiles": [_caller(profile.originator)]}
    if profile.originatee is not None:
        caller["originatee"] = {"originatee_caller_profiles": [_caller(profile.originatee)]}
    times = profile.times
    return stretch | {
        "caller_profile": caller,
        "times": {
            "created_time": str(times.created),
            "profile_created_time": str(times.profile_created),
            "progress_time": str(times.progress),
            "progress_media_time": str(times.progress_media),
            "answered_time": str(times.answered),
            "bridged_time": str(times.bridged),
            "last_hold_time": str(times.last_hold),
            "hold_accum_time": str(times.hold_accum),
            "hangup_time": str(times.hungup),
            "resurrect_time": str(times.resurrected),
            "transfer_time": str(times.transferred),
        },
    }


def _plan(plan: Plan) -> dict[str, Any]:
    applications: list[dict[str, str]] = []
    content: dict[str, Any] = {"name": plan.name, "number": plan.number}
    if plan.position < len(plan.applications):
        content["current_app"] = plan.applications[plan.position].application
    for place, action in enumerate(plan.applications):
        mark = {"last_executed": "true"} if place == plan.position else {}
        applications.append({**mark, "app_name": action.application, "app_data": action.data})
    return {**content, "applications": applications}


def _caller(profile: CallerProfile) -> dict[str, Any]:
    return {
        "username": profile.username,
        "dialplan": profile.dialplan,
        "caller_id_name": profile.caller_id_name,
        "ani": profile.ani,
        "aniii": profile.aniii,
        "caller_id_number": profile.caller_id_number,
        "network_addr": profile.network_addr,
        "rdnis": profile.rdnis,
        "destination_number": profile.destination_number,
        "uuid": profile.uuid,
        "source": profile.source,
        "context": profile.context,
        "chan_name": profile.chan_name,
    }
