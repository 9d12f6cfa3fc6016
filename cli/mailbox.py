"""`fernamt mailbox`: messages that callers left: list, show, play, erase (C3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.bootstrap import engine, mailbox_messages
from cli.changes import changing
from cli.layout import effective
from cli.sealed_sound import OUTPUT, write_sound
from cli.settings import Settings
from cli.terminal import console, visible
from cli.times import shown, written
from store.known_customers import require_customer
from store.mailbox_messages import MailboxMessages, StoredMessage


@click.group()
def mailbox() -> None:
    """Messages in mailboxes. Mailboxes are described in files: `fernamt config apply`."""


def _messages(settings: Callable[[], Settings]) -> MailboxMessages:
    return mailbox_messages(effective(settings()), "fernamt mailbox")


@mailbox.command(name="list")
@click.argument("customer", required=False)
@click.option("--mailbox", "mailbox_id", metavar="ID", help="Only this mailbox.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(
    settings: Callable[[], Settings], customer: str | None, mailbox_id: str | None, limit: int, as_json: bool
) -> None:
    """Messages, the newest first: of all customers, of one CUSTOMER, of one mailbox."""
    if customer is not None:
        require_customer(engine(effective(settings()), "fernamt mailbox"), customer)
    found = _messages(settings).messages(customer, mailbox_id, limit)
    if as_json:
        click.echo(json.dumps([_row(each) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("There is no message.")
        return
    table = Table("message", "customer", "mailbox", "at", "from", "length", "heard")
    for each in found:
        table.add_row(
            each.id,
            each.customer_id,
            each.mailbox_id,
            shown(each.received_at),
            each.caller or "withheld",
            f"{each.duration_ms / 1000:.0f} s",
            shown(each.heard_at),
        )
    console().print(table)


@mailbox.command()
@click.argument("message")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(settings: Callable[[], Settings], message: str, as_json: bool) -> None:
    """One message: from whom, when, until when it is kept, what became of its e-mail."""
    found = _messages(settings).message(message)
    if as_json:
        click.echo(json.dumps(_row(found), ensure_ascii=False, indent=1))
        return
    for name, value in (
        ("message", found.id),
        ("customer", found.customer_id),
        ("mailbox", found.mailbox_id),
        ("from", found.caller or "withheld"),
        ("to", found.called),
        ("at", shown(found.received_at)),
        ("length", f"{found.duration_ms / 1000:.0f} s"),
        ("heard", shown(found.heard_at)),
        ("e-mail", _mailed(found)),
        ("deleted", shown(found.expires_at)),
    ):
        click.echo(f"{name:<9} {visible(str(value))}")


def _mailed(message: StoredMessage) -> str:
    if message.notified_at is not None:
        return f"sent {shown(message.notified_at)}"
    if message.notify_error is not None:
        return f"not sent in {message.notify_attempts} attempts: {message.notify_error}"
    return "-"


@mailbox.command()
@click.argument("message")
@OUTPUT
@changing(with_reason=False)
def play(settings: Callable[[], Settings], message: str, output: Path, at: datetime, actor: str) -> None:
    """Decrypt a message into a file. That it was heard, and by whom, stands in the audit.

    \b
    Example: fernamt mailbox play 0b7c… --output nachricht.wav
    """
    write_sound(output, [_messages(settings).hear(message, at, actor)])


@mailbox.command()
@click.argument("message")
@changing(reason_required=True, with_time=False)
def erase(settings: Callable[[], Settings], message: str, actor: str, reason: str) -> None:
    """Delete a message before its time.

    \b
    Example: fernamt mailbox erase 0b7c… --reason "wish of the customer"
    """
    _messages(settings).erase(message, actor, reason)
    click.echo(f"Message {message} is deleted.")


def _row(message: StoredMessage) -> dict[str, Any]:
    return {
        "message": message.id,
        "customer": message.customer_id,
        "mailbox": message.mailbox_id,
        "caller": message.caller,
        "called": message.called,
        "received_at": written(message.received_at),
        "duration_ms": message.duration_ms,
        "heard_at": written(message.heard_at),
        "notified_at": written(message.notified_at),
        "notify_attempts": message.notify_attempts,
        "notify_error": message.notify_error,
        "expires_at": written(message.expires_at),
    }
