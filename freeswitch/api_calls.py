"""FreeSWITCH's API commands (mod_commands) from typed arguments. Give them to `api` or `bgapi`.

Every function raises CommandRefused for what must not be sent. Results are text; replies.py reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from freeswitch.arguments import (
    extension,
    item_escape,
    line,
    literal,
    setvar_list,
    variable_name,
    variable_value,
    within,
    word,
)
from freeswitch.commands import ApiCall
from freeswitch.errors import CommandRefused

if TYPE_CHECKING:
    from freeswitch.dialstring import DialString

_MAX_ORIGINATE_S: Final = 600


class Legs(StrEnum):
    """Who hears a broadcast, named after the two sides of a bridge."""

    A = "aleg"
    B = "bleg"
    BOTH = "both"


class Recording(StrEnum):
    """What `uuid_record` does; masked is silence."""

    START = "start"
    STOP = "stop"
    MASK = "mask"
    UNMASK = "unmask"


@dataclass(frozen=True, slots=True)
class ThenRun:
    """What an originated leg does when it is answered: run this application."""

    application: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class ThenDial:
    """What an originated leg does when it is answered: go through the dialplan of this context."""

    extension: str
    context: str


def status() -> ApiCall:
    """Uptime, sessions and limits of the node, for people."""
    return ApiCall("status")


def reload_xml() -> ApiCall:
    """Read the configuration again; "+OK [Success]"."""
    return ApiCall("reloadxml")


def load_module(module: str) -> ApiCall:
    """Read the configuration again and load a module of FreeSWITCH; see `module_missing`."""
    return ApiCall("load", word(module, "the module"))


def module_missing(said: str) -> str:
    """Why `load_module` did not load it, "" where it did or it was there (read: load_function, which says
    first that the XML was read)."""
    last = said.strip().rpartition("\n")[2].strip()
    return last if last.startswith("-ERR") and "already loaded" not in last else ""


def reload_certificates() -> ApiCall:
    """Read the files of TLS and WSS again for new connections; "+OK ...". FreeSWITCH 1.11 and newer."""
    return ApiCall("reloadcert")


def show_channels() -> ApiCall:
    """All channels of the node as JSON: see `rows_of`."""
    return ApiCall("show", "channels as json")


def show_registrations() -> ApiCall:
    """All phones that are registered as JSON: see `rows_of`."""
    return ApiCall("show", "registrations as json")


def uuid_exists(channel: str) -> ApiCall:
    """ "true" or "false"."""
    return ApiCall("uuid_exists", _uuid(channel))


def uuid_kill(channel: str, cause: str = "NORMAL_CLEARING") -> ApiCall:
    """Hang up with a cause by FreeSWITCH's name."""
    return ApiCall("uuid_kill", f"{_uuid(channel)} {word(cause, 'the cause')}")


def uuid_bridge(channel: str, other: str) -> ApiCall:
    """Join two channels."""
    return ApiCall("uuid_bridge", f"{_uuid(channel)} {_uuid(other)}")


def uuid_transfer(channel: str, to: str, *, context: str, b_leg: bool = False) -> ApiCall:
    """Send a channel (or the one it is bridged to) to an extension of the XML dialplan."""
    flag = "-bleg " if b_leg else ""
    where = f"{extension(to)} XML {word(context, 'the context')}"
    return ApiCall("uuid_transfer", f"{_uuid(channel)} {flag}{where}")


def uuid_broadcast(channel: str, file: str, legs: Legs = Legs.A) -> ApiCall:
    """Play a file or tone into a running call. `application::argument` runs an application instead."""
    literal(line(file, "the file"), "the file")
    return ApiCall("uuid_broadcast", f"{_uuid(channel)} {item_escape(file)} {legs}")


def uuid_record(channel: str, what: Recording, path: str) -> ApiCall:
    """Record both sides of a call into a WAV file; the others name the file that it began with."""
    literal(line(path, "the path"), "the path")
    return ApiCall("uuid_record", f"{_uuid(channel)} {what} {item_escape(path)}")


def uuid_setvar(channel: str, name: str, value: str) -> ApiCall:
    """Set one channel variable; an empty value removes it."""
    line(variable_value(name, value), f"variable {name}")
    return ApiCall("uuid_setvar", f"{_uuid(channel)} {variable_name(name)} {item_escape(value)}".rstrip(" "))


def uuid_setvar_multi(channel: str, variables: Mapping[str, str]) -> ApiCall:
    """Set 1 to 64 channel variables at once; values without `;`."""
    return ApiCall("uuid_setvar_multi", f"{_uuid(channel)} {setvar_list(variables)}")


def uuid_getvar(channel: str, name: str) -> ApiCall:
    """The value as it is, or "_undef_"."""
    return ApiCall("uuid_getvar", f"{_uuid(channel)} {variable_name(name)}")


def originate(dial: DialString, then: ThenRun | ThenDial, *, timeout_s: int = 60) -> ApiCall:
    """Place a leg. Answered when it is answered ("+OK <uuid>") or has failed ("-ERR <cause>"): use bgapi.

    The channel's UUID can be chosen by `origination_uuid` in the dial string.
    """
    seconds = within(timeout_s, 1, _MAX_ORIGINATE_S, "the timeout")
    match then:
        case ThenRun(application, argument):
            text = literal(line(argument, "the argument"), "the argument")
            if ")" in text:
                # FreeSWITCH ends the argument at the first one.
                raise CommandRefused(f"the argument contains ')': {text[:64]!r}")
            target = item_escape(f"&{word(application, 'the application')}({text})") + " XML default"
        case ThenDial(number, context):
            target = f"{extension(number)} XML {word(context, 'the context')}"
    # "undef" twice: the caller's name and number are in the dial string.
    text = item_escape(line(dial, "the dial string"))
    return ApiCall("originate", f"{text} {target} undef undef {seconds}")


def _uuid(channel: str) -> str:
    return word(channel, "the channel's UUID")
