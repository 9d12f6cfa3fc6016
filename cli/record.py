"""`fernamt record`: recorded conversations of the contact centre (C4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.bootstrap import acd_desk, audited, node_connection, now, recording_archive, recording_spool
from cli.centre.ordering import with_entry
from cli.changes import changing
from cli.layout import effective
from cli.sealed_sound import OUTPUT, write_sound
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from cli.wiring.recording_orders import RecordingOrders
from cli.wiring.recording_switch import RecorderSwitch
from controller.recorder import Recorder
from dialplan.recording import RecordingEvent
from freeswitch.recorder_calls import RecorderCalls
from store.recordings import MAX_RECORDINGS, RecordingArchive, StoredRecording


@click.group()
def record() -> None:
    """Recorded conversations. Who is recorded stands in files: `fernamt config apply`."""


def _archive(settings: Callable[[], Settings]) -> RecordingArchive:
    return recording_archive(effective(settings()), "fernamt record")


@record.command(name="list")
@click.argument("customer", required=False)
@click.option("--call", metavar="ID", help="Only of this call.")
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_RECORDINGS),
    default=100,
    show_default=True,
    help="At most so many.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(
    settings: Callable[[], Settings], customer: str | None, call: str | None, limit: int, as_json: bool
) -> None:
    """Recordings, the newest first: of all customers, or of one CUSTOMER. Erased ones say when and why.

    \b
    Example: fernamt record list kunde-praxis --json
    """
    found = _archive(settings).recordings(customer, call, limit)
    if as_json:
        click.echo(json.dumps([_row(each) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("There is no recording.")
        return
    table = Table("recording", "customer", "queue", "agent", "at", "length", "agreed", "kept until")
    for each in found:
        table.add_row(
            each.id,
            each.customer_id,
            each.queue_id,
            each.agent_id,
            shown(each.started_at),
            f"{each.duration_ms / 1000:.0f} s",
            f"{_agreed(each)}, {shown(each.consented_at)}",
            _kept_until(each),
        )
    console().print(table)


def _agreed(recording: StoredRecording) -> str:
    if recording.consent_key is None:
        return f"{recording.consent_kind}, to {recording.agent_id}"
    return f"{recording.consent_kind} {recording.consent_key}"


def _kept_until(recording: StoredRecording) -> str:
    if recording.erased_at is None:
        return shown(recording.expires_at)
    return f"erased {shown(recording.erased_at)} by {recording.erased_by}: {recording.erased_why}"


@record.command()
@click.argument("recording")
@OUTPUT
@changing(reason_required=True)
def play(
    settings: Callable[[], Settings], recording: str, output: Path, at: datetime, actor: str, reason: str
) -> None:
    """Decrypt a recording into a file. Who did so and why stands in the audit.

    \b
    Example: fernamt record play 0b7c… --output gespraech.wav --reason "complaint of 22 November"
    """
    write_sound(output, _archive(settings).hear(recording, actor, reason))


@record.command()
@click.argument("recording")
@changing(reason_required=True, with_time=False)
def erase(settings: Callable[[], Settings], recording: str, actor: str, reason: str) -> None:
    """Delete what was said before its time; that it was deleted, by whom and why stays.

    \b
    Example: fernamt record erase 0b7c… --reason "the caller withdrew the consent"
    """
    _archive(settings).erase(recording, now(), actor, reason)
    click.echo(f"Recording {recording} is erased.")


@record.command()
@click.argument("call")
@changing()
def pause(settings: Callable[[], Settings], call: str, at: datetime, actor: str, reason: str) -> None:
    """Record silence for a while, as when the caller says the number of a card.

    \b
    Example: fernamt record pause 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11 --reason "card number"
    """
    _order(settings, call, RecordingEvent.PAUSED, actor, reason)


@record.command()
@click.argument("call")
@changing()
def resume(settings: Callable[[], Settings], call: str, at: datetime, actor: str, reason: str) -> None:
    """Go on recording after a pause."""
    _order(settings, call, RecordingEvent.RESUMED, actor, reason)


@record.command()
@click.argument("call")
@click.option("--spoken", is_flag=True, required=True, help="The caller said yes to the agent who asked.")
@changing()
def consent(
    settings: Callable[[], Settings], call: str, spoken: bool, at: datetime, actor: str, reason: str
) -> None:
    """Begin to record a call whose caller said yes to the agent, as `*88` from the agent's phone does.

    The customer has to want it (`recording: { spoken_consent: true }`), and the caller must not have answered
    in a menu. The agent repeats the question, so that the recording begins with the answer.

    \b
    Example: fernamt record consent 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11 --spoken --reason "asked by anna"
    """
    here = effective(settings())
    _noted(here, call, "record.consent", actor, reason, lambda orders: orders.agreed(call))
    click.echo(f"Call {call} is recorded now. Let the agent repeat the question, and the caller the answer.")


@record.command()
@click.argument("call")
@changing()
def stop(settings: Callable[[], Settings], call: str, at: datetime, actor: str, reason: str) -> None:
    """End the recording of a call that goes on; it cannot be begun again without the caller's consent."""
    _order(settings, call, RecordingEvent.STOPPED, actor, reason)


def _order(
    settings: Callable[[], Settings], call_id: str, event: RecordingEvent, actor: str, reason: str
) -> None:
    here = effective(settings())
    action = f"record.{event.value}"
    _noted(here, call_id, action, actor, reason, lambda orders: orders.order(call_id, event))
    click.echo(f"The recording of {call_id} is {event.value}.")


def _noted(
    here: Settings, call_id: str, action: str, actor: str, reason: str, do: Callable[[RecordingOrders], None]
) -> None:
    with_entry(
        lambda what, details: audited(here, actor, what, "call", call_id, details),
        action,
        {"reason": reason},
        lambda: _carry_out(here, do),
    )


def _carry_out(here: Settings, do: Callable[[RecordingOrders], None]) -> None:
    others = [each.name for each in here.other_nodes]
    with node_connection(here) as connection:
        recorder = Recorder(RecorderSwitch(lambda: RecorderCalls(connection)), recording_spool(here), now)
        do(RecordingOrders(recorder, lambda: acd_desk(here), others))


def _row(recording: StoredRecording) -> dict[str, Any]:
    return {
        "recording": recording.id,
        "call": recording.call_id,
        "customer": recording.customer_id,
        "queue": recording.queue_id,
        "agent": recording.agent_id,
        "consent": recording.consent_kind,
        "consent_key": recording.consent_key,
        "consented_at": written(recording.consented_at),
        "started_at": written(recording.started_at),
        "duration_ms": recording.duration_ms,
        "expires_at": written(recording.expires_at),
        "erased_at": written(recording.erased_at),
        "erased_by": recording.erased_by,
        "erased_why": recording.erased_why,
    }
