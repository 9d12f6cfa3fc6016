"""Variables and logging: set, export, multiset, unset, log, info."""

from __future__ import annotations

import logging
import re
from typing import Final

from lab.errors import ApplicationFailedError
from lab.switch.channel import Channel

log = logging.getLogger(__name__)


def _assign(channel: Channel, text: str) -> str:
    """`name=value`; without a value, or with `_undef_`, the variable goes. Returns the name."""
    name, _, value = text.partition("=")
    name = name.strip()
    if not name:
        raise ApplicationFailedError(f"set {text[:60]!r}: no variable name")
    channel.set(name, None if value in ("", "_undef_") else value)
    return name


def split_list(text: str) -> list[str]:
    """A list with its own separator in front (`^^;a=1;b=2`), or separated by blanks."""
    if text.startswith("^^") and len(text) > 2:
        return [part for part in text[3:].split(text[2]) if part]
    return text.split()


async def set_application(channel: Channel, data: str) -> None:
    _assign(channel, data)


async def multiset(channel: Channel, data: str) -> None:
    for part in split_list(data):
        name, _, value = part.partition("=")
        # FreeSWITCH unescapes the list as it splits it, and each value once more.
        _assign(channel, f"{name}={_unescaped(_unescaped(value))}")


_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


def _unescaped(text: str) -> str:
    """As FreeSWITCH's splitting of lists leaves it (switch_utils.c, cleanup_separated_string)."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text)


async def unset(channel: Channel, data: str) -> None:
    channel.set(data.strip(), None)


async def multiunset(channel: Channel, data: str) -> None:
    for name in split_list(data):
        channel.set(name, None)


async def export(channel: Channel, data: str) -> None:
    """Set, and remember for the legs that this channel will make; `nolocal:` leaves this channel alone."""
    name, _, value = data.partition("=")
    local = not name.startswith("nolocal:")
    bare = name.removeprefix("nolocal:").strip()
    if not bare:
        raise ApplicationFailedError(f"export {data[:60]!r}: no variable name")
    channel.set(bare if local else name.strip(), value or None)
    exported = [entry for entry in (channel.get("export_vars") or "").split(",") if entry]
    if name.strip() not in exported:
        channel.set("export_vars", ",".join([*exported, name.strip()]))


async def write_log(channel: Channel, data: str) -> None:
    level, _, text = data.partition(" ")
    log.info("%s: %s: %s", channel.name, level, text)


async def info(channel: Channel, _data: str) -> None:
    for name, value in channel.variables:
        log.info("%s: %s=%s", channel.name, name, value[:200])


async def event(channel: Channel, data: str) -> None:
    """`Event-Name=CUSTOM,Event-Subclass=x::y,…`: an event with the channel's data."""
    given = dict(part.strip().partition("=")[::2] for part in data.split(","))
    name = given.pop("Event-Name", "CHANNEL_APPLICATION")
    subclass = given.pop("Event-Subclass", None)
    channel.switch.bus.fire(name, lambda: [*given.items(), *channel.headers()], subclass=subclass)
