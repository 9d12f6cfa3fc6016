"""API commands: the names, and running one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from lab.switch.api import calls, control, listing, sofia

if TYPE_CHECKING:
    from lab.switch.core import Switch

Api = Callable[["Switch", str], Awaitable[str]]

COMMANDS: Final[Mapping[str, Api]] = {
    "create_uuid": control.create_uuid,
    "echo": control.echo,
    "fsctl": control.fsctl,
    "global_getvar": control.global_getvar,
    "global_setvar": control.global_setvar,
    "hostname": control.hostname,
    "hupall": calls.hupall,
    "load": control.load,
    "originate": calls.originate_command,
    "reloadacl": control.reloadacl,
    "reloadxml": control.reloadxml,
    "sched_hangup": calls.sched_hangup,
    "show": listing.show,
    "sofia": sofia.sofia,
    "sofia_contact": sofia.sofia_contact,
    "status": listing.status,
    "strftime": control.strftime,
    "switchname": control.switchname,
    "uptime": listing.uptime_seconds,
    "uuid_answer": calls.uuid_answer,
    "uuid_break": calls.uuid_break,
    "uuid_bridge": calls.uuid_bridge,
    "uuid_broadcast": calls.uuid_broadcast,
    "uuid_dump": listing.uuid_dump,
    "uuid_exists": listing.uuid_exists,
    "uuid_getvar": calls.uuid_getvar,
    "uuid_kill": calls.uuid_kill,
    "uuid_park": calls.uuid_park,
    "uuid_record": calls.uuid_record,
    "uuid_send_dtmf": calls.uuid_send_dtmf,
    "uuid_setvar": calls.uuid_setvar,
    "uuid_setvar_multi": calls.uuid_setvar_multi,
    "uuid_transfer": calls.uuid_transfer,
    "version": listing.version,
}


async def run_api(switch: Switch, name: str, argument: str) -> str:
    """The command's answer; for an unknown one the words that FreeSWITCH has for it."""
    command = COMMANDS.get(name.lower())
    if command is None:
        return f"-ERR {name} Command not found!\n"
    return await command(switch, argument.strip())


def expansion_api(switch: Switch) -> Callable[[str, str], str] | None:
    """What `${name(argument)}` may call: commands that wait for nothing; None when it is switched off."""
    if not switch.config.api_expansion:
        return None

    def call(name: str, argument: str) -> str:
        if name not in IN_EXPANSION:
            return f"-ERR {name} Command not found!"
        running = run_api(switch, name, argument)
        try:
            running.send(None)
        except StopIteration as end:
            return str(end.value)
        return ""

    return call


IN_EXPANSION: Final = frozenset(
    {"create_uuid", "echo", "global_getvar", "sofia_contact", "strftime", "uuid_exists"}
)
