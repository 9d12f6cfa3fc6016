"""Listening to mailboxes by phone: the PIN and what guides the caller, spoken in German (C3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from dialplan.mailbox import Access, Guide
from provisioning.errors import ProvisioningError
from provisioning.notation.secret import SecretRef
from provisioning.schema import CustomerEntry, MailboxEntry, PromptEntry
from provisioning.secrets import SecretSource
from provisioning.sounds import SoundBook

_PIN: Final = re.compile(r"[0-9]{4,8}", re.ASCII)
#: Announcement of `Guide` -> text.
GUIDANCE: Final[Mapping[str, str]] = {
    "pin": "Bitte geben Sie Ihre PIN ein und drücken Sie dann die Rautetaste.",
    "wrong": "Diese PIN ist falsch.",
    "locked": "Diese Mailbox ist gesperrt. Bitte versuchen Sie es später noch einmal.",
    "new": "Neue Nachricht.",
    "old": "Gehörte Nachricht.",
    "choices": "Noch einmal hören: die 1. Nächste Nachricht: die 2. Löschen: die 3. Beenden: Stern.",
    "deleted": "Die Nachricht ist gelöscht.",
    "nothing": "Sie haben keine Nachrichten.",
    "end": "Sie haben keine weiteren Nachrichten.",
    "away": "Das ist zur Zeit nicht möglich. Bitte versuchen Sie es später noch einmal.",
}


class PinUnusable(ProvisioningError):
    """A secret is no PIN. The message never says what was found."""

    id = "config.mailbox-pin"


def read_pin(secrets: SecretSource, ref: SecretRef) -> str:
    """The PIN, 4 to 8 digits. Raises PinUnusable and what `secrets` raises."""
    pin = secrets.read(ref)
    if not _PIN.fullmatch(pin):
        raise PinUnusable("the secret is no PIN: use 4 to 8 digits")
    return pin


def guidance(customer: CustomerEntry) -> Iterator[PromptEntry]:
    """The announcements that the customer's mailboxes need; none where nobody listens by phone."""
    if any(each.pin is not None for each in customer.mailboxes):
        for name in GUIDANCE:
            yield _prompt(name)


def access(entry: MailboxEntry, pin: str | None, sounds: SoundBook) -> Access | None:
    """How to listen to the mailbox; None without a PIN."""
    if entry.pin is None or pin is None:
        return None
    spoken = {each.name: sounds.sound(_prompt(each.name)) for each in fields(Guide)}
    return Access(pin, Guide(**spoken), newest_first=entry.order == "newest")


def _prompt(name: str) -> PromptEntry:
    return PromptEntry.model_validate({"id": f"mailbox-{name}", "text": GUIDANCE[name]})
