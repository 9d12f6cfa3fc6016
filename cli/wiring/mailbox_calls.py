"""Listening to mailboxes by phone, put together: PostgreSQL, the files that are played, Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from cli.wiring.adapters import store_errors
from controller.errors import MessageGone, StoreAway
from dialplan.mailbox import Mailbox
from freeswitch.heard_files import HeardFiles
from store.errors import RecordRefused
from store.mailbox_messages import MailboxMessages
from store.pin_tries import PinCounter

_log = structlog.get_logger(__name__)

#: Messages that one call can come to.
MAX_LISTED: Final = 500


@dataclass(frozen=True, slots=True)
class _Kept:
    id: str
    duration_ms: int
    is_new: bool


class MailboxArchive:
    """controller.listening.Archive. What a file cannot be made for counts as away."""

    def __init__(self, messages: MailboxMessages, files: HeardFiles, clock: Callable[[], datetime]) -> None:
        self._messages = messages
        self._files = files
        self._clock = clock

    def listed(self, mailbox: Mailbox) -> Sequence[_Kept]:
        with store_errors():
            found = self._messages.messages(mailbox.customer_id, mailbox.id, MAX_LISTED, self._clock())
        return [_Kept(each.id, each.duration_ms, each.heard_at is None) for each in found]

    @contextmanager
    def opened(self, message_id: str, actor: str) -> Iterator[str]:
        with _message_errors(message_id):
            sound = self._messages.hear(message_id, self._clock(), actor)
        try:
            with self._files.opened(sound) as path:
                yield path
        except OSError as error:
            raise StoreAway(f"no file to play a message from: {error}") from error

    def erase(self, message_id: str, actor: str) -> None:
        with _message_errors(message_id):
            self._messages.dismiss(message_id, self._clock(), actor, "by phone")


class MailboxPins:
    """controller.listening.PinTries on Redis."""

    def __init__(self, counter: PinCounter) -> None:
        self._counter = counter

    def begin(self, mailbox: Mailbox, most: int) -> int:
        with store_errors():
            return self._counter.begin(mailbox.customer_id, mailbox.id, most)

    def right(self, mailbox: Mailbox) -> None:
        with store_errors():
            self._counter.forget(mailbox.customer_id, mailbox.id)


@contextmanager
def _message_errors(message_id: str) -> Iterator[None]:
    try:
        with store_errors():
            yield
    except StoreAway as error:
        if isinstance(error.__cause__, RecordRefused):
            _log.warning("a message cannot be had", message=message_id, error=str(error))
            raise MessageGone(str(error)) from error
        raise
