"""FreeSWITCH's answers: the reply to a command, and what API commands print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from freeswitch.errors import ChannelGone, CommandFailed, UnexpectedReply
from freeswitch.protocol import API_RESPONSE, Message

_GONE: Final = ("no such channel", "invalid session id", "invalid uuid", "cannot locate session")


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one command: `Reply-Text`, or what the API command printed."""

    message: Message
    text: str

    def checked(self) -> Reply:
        """This reply; CommandFailed (ChannelGone) when it is an error."""
        checked(self.text)
        return self


def reply_of(message: Message) -> Reply:
    """The reply in a command/reply or api/response message."""
    if message.content_type == API_RESPONSE:
        return Reply(message, message.body.decode("utf-8", "replace"))
    return Reply(message, message.headers.get("Reply-Text") or "")


def checked(text: str) -> str:
    """`text`, unless it is an error (-ERR, -USAGE): then CommandFailed or ChannelGone."""
    if not text.startswith(("-ERR", "-USAGE")):
        return text
    lowered = text.lower()
    raise ChannelGone(text) if any(sign in lowered for sign in _GONE) else CommandFailed(text)


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of `show … as json`; columns are FreeSWITCH's. UnexpectedReply when it is not that."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnexpectedReply(f"not the JSON of a show command: {text[:64]!r}") from error
    rows = found.get("rows", []) if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnexpectedReply(f"not the JSON of a show command: {text[:64]!r}")
    return [{str(name): str(value) for name, value in row.items()} for row in rows]
