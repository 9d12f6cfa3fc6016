"""Mailboxes and the messages that callers leave in them (C3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Guide:
    """What somebody hears who listens to a mailbox by phone; each is what the switch plays."""

    pin: str
    wrong: str
    locked: str
    new: str
    old: str
    choices: str
    deleted: str
    nothing: str
    end: str
    away: str


@dataclass(frozen=True, slots=True)
class Access:
    """Listening to a mailbox by phone: the PIN that opens it, in digits, and what guides the caller."""

    pin: str = field(repr=False)
    guide: Guide
    newest_first: bool = True


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A customer's mailbox. `greeting` is what the switch plays before the tone, None for the tone alone.

    A message ends after `max_message_s`, after `silence_s` of silence, by "#", or when the caller hangs up.
    `access` is None where nobody may listen by phone.
    """

    id: str
    customer_id: str
    greeting: str | None = None
    max_message_s: int = 120
    silence_s: int = 5
    retention_days: int = 30
    notify: tuple[str, ...] = ()
    access: Access | None = None


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What is known of a message beside what was said. `id` is the call's: a call leaves one message.

    `caller` is the number shown, None when it was withheld; `at` is UTC, `notify` are e-mail addresses.
    """

    id: str
    customer_id: str
    mailbox_id: str
    caller: str | None
    called: str
    at: datetime
    retention_days: int
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that `addresses` are to be told of; `attempts` to send it failed so far."""

    id: str
    customer_id: str
    mailbox_id: str
    caller: str | None
    called: str
    at: datetime
    duration_ms: int
    addresses: tuple[str, ...]
    attempts: int = 0
