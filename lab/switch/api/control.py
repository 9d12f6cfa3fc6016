"""Commands about the switch itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lab.errors import ConfigurationError
from lab.switch.channel import new_uuid

if TYPE_CHECKING:
    from lab.switch.core import Switch


async def create_uuid(_switch: Switch, _argument: str) -> str:
    return new_uuid()


async def echo(_switch: Switch, argument: str) -> str:
    return argument


async def hostname(switch: Switch, _argument: str) -> str:
    return switch.bus.hostname


async def switchname(switch: Switch, _argument: str) -> str:
    return switch.bus.switchname


async def strftime(_switch: Switch, argument: str) -> str:
    return time.strftime(argument or "%Y-%m-%d %T")


async def global_getvar(switch: Switch, argument: str) -> str:
    if argument:
        return switch.globals.get(argument, "")
    return "\n".join(f"{name}={value}" for name, value in switch.globals.items()) + "\n"


async def global_setvar(switch: Switch, argument: str) -> str:
    name, _, value = argument.partition("=")
    switch.globals[name.strip()] = value
    return "+OK\n"


async def reloadxml(switch: Switch, _argument: str) -> str:
    try:
        switch.reload()
    except ConfigurationError as problem:
        return f"-ERR [{problem}]\n"
    return "+OK [Success]\n"


async def load(switch: Switch, argument: str) -> str:
    """A module: everything is there already, only the XML is read again first."""
    if not argument:
        return "-USAGE: <mod_name>\n"
    read = (await reloadxml(switch, argument)).startswith("+OK")
    return "+OK Reloading XML\n+OK\n" if read else "+OK\n"


async def reloadacl(switch: Switch, argument: str) -> str:
    answer = await reloadxml(switch, argument)
    return "+OK acl reloaded\n" if answer.startswith("+OK") else answer


async def fsctl(switch: Switch, argument: str) -> str:
    """pause, resume, pause_check, shutdown (any form), hupall, sps."""
    match argument.split():
        case ["pause", *_]:
            switch.paused = True
        case ["resume", *_]:
            switch.paused = False
        case ["pause_check", *_]:
            return "true" if switch.paused else "false"
        case ["shutdown", "check"]:
            return "true" if switch.closing.is_set() else "false"
        case ["shutdown", *_]:
            switch.closing.set()
        case ["sps", *_]:
            return f"+OK sessions per second: {switch.config.sessions_per_second}\n"
        case _:
            return f"-ERR fsctl {argument} is not in the lab\n"
    return "+OK\n"
