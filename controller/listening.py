"""Listening to a mailbox by phone: the PIN, then one message after the other (C3).

Attempts are counted before PINs are compared, and over all controllers, so that guessing in many calls at
once gains nothing. Where attempts cannot be counted nobody gets in. What is pressed is never logged.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

import structlog

from controller.errors import MessageGone, StoreAway
from dialplan.mailbox import Access, Mailbox

_log = structlog.get_logger(__name__)

#: PINs that one call may try.
TRIES_PER_CALL: Final = 3
#: PINs that may be tried on a mailbox in an hour; the last wrong one locks it for an hour.
TRIES_PER_HOUR: Final = 10
#: Digits taken; a PIN has 4 to 8.
MAX_PIN: Final = 8
PIN_TIMEOUT_S: Final = 8
KEY_TIMEOUT_S: Final = 5
#: Keys that one call may press, so that it ends.
MAX_KEYS: Final = 300
#: Longest guiding announcement, and what a message's playing may take longer than the message.
GUIDE_S: Final = 30.0
_AGAIN: Final = "1"
_NEXT: Final = "2"


class Handset(Protocol):
    """The call of somebody who listens. Every method may raise the switch's errors."""

    def play(self, sound: str) -> None:
        """To the end."""
        ...

    def hide_keys(self) -> None:
        """From now on no record of the switch's says which keys were pressed."""
        ...

    def take_pin(self, sounds: Sequence[str], most: int, timeout_s: int) -> str:
        """Play, take at most `most` digits up to "#"; "" when none came. The switch forgets them."""
        ...

    def key(self, sounds: Sequence[str], longest_s: float, timeout_s: int) -> str:
        """Play for at most `longest_s`; the key that was pressed meanwhile or within `timeout_s`, or ""."""
        ...


class KeptMessage(Protocol):
    """A message that can be heard."""

    @property
    def id(self) -> str: ...
    @property
    def duration_ms(self) -> int: ...
    @property
    def is_new(self) -> bool: ...


class Archive(Protocol):
    """Messages of mailboxes. All methods raise StoreAway; those of one message raise MessageGone."""

    def listed(self, mailbox: Mailbox) -> Sequence[KeptMessage]:
        """The newest first."""
        ...

    def opened(self, message_id: str, actor: str) -> AbstractContextManager[str]:
        """What the switch plays for the message; gone when the context is left."""
        ...

    def erase(self, message_id: str, actor: str) -> None:
        """Delete it, or what is as good to who listens: it is never listed again."""
        ...


class PinTries(Protocol):
    """Attempts on mailboxes, over all controllers. Both raise StoreAway."""

    def begin(self, mailbox: Mailbox, most: int) -> int:
        """Count an attempt: how many there were in the hour. From `most` on the hour begins anew."""
        ...

    def right(self, mailbox: Mailbox) -> None:
        """The PIN was right: forget the attempts."""
        ...


class Listening:
    """Lets callers listen to mailboxes."""

    def __init__(self, archive: Archive, tries: PinTries) -> None:
        self._archive = archive
        self._tries = tries

    def listen(self, mailbox: Mailbox, call_id: str, call: Handset) -> None:
        """From the PIN to the last message. Raises the switch's errors when the caller hangs up."""
        access = mailbox.access
        if access is None:
            return  # the configuration lost its PIN while the call stood here
        call.hide_keys()
        try:
            if self._admitted(mailbox, access, call_id, call):
                self._play(mailbox, access, f"mailbox call {call_id}", call)
        except StoreAway as error:
            _log.warning("nobody can listen to mailboxes now", call=call_id, error=str(error))
            call.play(access.guide.away)

    def _admitted(self, mailbox: Mailbox, access: Access, call_id: str, call: Handset) -> bool:
        guide = access.guide
        facts = {"customer": mailbox.customer_id, "mailbox": mailbox.id, "call": call_id}
        before: tuple[str, ...] = ()
        for _ in range(TRIES_PER_CALL):
            pin = call.take_pin((*before, guide.pin), MAX_PIN, PIN_TIMEOUT_S)
            before = ()
            if not pin:
                continue
            count = self._tries.begin(mailbox, TRIES_PER_HOUR)
            if count > TRIES_PER_HOUR:
                _log.warning("a locked mailbox was called", **facts)
                call.play(guide.locked)
                return False
            if hmac.compare_digest(pin, access.pin):
                self._tries.right(mailbox)
                return True
            _log.warning("wrong PIN for a mailbox", attempt=count, **facts)
            if count == TRIES_PER_HOUR:
                _log.error("mailbox locked for an hour: too many wrong PINs", **facts)
            before = (guide.wrong,)
        if before:
            call.play(guide.wrong)
        return False

    def _play(self, mailbox: Mailbox, access: Access, actor: str, call: Handset) -> None:
        messages = self._archive.listed(mailbox)
        if not messages:
            call.play(access.guide.nothing)
            return
        left = MAX_KEYS
        for message in messages if access.newest_first else reversed(messages):
            used = self._one(message, access, actor, call, left)
            if used is None:
                return
            left -= used
        call.play(access.guide.end)

    def _one(self, message: KeptMessage, access: Access, actor: str, call: Handset, left: int) -> int | None:
        """One message until the caller wants the next; how often keys were asked for, None to end."""
        guide = access.guide
        announced = guide.new if message.is_new else guide.old
        key = _AGAIN
        for used in range(left):
            try:
                match key:
                    case "1":
                        with self._archive.opened(message.id, actor) as sound:
                            longest_s = message.duration_ms / 1000 + GUIDE_S
                            key = call.key((announced, sound), longest_s, 1)
                        key = key or call.key((guide.choices,), GUIDE_S, KEY_TIMEOUT_S) or _NEXT
                        continue
                    case "3":
                        self._archive.erase(message.id, actor)
                        call.play(guide.deleted)
                        return used
                    case "2":
                        return used
                    case "*":
                        return None
            except MessageGone:
                return used  # erased or too old since the list was made
            key = call.key((guide.choices,), GUIDE_S, KEY_TIMEOUT_S) or _NEXT
        return None
