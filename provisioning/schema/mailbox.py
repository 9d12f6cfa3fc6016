"""Mailboxes (voice mail) of a customer (C3)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provisioning.notation.entry import Entry, Few
from provisioning.notation.secret import SecretRef
from provisioning.notation.values import Id
from provisioning.schema.contact import EMail


class MailboxEntry(Entry):
    """Where callers leave messages; a plan's node leads to it."""

    id: Id = Field(description="Name of the mailbox, unique among the customer's.")
    greeting: Id | None = Field(
        None, description="Announcement before the tone. Default: the tone alone (C3)."
    )
    pin: SecretRef | None = Field(
        None,
        description="Where the PIN is, 4 to 8 digits, with which messages are listened to by phone. Default: "
        "nobody listens by phone (C3).",
    )
    order: Literal["newest", "oldest"] = Field(
        "newest", description="Which messages are heard first by phone (C3)."
    )
    notify: Few[EMail] = Field((), description="Who is told of a new message by e-mail (C3).")
    max_message_s: int = Field(120, ge=5, le=600, description="Longest message in seconds (C3).")
    silence_s: int = Field(5, ge=1, le=30, description="Seconds of silence that end a message (C3).")
    retention_days: int = Field(
        30, ge=1, le=365, description="Days after which a message is deleted (C3, F4)."
    )
