"""Commands as they come over an Event Socket connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from lab.errors import CommandTooLargeError

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
MAX_HEADERS: Final = 512
BODY_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Command:
    """The first line, the headers below it (first one of a name counts), the body."""

    line: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def get(self, name: str) -> str | None:
        lowered = name.lower()
        return next((value for header, value in self.headers if header.lower() == lowered), None)


async def read_command(reader: asyncio.StreamReader) -> Command | None:
    """The next command; None at the end of the stream.

    Raises CommandTooLargeError beyond 64 KiB of head, 512 headers or 4 MiB of body, and TimeoutError when a
    body does not follow within ten seconds.
    """
    while True:
        try:
            head = await reader.readuntil(b"\n\n")
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError:
            raise CommandTooLargeError(f"Event Socket command of more than {MAX_HEAD_BYTES} bytes") from None
        lines = [line.rstrip(b"\r") for line in head.split(b"\n")]
        lines = [line for line in lines if line.strip()]
        if lines:
            break
    if len(lines) > MAX_HEADERS:
        raise CommandTooLargeError(f"Event Socket command of more than {MAX_HEADERS} lines")
    texts = [line.decode("utf-8", "replace") for line in lines]
    headers = []
    for text in texts[1:]:
        name, colon, value = text.partition(":")
        if colon:
            headers.append((name.strip(), value.lstrip(" ")))
    command = Command(texts[0], tuple(headers))
    length = command.get("content-length")
    if length is None:
        return command
    size = int(length) if length.strip().isascii() and length.strip().isdigit() else 0
    if size > MAX_BODY_BYTES:
        raise CommandTooLargeError(f"Event Socket body of {size} bytes, limit {MAX_BODY_BYTES}")
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        return None
    return Command(command.line, command.headers, body.decode("utf-8", "replace"))
