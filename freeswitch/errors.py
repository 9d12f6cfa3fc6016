"""What can go wrong between us and FreeSWITCH.

FreeSwitchError
├── CommandRefused          we did not send it: an argument may not go on the wire
├── UnsafeSettings          we did not connect: the settings are not safe
├── CertificateUnusable     the node's certificate or key cannot be used
├── ProtocolError           the peer's bytes are not Event Socket
│   ├── LimitExceeded       … or more than we are willing to hold
│   └── UnexpectedReply     … or not what we asked for
├── ConnectionFailed        there was no connection to begin with
│   ├── ConnectTimedOut
│   ├── AuthenticationFailed
│   └── AccessDenied        refused by FreeSWITCH's access list
├── ConnectionLost          it was there, and went
│   └── NotConnected        it is not there now
├── CommandFailed           FreeSWITCH answered -ERR or -USAGE
│   └── ChannelGone         the channel of the command has ended
├── ReplyTimedOut           no answer in time
└── Overloaded              our own limit is reached

Every class has a stable `id` for programs; the message says the place and the next step.
"""

from __future__ import annotations

from typing import ClassVar


class FreeSwitchError(Exception):
    """The root: catch this to catch all that this package raises on purpose."""

    id: ClassVar[str] = "freeswitch"


class CommandRefused(FreeSwitchError):
    """A command was not built because an argument could break it or the channel (CR, LF, too long, …)."""

    id = "freeswitch.command.refused"


class UnsafeSettings(FreeSwitchError):
    """The settings would open the node to anyone, such as FreeSWITCH's default password."""

    id = "freeswitch.settings.unsafe"


class CertificateUnusable(FreeSwitchError):
    """A file of the node's certificate cannot be read, or its key is another one's."""

    id = "freeswitch.certificate"


class ProtocolError(FreeSwitchError):
    """Bytes that are not Event Socket; where they break the framing the connection must be closed."""

    id = "freeswitch.protocol.malformed"


class LimitExceeded(ProtocolError):
    """A line, a header block or a body is larger than `Limits` allows."""

    id = "freeswitch.protocol.limit"


class UnexpectedReply(ProtocolError):
    """A well-formed message that has no place here: a reply nobody waits for, an asynchronous socket, …"""

    id = "freeswitch.protocol.unexpected"


class ConnectionFailed(FreeSwitchError):
    """A connection could not be made. The operating system's error is the `__cause__`."""

    id = "freeswitch.connection.failed"


class ConnectTimedOut(ConnectionFailed):
    """TCP, TLS and log-in together took longer than the connect timeout."""

    id = "freeswitch.connection.timeout"


class AuthenticationFailed(ConnectionFailed):
    """FreeSWITCH does not accept the password (or user). Compare with its event_socket.conf."""

    id = "freeswitch.connection.authentication"


class AccessDenied(ConnectionFailed):
    """FreeSWITCH's `apply-inbound-acl` does not admit our address."""

    id = "freeswitch.connection.denied"


class ConnectionLost(FreeSwitchError):
    """The connection ended: by the peer, by the network, by silence or by us. All waiters get it at once."""

    id = "freeswitch.connection.lost"


class NotConnected(ConnectionLost):
    """There is no connection at the moment; it is being made again in the background."""

    id = "freeswitch.connection.none"


class CommandFailed(FreeSwitchError):
    """FreeSWITCH answered -ERR or -USAGE; `text` is its answer, cut to 512 characters."""

    id = "freeswitch.command.failed"

    def __init__(self, text: str) -> None:
        self.text = text.strip()[:512]
        super().__init__(f"FreeSWITCH answered {self.text!r}")


class ChannelGone(CommandFailed):
    """The channel does not exist or ended before the command did. Often the caller just hung up."""

    id = "freeswitch.channel.gone"


class ReplyTimedOut(FreeSwitchError):
    """No answer within the time given. The command may still take effect."""

    id = "freeswitch.command.timeout"


class Overloaded(FreeSwitchError):
    """A bound of ours is reached (commands under way, sessions): try another node or later."""

    id = "freeswitch.overloaded"
