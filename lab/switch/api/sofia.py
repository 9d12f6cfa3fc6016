"""`sofia status|profile …` and `sofia_contact`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.switch.core import Switch


async def sofia(switch: Switch, argument: str) -> str:
    match argument.split():
        case ["status"]:
            return _status(switch)
        case ["status", "gateway", name]:
            return _gateway(switch, name)
        case ["profile", name, "rescan", *_]:
            switch.reload()
            return "+OK scan complete\n" if switch.rescan(name) else f"Invalid Profile [{name}]\n"
        case ["profile", name, "killgw", gateway]:
            if name not in switch.profiles:
                return f"Invalid Profile [{name}]\n"
            return (
                "+OK gateway marked for deletion.\n"
                if switch.kill_gateway(gateway)
                else "-ERR no such gateway.\n"
            )
        case ["profile", name, "flush_inbound_reg", *rest]:
            for entry in list(switch.registrar.all()):
                if entry.profile == name and (
                    not rest or rest[0] in (entry.call_id, f"{entry.user}@{entry.domain}")
                ):
                    switch.registrar.remove(entry.user, entry.domain)
            return "+OK flushing all registrations\n"
        case _:
            return f"-ERR sofia {argument} is not in the lab\n"


def _status(switch: Switch) -> str:
    line = "=" * 97
    rows = [f"{'Name':>25}\t{'Type':>8}\t{'Data':>40}\tState", line]
    for profile in switch.profiles.values():
        data = f"sip:mod_sofia@{profile.wire.ip}:{profile.wire.port}"
        calls = len(profile.dialogs())
        rows.append(f"{profile.name:>25}\t{'profile':>8}\t{data:>40}\tRUNNING ({calls})")
    for gateway in switch.gateways.values():
        user = gateway.settings.get("username") or gateway.name
        data = f"sip:{user}@{gateway.settings.get('realm') or gateway.settings.host}"
        name = f"{gateway.profile.name}::{gateway.name}"
        rows.append(f"{name:>25}\t{'gateway':>8}\t{data:>40}\t{gateway.state.value}")
    return "\n".join([*rows, line, f"{len(switch.profiles)} profiles 0 aliases", ""])


def _gateway(switch: Switch, name: str) -> str:
    gateway = switch.gateways.get(name)
    if gateway is None:
        return "Invalid Gateway!\n"
    fields = {
        "Name": gateway.name,
        "Profile": gateway.profile.name,
        "Realm": gateway.settings.get("realm"),
        "Proxy": f"sip:{gateway.settings.proxy}",
        "PingFreq": str(gateway.ping_s),
        "PingTime": f"{gateway.ping_ms:.2f}",
        "PingState": f"{gateway.ping_min}/{gateway.ping_count}/{gateway.ping_max}",
        "State": gateway.state.value,
        "Status": "UP" if gateway.up else "DOWN",
    }
    return "".join(f"{key:<8}\t{value}\n" for key, value in fields.items())


async def sofia_contact(switch: Switch, argument: str) -> str:
    """`[PROFILE/]USER@DOMAIN`: the dial string of the registered contact."""
    address = argument.rpartition("/")[2]
    user, _, domain = address.partition("@")
    found = switch.registrar.find(user, domain)
    if found is None:
        return "error/user_not_registered"
    return f"sofia/{found.profile}/{found.contact}"
