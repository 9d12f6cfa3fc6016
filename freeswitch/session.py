"""One of FreeSWITCH's connections to us: a call that waits in `socket` for what we say.

The socket is synchronous: FreeSWITCH answers an application when it is complete, so no event has to be
matched, and commands may be sent in one go: it takes them one after the other (read: listener_run).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from freeswitch import commands
from freeswitch.channel import ChannelData, Instructions, channel_data_of
from freeswitch.commands import Command
from freeswitch.errors import ChannelGone, ReplyTimedOut, UnexpectedReply
from freeswitch.protocol import COMMAND_REPLY, DISCONNECT_NOTICE, Message
from freeswitch.replies import checked, reply_of
from freeswitch.transport import Connection, deadline

_CONNECT: Final = commands.connect()
_LEAVE: Final = commands.leave()


class Session:
    """A held call: ask, look at what came of it, ask again. For menus; a decision needs none of this.

    Every method raises ChannelGone when the caller hangs up, ConnectionLost when the connection breaks.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._incoming = self._messages()
        self._channel: ChannelData | None = None
        self._hung_up = False

    @property
    def channel(self) -> ChannelData:
        """The channel's data as they were after the last command."""
        if self._channel is None:
            raise UnexpectedReply("the session has not begun")
        return self._channel

    @property
    def is_over(self) -> bool:
        """The caller has hung up or the connection has ended; what fails now is no fault of the handler's."""
        return self._hung_up or self._connection.is_lost

    def begin(self) -> ChannelData:
        """Send `connect`; the channel's data. The caller sets the deadline."""
        self._connection.send(_CONNECT.wire)
        return self._take_channel()

    def execute(self, application: str, argument: str = "", *, timeout_s: float = 60.0) -> ChannelData:
        """Run an application until it is complete; the channel's data then (digits asked for, …).

        `timeout_s` must be longer than the application may take; when it is over, ReplyTimedOut, and the
        session is of no further use.
        """
        command = commands.execute(application, argument)
        with deadline(timeout_s, lambda: ReplyTimedOut(f"{application} not complete in {timeout_s} s")):
            # The data are asked for anew: percent-encoded they are safe to read, which `getvar` is not.
            self._connection.send(command.wire + _CONNECT.wire)
            self._take_reply()
            return self._take_channel()

    def set_variables(self, instructions: Instructions) -> None:
        """Set variables and stay; waits until FreeSWITCH has done so."""
        wanted = _set(instructions)
        self._connection.send(b"".join(command.wire for command in wanted))
        for _ in wanted:
            self._take_reply()

    def leave(self, instructions: Instructions | None) -> None:
        """Set the variables by one application and go; waits until FreeSWITCH has done both."""
        wanted = _set(instructions)
        self._connection.send(b"".join(command.wire for command in (*wanted, _LEAVE)))
        # The last answer is the one to `exit`; the notice after it tells nothing new.
        for _ in (*wanted, _LEAVE):
            self._take_reply()

    def _messages(self) -> Iterator[Message]:
        while True:
            yield from self._connection.receive()

    def _take_channel(self) -> ChannelData:
        channel = channel_data_of(self._next())
        if not channel.is_synchronous:
            raise UnexpectedReply("the dialplan's socket action says async: leave that word out")
        self._channel = channel
        return channel

    def _take_reply(self) -> None:
        message = self._next()
        if message.content_type != COMMAND_REPLY:
            raise UnexpectedReply(f"instead of a reply FreeSWITCH sent {message.content_type[:64]!r}")
        checked(reply_of(message).text)

    def _next(self) -> Message:
        message = next(self._incoming)
        if message.content_type == DISCONNECT_NOTICE:
            self._hung_up = True
            raise ChannelGone("-ERR the caller hung up")
        return message


def _set(instructions: Instructions | None) -> tuple[Command, ...]:
    if instructions is None or not instructions.variables:
        return ()
    return (commands.set_variables(instructions.variables),)
