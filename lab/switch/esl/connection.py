"""One Event Socket connection: what it listens to, and its bounded way out."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from lab.switch.events import EVENT_NAMES, Event

if TYPE_CHECKING:
    from lab.switch.core import Switch

log = logging.getLogger(__name__)

MAX_UNSENT_BYTES: Final = 64 * 1024 * 1024
MAX_LOST: Final = 500
"""Events that a slow reader may lose before it is cut off (mod_event_socket's MAX_MISSED)."""
MAX_FILTERS: Final = 256
MAX_SUBCLASSES: Final = 1024

GOODBYE: Final = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"

MY_EVENTS: Final = frozenset(
    [
        "CHANNEL_ANSWER",
        "CHANNEL_APPLICATION",
        "CHANNEL_BRIDGE",
        "CHANNEL_CREATE",
        "CHANNEL_DATA",
        "CHANNEL_DESTROY",
        "CHANNEL_EXECUTE",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_ORIGINATE",
        "CHANNEL_UUID",
        "CHANNEL_OUTGOING",
        "CHANNEL_PARK",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
        "CHANNEL_STATE",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_UNPARK",
        "DETECTED_SPEECH",
        "DTMF",
        "NOTALK",
        "TALK",
    ]
)


class EslConnection:
    """Subscriptions and writing; the reading loops are in inbound.py and outbound.py."""

    def __init__(self, switch: Switch, writer: asyncio.StreamWriter) -> None:
        self.switch = switch
        self.running = True
        self.only_uuid: str | None = None
        self.linger_s: float | None = None
        self._writer = writer
        self._format = "plain"
        self._names: set[str] = set()
        self._subclasses: set[str] = set()
        self._all_custom = False
        self._filters: list[tuple[str, str]] = []
        self._lost = 0
        self._listening = False

    # -- subscriptions --------------------------------------------------------------------------

    def subscribe(self, words: Iterable[str]) -> str | None:
        """`[plain|json] NAME… [CUSTOM SUBCLASS…]`; the reply, None when no keyword is known."""
        known, custom = 0, False
        for place, word in enumerate(words):
            upper = word.upper()
            if place == 0 and upper in ("PLAIN", "JSON", "XML"):
                if upper == "XML":
                    return "-ERR xml is not in the lab, use plain or json"
                self._format = word.lower()
            elif custom:
                if len(self._subclasses) < MAX_SUBCLASSES:
                    self._subclasses.add(word)
            elif upper == "ALL":
                known += 1
                self._names |= EVENT_NAMES
                self._all_custom = True
            elif upper in EVENT_NAMES:
                known += 1
                self._names.add(upper)
                custom = upper == "CUSTOM"
        if not known:
            return None
        self._listen()
        return f"+OK event listener enabled {self._format}"

    def unsubscribe(self, words: Iterable[str]) -> str:
        known, custom = 0, False
        for word in words:
            upper = word.upper()
            if custom:
                self._subclasses.discard(word)
            elif upper == "ALL":
                known += 1
                self._names.clear()
                self._all_custom = False
            elif upper in EVENT_NAMES:
                known += 1
                custom = upper == "CUSTOM"
                if not custom:
                    self._names.discard(upper)
        return "+OK events nixed" if known else "-ERR no keywords supplied"

    def silence(self) -> str:
        if not self._listening:
            return "-ERR not listening for events"
        self._names.clear()
        self._subclasses.clear()
        self._all_custom = False
        self.stop_listening()
        return "+OK no longer listening for events"

    def my_events(self, uuid: str, words: str) -> str:
        self.only_uuid = uuid
        self._names |= MY_EVENTS
        if "json" in words.lower():
            self._format = "json"
        self._listen()
        return "+OK Events Enabled"

    def filter(self, text: str) -> str:
        """`HEADER VALUE`, `add HEADER VALUE`, `delete HEADER [VALUE]`, `delete all`."""
        words = text.split(None, 2)
        if len(words) >= 2 and words[0].lower() == "delete":
            name, value = words[1], words[2] if len(words) > 2 else None
            if name.lower() == "all":
                self._filters.clear()
            else:
                self._filters = [
                    (header, wanted)
                    for header, wanted in self._filters
                    if header.lower() != name.lower() or (value is not None and wanted != value)
                ]
            return f"+OK filter deleted. [{name}][{value or ''}]"
        if words and words[0].lower() == "add":
            words = words[1:]
        if len(words) < 2:
            return "-ERR invalid syntax"
        if len(self._filters) >= MAX_FILTERS:
            return "-ERR too many filters"
        name, value = words[0], " ".join(words[1:])
        self._filters.append((name, value))
        return f"+OK filter added. [{name}]=[{value}]"

    def _listen(self) -> None:
        if not self._listening:
            self._listening = True
            self.switch.bus.add(self)

    def stop_listening(self) -> None:
        self._listening = False
        self.switch.bus.remove(self)

    def wants(self, name: str, subclass: str | None) -> bool:
        if name not in self._names:
            return False
        return name != "CUSTOM" or self._all_custom or (subclass or "") in self._subclasses

    def deliver(self, event: Event) -> None:
        if self.only_uuid is not None and event.get("Unique-ID") != self.only_uuid:
            return
        if self._filters and not any(_matches(event, name, value) for name, value in self._filters):
            return
        content = event.json() if self._format == "json" else event.plain()
        head = f"Content-Length: {len(content)}\nContent-Type: text/event-{self._format}\n\n"
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._lost += 1
            if self._lost > MAX_LOST:
                log.error("Event Socket listener reads too slowly: cut off")
                self.abort()
            return
        self.write(head.encode() + content)

    # -- writing --------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    def reply(self, text: str) -> None:
        """A command/reply with one Reply-Text."""
        self.write(f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode("utf-8", "replace"))

    def say_goodbye(self, uuid: str | None = None, *, lingering: tuple[str, float] | None = None) -> None:
        """The disconnect notice; with `lingering` (channel name, seconds) the one that announces the wait."""
        text = GOODBYE
        head = "Content-Type: text/disconnect-notice\n"
        if uuid is not None:
            head += f"Controlled-Session-UUID: {uuid}\n"
            if lingering is not None:
                name, seconds = lingering
                text = f"{text}Socket will linger {int(seconds)} seconds.\n"
                head += f"Content-Disposition: linger\nChannel-Name: {name}\nLinger-Time: {int(seconds)}\n"
            else:
                head += "Content-Disposition: disconnect\n"
        content = text.encode()
        self.write(f"{head}Content-Length: {len(content)}\n\n".encode("utf-8", "replace") + content)

    def abort(self) -> None:
        self.running = False
        self.stop_listening()
        self._writer.transport.abort()

    async def close(self) -> None:
        """Send what is left, at most a second, and close."""
        self.running = False
        self.stop_listening()
        try:
            async with asyncio.timeout(1.0):
                await self._writer.drain()
                self._writer.close()
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()


def _matches(event: Event, name: str, value: str) -> bool:
    found = event.get(name)
    if found is None:
        return False
    if len(value) > 2 and value.startswith("/") and value.endswith("/"):
        try:
            return re.search(value[1:-1], found) is not None
        except re.error:
            return False
    return found.lower() == value.lower()
