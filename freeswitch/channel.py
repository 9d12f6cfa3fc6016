"""A channel's data as FreeSWITCH gives them in answer to `connect`, and what we may tell it to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from freeswitch.errors import UnexpectedReply
from freeswitch.headers import Headers
from freeswitch.protocol import COMMAND_REPLY, Message


class ChannelData:
    """The facts of a channel, about 190 headers, decoded when looked at. Untrusted: callers fill them."""

    __slots__ = ("headers", "uuid")

    def __init__(self, headers: Headers) -> None:
        uuid = headers.get("Unique-ID")
        if uuid is None:
            raise UnexpectedReply("FreeSWITCH's channel data name no Unique-ID")
        self.headers = headers
        self.uuid = uuid

    def __repr__(self) -> str:
        return f"<ChannelData {self.uuid}>"

    def get(self, name: str) -> str | None:
        """A header such as Caller-Destination-Number, or None when it is absent or empty."""
        return self.headers.get(name)

    def variable(self, name: str) -> str | None:
        """A channel variable, or None when it is absent or empty."""
        return self.headers.get("variable_" + name)

    @property
    def is_synchronous(self) -> bool:
        """The dialplan waits for us (`socket` without `async`), so a command's reply means it is done."""
        return self.headers.get("Socket-Mode") != "async"


def channel_data_of(message: Message) -> ChannelData:
    """The channel data in the answer to `connect`. UnexpectedReply when it is something else."""
    if message.content_type != COMMAND_REPLY:
        raise UnexpectedReply(f"FreeSWITCH answered connect with {message.content_type[:64]!r}")
    return ChannelData(message.decoded_headers)


@dataclass(frozen=True, slots=True)
class Instructions:
    """What the rendered dialplan is to find: variables set before it goes on. None: it goes on as it is."""

    variables: Mapping[str, str]
