"""Event Socket commands that inbound and outbound connections share."""

from __future__ import annotations

import logging
import time
from typing import Final

from lab.switch.api.table import run_api
from lab.switch.causes import Cause, cause_named
from lab.switch.channel import Channel, new_uuid
from lab.switch.config.settings import is_true, whole
from lab.switch.esl.connection import EslConnection
from lab.switch.esl.framing import Command

log = logging.getLogger(__name__)

MAX_JOBS: Final = 2000
SHORTEST_LOOP_S: Final = 0.5

NOT_FOUND: Final = "-ERR command not found"


async def handle(connection: EslConnection, command: Command) -> None:
    """Answer one command of an authorised connection."""
    line = command.line.strip()
    word, _, rest = line.partition(" ")
    word = "event" if word.lower().startswith("event") else word  # FreeSWITCH looks at the first letters
    match word.lower():
        case "exit" | "...":
            connection.running = False
            connection.reply("+OK bye")
        case "event":
            connection.reply(connection.subscribe(rest.split()) or "-ERR no keywords supplied")
        case "nixevent":
            connection.reply(connection.unsubscribe(rest.split()))
        case "noevents":
            connection.reply(connection.silence())
        case "filter":
            connection.reply(connection.filter(rest.strip()))
        case "myevents":
            uuid, _, words = rest.strip().partition(" ")
            connection.reply(connection.my_events(uuid, words) if uuid else NOT_FOUND)
        case "api":
            await _api(connection, rest)
        case "bgapi":
            _bgapi(connection, rest, command)
        case "sendmsg":
            connection.reply(queue_message(connection, command, rest.strip()))
        case "sendevent":
            connection.reply(_send_event(connection, command, rest.strip()))
        case "log" | "nolog":
            connection.reply("+OK log level  [0]" if word.lower() == "log" else "-ERR not loging")
        case "linger" | "nolinger":
            connection.reply("-ERR not controlling a session")
        case _:
            connection.reply(NOT_FOUND)


async def _api(connection: EslConnection, text: str) -> None:
    name, _, argument = text.strip().partition(" ")
    answer = await run_api(connection.switch, name, argument)
    content = (answer or "-ERR no reply\n").encode("utf-8", "replace")
    connection.write(b"Content-Type: api/response\nContent-Length: %d\n\n%s" % (len(content), content))


def _bgapi(connection: EslConnection, text: str, command: Command) -> None:
    name, _, argument = text.strip().partition(" ")
    job = command.get("job-uuid") or new_uuid()
    switch = connection.switch
    if len(switch.tasks) >= MAX_JOBS + switch.config.max_sessions:
        connection.reply("-ERR too many jobs")
        return
    connection.write(
        f"Content-Type: command/reply\nReply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}\n\n".encode()
    )

    async def work() -> None:
        answer = await run_api(switch, name, argument)
        headers = [("Job-UUID", job), ("Job-Command", name)]
        if argument:
            headers.append(("Job-Command-Arg", argument))
        switch.bus.fire("BACKGROUND_JOB", lambda: headers, body=answer)

    switch.spawn(work())


def _send_event(connection: EslConnection, command: Command, name: str) -> str:
    uuid = new_uuid()
    subclass = command.get("event-subclass")
    headers = [pair for pair in command.headers if pair[0].lower() not in ("event-name", "content-length")]
    connection.switch.bus.fire(
        name.upper() or "GENERAL", lambda: headers, body=command.body or None, subclass=subclass
    )
    return f"+OK {uuid}"


# -- sendmsg ----------------------------------------------------------------------------------------


def queue_message(connection: EslConnection, command: Command, uuid: str) -> str:
    """`sendmsg UUID`: the channel's task does it as soon as it waits."""
    uuid = uuid or command.get("session-id") or ""
    channel = connection.switch.channels.get(uuid)
    if channel is None:
        return f"-ERR invalid session id [{uuid}]"
    found = channel

    async def work() -> None:
        await obey(found, command)

    if (command.get("call-command") or "").lower() == "hangup":
        channel.hangup(_cause(command))
        return "+OK"
    return "+OK" if channel.queue(work) else "-ERR memory error"


def _cause(command: Command) -> Cause:
    named = command.get("hangup-cause")
    return cause_named(named) if named else Cause.NORMAL_CLEARING


async def obey(channel: Channel, command: Command) -> None:
    """Carry a message out in the channel's task: execute an application (in loops) or hang up."""
    match (command.get("call-command") or "").lower():
        case "hangup":
            channel.hangup(_cause(command))
            channel.check()
        case "execute":
            await _execute(channel, command)
        case other:
            log.error("%r: sendmsg with call-command %r; the lab knows execute and hangup", channel, other)


async def _execute(channel: Channel, command: Command) -> None:
    name = (command.get("execute-app-name") or "").strip()
    argument = command.get("execute-app-arg") or ""
    if not argument and (command.get("content-type") or "").lower() == "text/plain":
        argument = command.body
    loops = whole(command.get("loops"), 1)
    event_uuid = command.get("event-uuid")
    done = 0
    if is_true(command.get("event-lock")):
        log.debug("%r: event-lock: messages are always carried out one after the other", channel)
    while name and (done < loops or loops < 0):
        done += 1
        channel.set("current_loop", str(done))
        channel.set("total_loops", str(loops))
        began = time.monotonic()
        try:
            await channel.switch.execute_named(channel, name, argument, event_uuid)
        finally:
            channel.set("current_loop", None)
            channel.set("total_loops", None)
        channel.check()
        if channel.stop_broadcast or time.monotonic() - began < SHORTEST_LOOP_S:
            break
    channel.stop_broadcast = False
