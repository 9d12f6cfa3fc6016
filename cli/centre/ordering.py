"""Orders to contact centres with their entry in the audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from acd.orders import Order, Supervise
from cli.bootstrap import acd_desk, audited
from cli.errors import ContactCentreRefused
from cli.settings import Settings
from cli.wiring.queue_desk import order

#: Writes an entry: action, details.
Note = Callable[[str, Mapping[str, str]], None]


def with_entry(note: Note, action: str, details: Mapping[str, str], carry_out: Callable[[], None]) -> None:
    """The entry comes first: what cannot be written down is not done. What is refused gets a second one that
    says why."""
    note(action, details)
    try:
        carry_out()
    except ContactCentreRefused as error:
        note(f"{action}.refused", {**details, "why": str(error)})
        raise


def ordered(
    settings: Settings,
    customer_id: str,
    wanted: Order | Supervise,
    actor: str,
    action: str,
    about: tuple[str, str],
    details: Mapping[str, str],
) -> None:
    """Tell the owner and wait for its word. `about`: kind and id of what the entry is about. Raises
    ContactCentreRefused, StoreError."""

    def note(what: str, said: Mapping[str, str]) -> None:
        audited(settings, actor, what, *about, {"customer": customer_id, **said})

    with_entry(note, action, details, lambda: order(acd_desk(settings), customer_id, wanted))
