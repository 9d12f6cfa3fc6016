"""The only place where commands are built (API commands: freeswitch/api_calls.py), from typed arguments.

Every function raises CommandRefused for what must not be sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from freeswitch.arguments import account, body, line, literal, multiset_list, secret, within, word

_MAX_SUBSCRIBED: Final = 200
_MAX_LINGER_S: Final = 3600
_MAX_LOOPS: Final = 1000


@dataclass(frozen=True, slots=True)
class Command:
    """A complete command as it goes on the wire. Answered by one message. Made by this module only."""

    wire: bytes = field(repr=False)
    name: str


@dataclass(frozen=True, slots=True)
class ApiCall:
    """An API command and its argument; give it to `api` or `bgapi`. Made by freeswitch/api_calls.py."""

    name: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.argument}".rstrip(" ")


class EventFormat(StrEnum):
    """How events are written. Plain is percent-encoded; JSON is not."""

    PLAIN = "plain"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Events wanted: names such as CHANNEL_ANSWER, and subclasses of CUSTOM such as sofia::register."""

    events: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    format: EventFormat = EventFormat.PLAIN


def auth(password: str) -> Command:
    """Log in with the node's password."""
    return Command(_line("auth " + secret(password)), "auth")


def userauth(user: str, domain: str, password: str) -> Command:
    """Log in as a user of FreeSWITCH's directory, whose commands and events may be restricted."""
    who = f"{account(user)}@{account(domain)}:{secret(password)}"
    return Command(_line("userauth " + who), "userauth")


def subscribe(subscription: Subscription) -> Command:
    """Ask for events. CUSTOM subclasses come last, as FreeSWITCH wants them."""
    return Command(_line(f"event {subscription.format} {_event_words(subscription)}"), "event")


def unsubscribe(subscription: Subscription) -> Command:
    """Take back a part of what was asked for."""
    return Command(_line("nixevent " + _event_words(subscription)), "nixevent")


def no_events() -> Command:
    """Take back all of it; what FreeSWITCH has queued is thrown away."""
    return Command(_line("noevents"), "noevents")


def filter_events(header: str, value: str) -> Command:
    """Send only events whose header has this value (case ignored). Filters apply to every event asked for,
    background jobs' results too; several filters add up."""
    return Command(_line(f"filter {word(header, 'the header')} {line(value, 'the value')}"), "filter")


def connect() -> Command:
    """The first command on an outbound socket: answered with the channel's data, each time it is sent."""
    return Command(b"connect\n\n", "connect")


def leave() -> Command:
    """End the connection. On an outbound socket the dialplan goes on with the next action."""
    return Command(b"exit\n\n", "exit")


def linger(seconds: int) -> Command:
    """Keep an outbound socket open after the channel's end, 1 to 3600 s. (Without a time it never closes.)"""
    return Command(_line(f"linger {within(seconds, 1, _MAX_LINGER_S, 'linger')}"), "linger")


def api(call: ApiCall) -> Command:
    """Run an API command and wait for its result; FreeSWITCH sends this connection no events meanwhile."""
    return Command(_line("api " + _api_line(call)), "api")


def bgapi(call: ApiCall, job_uuid: str) -> Command:
    """Run an API command in the background; its result comes as BACKGROUND_JOB with this Job-UUID."""
    text = f"bgapi {_api_line(call)}\nJob-UUID: {word(job_uuid, 'the job UUID')}"
    return Command(_line(text), "bgapi")


def execute(
    application: str,
    argument: str = "",
    *,
    channel: str | None = None,
    event_uuid: str | None = None,
    loops: int = 1,
    event_lock: bool = False,
    expand: bool = False,
) -> Command:
    """Run a dialplan application on a channel (`channel` None: the one of this outbound socket).

    `event_uuid` comes back as Application-UUID in CHANNEL_EXECUTE_COMPLETE. `event_lock` finishes it before
    the next one starts. `${…}` in the argument is refused unless `expand` allows it. The argument travels
    as a body: it may be up to 512 KiB, and FreeSWITCH reads a body at once but headers byte by byte.
    """
    text = body(argument if expand else literal(argument, "the argument"), "the argument")
    headers = ["call-command: execute", f"execute-app-name: {word(application, 'the application')}"]
    if event_uuid is not None:
        headers.append(f"event-uuid: {word(event_uuid, 'the event UUID')}")
    if loops != 1:
        headers.append(f"loops: {within(loops, 1, _MAX_LOOPS, 'loops')}")
    if event_lock:
        headers.append("event-lock: true")
    return Command(_sendmsg(channel, headers, text), f"execute {application}")


def set_variables(variables: Mapping[str, str], *, channel: str | None = None) -> Command:
    """Set channel variables, all of them by one application. 1 to 250; an empty value removes one.

    Names are plain; values hold no control characters (line breaks only in `sip_multipart`) and no `${…}`.
    """
    return execute("multiset", multiset_list(variables), channel=channel)


def hangup(cause: str = "NORMAL_CLEARING", *, channel: str | None = None) -> Command:
    """Hang up with a cause by FreeSWITCH's name."""
    headers = ["call-command: hangup", f"hangup-cause: {word(cause, 'the cause')}"]
    return Command(_sendmsg(channel, headers, b""), "hangup")


def _sendmsg(channel: str | None, headers: Iterable[str], text: bytes) -> bytes:
    first = "sendmsg" if channel is None else f"sendmsg {word(channel, 'the channel')}"
    lines = [first, *headers]
    if text:
        # The length must come last: FreeSWITCH reads the body where it meets this header.
        lines += ["content-type: text/plain", f"content-length: {len(text)}"]
    return "\n".join(lines).encode() + b"\n\n" + text


def _line(text: str) -> bytes:
    return text.encode() + b"\n\n"


def _api_line(call: ApiCall) -> str:
    return line(str(ApiCall(word(call.name, "the API command"), call.argument)), "the API command")


def _event_words(subscription: Subscription) -> str:
    within(len(subscription.events) + len(subscription.custom), 1, _MAX_SUBSCRIBED, "the number of events")
    words = [word(name, "the event") for name in subscription.events]
    if subscription.custom:
        words += ["CUSTOM", *(word(name, "the subclass") for name in subscription.custom)]
    return " ".join(words)
