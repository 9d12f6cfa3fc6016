"""Commands that tell: show, status, version, uuid_dump, uuid_exists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lab.switch.channel import Channel
from lab.switch.clock import local_stamp, now_us, uptime
from lab.switch.events import Event

if TYPE_CHECKING:
    from lab.switch.core import Switch


def _row(channel: Channel) -> dict[str, str]:
    profile, first = channel.profile, channel.profiles[-1]
    created = first.times.created
    codec = channel.variables.get("read_codec") or ""
    rate, bits = ("8000", "64000") if codec else ("", "")
    return {
        "uuid": channel.uuid,
        "direction": "outbound" if channel.outbound else "inbound",
        "created": local_stamp(created),
        "created_epoch": str(created // 1_000_000),
        "name": channel.name,
        "state": channel.running.label,
        "cid_name": profile.caller_id_name,
        "cid_num": profile.caller_id_number,
        "ip_addr": profile.network_addr,
        "dest": profile.destination_number,
        "application": channel.variables.get("current_application") or "",
        "application_data": channel.variables.get("current_application_data") or "",
        "dialplan": profile.dialplan,
        "context": profile.context,
        "read_codec": codec,
        "read_rate": rate,
        "read_bit_rate": bits,
        "write_codec": codec,
        "write_rate": rate,
        "write_bit_rate": bits,
        "secure": "",
        "hostname": channel.switch.bus.hostname,
        "presence_id": "",
        "presence_data": channel.variables.get("presence_data") or "",
        "accountcode": channel.variables.get("accountcode") or "",
        "callstate": channel.callstate.name,
        "callee_name": profile.callee_id_name,
        "callee_num": profile.callee_id_number,
        "callee_direction": "",
        "call_uuid": _call_uuid(channel),
        "sent_callee_name": "",
        "sent_callee_num": "",
        "initial_cid_name": first.caller_id_name,
        "initial_cid_num": first.caller_id_number,
        "initial_ip_addr": first.network_addr,
        "initial_dest": first.destination_number,
        "initial_dialplan": first.dialplan,
        "initial_context": first.context,
    }


def _call_uuid(channel: Channel) -> str:
    """Joined legs have that of the leg that was called in; one that came in and was never joined has none
    (read: core_event_handler, CHANNEL_ORIGINATE, CHANNEL_BRIDGE; seen)."""
    partner = channel.partner
    if partner is None and not channel.outbound and channel.variables.get("last_bridge_to") is None:
        return ""
    first = partner if partner is not None and channel.outbound and not partner.outbound else channel
    return first.variables.get("call_uuid") or first.uuid


_CALL = (
    "uuid direction created created_epoch name state cid_name cid_num ip_addr dest "
    "callstate callee_name callee_num"
)


def _calls(switch: Switch) -> list[dict[str, str]]:
    rows = []
    for channel in switch.channels.values():
        partner = channel.partner
        if partner is not None and channel.uuid != (channel.variables.get("last_leader") or channel.uuid):
            continue
        if partner is None or (channel.outbound and not partner.outbound):
            continue
        first, second = _row(channel), _row(partner)
        row = {name: first[name] for name in [*_CALL.split(), "call_uuid", "hostname"]}
        rows.append(row | {f"b_{name}": second[name] for name in _CALL.split()})
    return rows


def _registrations(switch: Switch) -> list[dict[str, str]]:
    return [
        {
            "reg_user": entry.user,
            "realm": entry.domain,
            "token": entry.call_id,
            "url": f"sofia/{entry.profile}/{entry.contact}",
            "network_ip": entry.reach.host,
            "network_port": str(entry.reach.port),
            "network_proto": entry.reach.transport,
            "hostname": switch.bus.hostname,
        }
        for entry in switch.registrar.all()
    ]


async def show(switch: Switch, argument: str) -> str:
    """`channels|calls|bridged_calls|registrations [count] [as json]`."""
    words = argument.lower().split()
    match words[:1]:
        case ["channels"]:
            rows = [_row(channel) for channel in switch.channels.values()]
        case ["calls"] | ["bridged_calls"]:
            rows = _calls(switch)
        case ["registrations"]:
            rows = _registrations(switch)
        case _:
            return f"-USAGE: show channels|calls|registrations [count] [as json], not {argument!r}\n"
    as_json = words[-2:] == ["as", "json"]
    if "count" in words:
        return json.dumps({"row_count": len(rows)}) if as_json else f"\n{len(rows)} total.\n"
    if as_json:
        content: dict[str, object] = {"row_count": len(rows)}
        if rows:
            content["rows"] = rows
        return json.dumps(content, ensure_ascii=False)
    if not rows:
        return "\n0 total.\n"
    lines = [",".join(rows[0]), *(",".join(_cell(value) for value in row.values()) for row in rows)]
    return "\n".join(lines) + f"\n\n{len(rows)} total.\n"


def _cell(value: str) -> str:
    return value.replace(",", "\\,").replace("\n", " ")


async def status(switch: Switch, _argument: str) -> str:
    seconds = (now_us() - switch.started_us) // 1_000_000
    return (
        f"UP {uptime(seconds)}\n"
        "FreeSWITCH (Version lab) is ready\n"
        f"{switch.sessions} session(s) since startup\n"
        f"{len(switch.channels)} session(s) - peak {switch.peak}, last 5min {switch.peak} \n"
        f"0 session(s) per Sec out of max {switch.config.sessions_per_second}, peak 0, last 5min 0 \n"
        f"{switch.config.max_sessions} session(s) max\n"
        "min idle cpu 0.00/100.00\n"
    )


async def version(_switch: Switch, _argument: str) -> str:
    return "FreeSWITCH Version lab (fernamt's lab switch, not FreeSWITCH)\n"


async def uptime_seconds(switch: Switch, _argument: str) -> str:
    return str((now_us() - switch.started_us) // 1_000_000)


async def uuid_exists(switch: Switch, argument: str) -> str:
    return "true" if argument in switch.channels else "false"


async def uuid_dump(switch: Switch, argument: str) -> str:
    uuid, _, form = argument.partition(" ")
    channel = switch.channels.get(uuid)
    if channel is None:
        return "-ERR No such channel!\n"
    event = Event("CHANNEL_DATA", [*switch.bus.head("CHANNEL_DATA"), *channel.headers()])
    if form.strip() == "json":
        return event.json().decode()
    return "".join(f"{name}: {value}\n" for name, value in event.headers) + "\n"
