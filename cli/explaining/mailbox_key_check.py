"""The check of `fernamt doctor` on the key of messages and recordings."""

from __future__ import annotations

from typing import Final

from cli.bootstrap import read_secret
from cli.explaining.findings import Finding, State, outside_the_lab
from cli.settings import Settings
from store.sealed import read_key

_NAME: Final = "mailbox key"


def mailbox_key(settings: Settings) -> Finding:
    """Whether what one machine encrypts can be heard at the others (C3, C4). Raises RecordRefused when it is
    no key, OSError and ProvisioningError's children when it cannot be read."""
    if settings.mailbox_key is not None:
        read_key(read_secret(settings, settings.mailbox_key))
        return Finding(_NAME, State.OK, "the settings name it")
    if settings.other_nodes:
        seen = "each site makes one of its own: messages and recordings of the others cannot be heard here"
        step = "Give every site the same mailbox_key in its settings: docs/operation.md, Two sites"
        return outside_the_lab(settings, Finding(_NAME, State.FAULT, seen, step))
    path = settings.state_dir / "mailbox.key"
    if not path.exists():
        return Finding(_NAME, State.OK, "none is made before the first message")
    read_key(path.read_text())
    return Finding(_NAME, State.OK, f"{path}: keep a copy of it beside the backups")
