"""Commands about single calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.errors import ApplicationFailedError, DialStringError
from lab.media.errors import LabMediaError
from lab.switch import routing
from lab.switch.apps.recording import start_recording
from lab.switch.causes import Cause, cause_named
from lab.switch.channel import Channel, Destination, Job
from lab.switch.config.settings import whole
from lab.switch.dialplan import Action, Plan
from lab.switch.dialstring import parse_dial_string, separate
from lab.switch.originate import originate
from lab.switch.states import State

if TYPE_CHECKING:
    from lab.switch.core import Switch

OK = "+OK\n"
NO_CHANNEL = "-ERR No such channel!\n"


def usage(text: str) -> str:
    return f"-USAGE: {text}\n"


async def originate_command(switch: Switch, argument: str) -> str:
    """Dial string, then EXTEN or &APP(ARG), then, if wanted, dialplan, context, caller name and number,
    seconds. Single quotes keep blanks together."""
    dial, target, *words = (*separate(argument, " "), "", "")
    if not target:
        return usage("originate <call_url> <exten>|&<application>(<app_args>) [<dialplan>] [<context>]")
    dialplan, context, name, number, timeout = (*words[:5], *[""] * (5 - len(words[:5])))
    identity = {"caller_id_name": _given(name), "caller_id_number": _given(number)}
    try:
        channel, cause = await originate(
            switch, None, parse_dial_string(dial), timeout_s=whole(timeout, 0) or None, identity=identity
        )
    except DialStringError as problem:
        return f"-ERR {problem}\n"
    if channel is None:
        return f"-ERR {cause.name}\n"
    if target.startswith("&"):
        application, _, data = target[1:].partition("(")
        plan = Plan(application, application, [Action(application, data.removesuffix(")"))])
        channel.send_to(Destination(State.EXECUTE, plan))
    else:
        routing.transfer(channel, target, _given(dialplan) or "XML", _given(context) or "default")
    return f"+OK {channel.uuid}\n"


def _given(word: str) -> str:
    return "" if word in ("undef", "") else word


async def uuid_kill(switch: Switch, argument: str) -> str:
    uuid, _, cause = argument.partition(" ")
    channel = switch.channels.get(uuid)
    if channel is None:
        return NO_CHANNEL
    channel.hangup(cause_named(cause) if cause.strip() else Cause.NORMAL_CLEARING)
    return OK


async def hupall(switch: Switch, argument: str) -> str:
    cause = argument.split()[0] if argument.split() else "MANAGER_REQUEST"
    switch.hangup_all(cause_named(cause))
    return f"+OK hangup all channels with cause {cause_named(cause).name}\n"


async def uuid_bridge(switch: Switch, argument: str) -> str:
    """Take both channels out of whatever they do and connect them; the first one leads."""
    words = argument.split()
    if len(words) != 2:
        return usage("uuid_bridge <uuid> <other_uuid>")
    first, second = (switch.channels.get(word) for word in words)
    if first is None or second is None or first is second or not (first.up and second.up):
        return "-ERR Invalid uuid\n"
    second.send_to(Destination(State.HIBERNATE))
    first.send_to(Destination(State.SOFT_EXECUTE, other_uuid=second.uuid))
    return f"+OK {second.uuid}\n"


async def uuid_transfer(switch: Switch, argument: str) -> str:
    words = argument.split()
    if len(words) < 2:
        return usage("uuid_transfer <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]")
    channel = switch.channels.get(words[0])
    which = words[1] if words[1].startswith("-") else ""
    target = words[2 if which else 1 :]
    if channel is None or not target:
        return NO_CHANNEL
    number, dialplan, context = (*target[:3], *[""] * (3 - len(target[:3])))
    moved: list[Channel] = []
    partner = channel.partner
    if which in ("-bleg", "-both"):
        if partner is None:
            return "-ERR No B-leg\n"
        moved.append(partner)
    if which != "-bleg":
        moved.append(channel)
    for one in moved:
        routing.transfer(one, number, dialplan, context)
    return OK


async def uuid_broadcast(switch: Switch, argument: str) -> str:
    """`UUID FILE|APP::ARG [aleg|bleg|both]`: play or execute while the call goes on."""
    words = [word.replace("\\s", " ") for word in separate(argument, " ")]
    if len(words) < 2:
        return usage("uuid_broadcast <uuid> <path> [aleg|bleg|holdb|both]")
    channel = switch.channels.get(words[0])
    if channel is None:
        return "-ERR Message not sent\n"
    legs = words[2] if len(words) > 2 else "aleg"
    application, marked, data = words[1].partition("::")
    name, argument = (application, data) if marked else ("playback", words[1])
    heard: list[Channel | None] = [channel] if legs != "bleg" else []
    heard += [channel.partner] if legs != "aleg" else []
    sent = 0
    for one in heard:
        if one is not None:
            sent += one.queue(_execution(switch, one, name, argument))
    return "+OK Message sent\n" if sent else "-ERR Message not sent\n"


def _execution(switch: Switch, channel: Channel, name: str, argument: str) -> Job:
    async def work() -> None:
        await switch.execute_named(channel, name, argument, None)

    return work


async def uuid_setvar(switch: Switch, argument: str) -> str:
    words = argument.split(None, 2)
    if len(words) < 2:
        return usage("uuid_setvar <uuid> <var> [value]")
    channel = switch.channels.get(words[0])
    if channel is None:
        return NO_CHANNEL
    channel.set(words[1], words[2] if len(words) > 2 else None)
    return OK


async def uuid_setvar_multi(switch: Switch, argument: str) -> str:
    uuid, _, rest = argument.partition(" ")
    channel = switch.channels.get(uuid)
    if channel is None:
        return NO_CHANNEL
    separator = ";"
    if rest.startswith("^^") and len(rest) > 2:
        separator, rest = rest[2], rest[3:]
    for part in separate(rest, separator):
        name, equals, value = part.partition("=")
        if equals and name.strip():
            channel.set(name.strip(), value or None)
    return OK


async def uuid_getvar(switch: Switch, argument: str) -> str:
    words = argument.split()
    if len(words) < 2:
        return usage("uuid_getvar <uuid> <var>")
    channel = switch.channels.get(words[0])
    if channel is None:
        return NO_CHANNEL
    return channel.get(words[1]) or "_undef_"


async def uuid_park(switch: Switch, argument: str) -> str:
    channel = switch.channels.get(argument.split()[0] if argument.split() else "")
    if channel is None:
        return "-ERR No such channel!\n"
    channel.send_to(Destination(State.PARK))
    return OK


async def uuid_answer(switch: Switch, argument: str) -> str:
    channel = switch.channels.get(argument)
    if channel is None or channel.leg is None:
        return NO_CHANNEL
    await channel.leg.answer()
    return OK


async def uuid_break(switch: Switch, argument: str) -> str:
    """End what is being played; with `all` also what is queued in loops."""
    words = argument.split()
    channel = switch.channels.get(words[0]) if words else None
    if channel is None:
        return NO_CHANNEL
    channel.broken = True
    channel.stop_broadcast = True
    if "all" in words[1:]:
        channel.drop_jobs()
    channel.notify()
    return OK


async def uuid_send_dtmf(switch: Switch, argument: str) -> str:
    words = argument.split()
    channel = switch.channels.get(words[0]) if len(words) > 1 else None
    if channel is None or channel.leg is None or channel.leg.media is None:
        return NO_CHANNEL
    digits, _, duration = words[1].partition("@")
    channel.leg.media.send_digits(digits, whole(duration, 0) or 160)
    return OK


async def uuid_record(switch: Switch, argument: str) -> str:
    words = argument.split()
    if len(words) < 3 or words[1] not in ("start", "stop", "mask", "unmask"):
        return usage("uuid_record <uuid> [start|stop|mask|unmask] <path> [<limit>]")
    channel = switch.channels.get(words[0])
    if channel is None:
        return "-ERR Cannot locate session!\n"
    if words[1] == "stop":
        recording = channel.recordings.get(words[2])
        for one in list(channel.recordings.values()) if words[2] == "all" else [recording]:
            if one is None:
                return "-ERR Cannot stop record session!\n"
            one.stop()
        return "+OK Success\n"
    if words[1] in ("mask", "unmask"):
        if (running := channel.recordings.get(words[2])) is None:
            return f"-ERR Cannot {words[1]} recording session!\n"
        running.masked = words[1] == "mask"
        return "+OK Success\n"
    media = channel.leg.media if channel.leg else None
    if media is None:
        return "-ERR Cannot record session!\n"
    try:
        started = start_recording(channel, media, words[2], both=True)
    except (ApplicationFailedError, LabMediaError) as problem:
        return f"-ERR {problem}\n"
    if len(words) > 3:
        switch.later(whole(words[3], 3600), started.stop)
    return "+OK Success\n"


async def sched_hangup(switch: Switch, argument: str) -> str:
    """`+SECONDS UUID [CAUSE]`."""
    words = argument.split()
    if len(words) < 2 or not words[0].startswith("+"):
        return usage("sched_hangup +<time> <uuid> [<cause>]")
    channel = switch.channels.get(words[1])
    if channel is None:
        return NO_CHANNEL
    cause = cause_named(words[2]) if len(words) > 2 else Cause.ALLOTTED_TIMEOUT
    switch.later(whole(words[0][1:], 0), lambda: channel.hangup(cause))
    return OK
