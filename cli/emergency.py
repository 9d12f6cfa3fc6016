"""`fernamt emergency`: what an emergency call would send, what was sent, and the directory of areas."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.bootstrap import engine, now
from cli.carriers.emergency_csv import AREAS_FILE, changes, checked_with, read_areas, write_areas
from cli.carriers.emergency_reminders import reminders
from cli.changes import actor_option
from cli.explaining.answer import snapshot_in_force, snapshot_of_files, trunk_health
from cli.explaining.explanation import explain, lines, plain
from cli.explaining.question import NoSuchCall, Question, offered_call
from cli.layout import effective
from cli.settings import NodeEntry, Settings
from cli.terminal import console
from cli.times import Moment, shown, written
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Decision, Route
from dialplan.reasons import sentence
from dialplan.snapshot import Snapshot
from numbering.dial import Dialled, Line, normalise
from numbering.e164 import E164
from provisioning.load import load
from store.audit import write
from store.emergency_attempts import EmergencyAttempts, EmergencyReport
from store.known_customers import require_customer

_NO_AREA = "config.emergency-no-area"


@click.group()
def emergency() -> None:
    """Calls to 110 and 112: what is sent, attempts, the directory of areas, whom to remind."""


emergency.add_command(reminders)


@emergency.command()
@click.argument("number")
@click.option("--dialled", default="112", show_default=True, metavar="TEXT", help="What is dialled.")
@click.option("--at", type=Moment(), help="At this moment, German time. Default: now.")
@click.option(
    "--config",
    "config",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Answer by these files alone. Default: the version in force.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def test(
    settings: Callable[[], Settings],
    number: str,
    dialled: str,
    at: datetime | None,
    config: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Show exactly what an emergency call from the line with NUMBER would send. No call is placed.

    Trunks in their order, Request-URI, headers, body: by the code that real calls take.

    \b
    Examples:
      fernamt emergency test "0221 4710-100"
      fernamt emergency test "030 23125-001" --dialled 110 --config carrier/ --json
    """
    moment = at or now()
    notes: list[str] = []
    if config:
        snapshot, domain = snapshot_of_files(config, moment), str(NodeEntry.model_fields["domain"].default)
        circumstances = Circumstances(moment)
    else:
        known = effective(settings())
        snapshot, domain = snapshot_in_force(known, moment), known.node.domain
        circumstances = Circumstances(moment, trunks_down=trunk_health(known, notes)[0])
    offered = offered_call(_question(number, dialled, snapshot), snapshot, circumstances)
    decision = decide(offered, snapshot, circumstances)
    found = explain(decision, offered, domain=domain)
    place = _place(decision)
    if as_json:
        click.echo(json.dumps({**plain(found), **place, "notes": notes}, ensure_ascii=False, indent=1))
        return
    for name, value in place.items():
        click.echo(f"{name:<12} {value or '-'}")
    for line in lines(found, notes):
        click.echo(line)


def _question(number: str, dialled: str, snapshot: Snapshot) -> Question:
    """Who calls from this number. Raises NoSuchCall."""
    read = normalise(number, Line(snapshot.default_area_code))
    found = read.number if isinstance(read, Dialled) and isinstance(read.number, E164) else None
    phone = next((each for each in snapshot.phones.values() if each.number == found), None)
    if phone is not None:
        return Question(dialled, found, phone.customer_id, phone.id)
    assigned = snapshot.numbers.get(found) if found else None
    if assigned is None:
        raise NoSuchCall(f"{number!r} is no number of a customer in service: see `fernamt number show`")
    return Question(dialled, found, assigned.customer_id)


def _place(decision: Decision) -> dict[str, str | None]:
    """Address and area that the decision went by."""
    legs = decision.outcome.legs if isinstance(decision.outcome, Route) else ()
    call = legs[0].emergency if legs else None
    if call is None:
        return {"address": None, "area": None, "code": None, "centre": None}
    area = call.route.area
    return {
        "address": str(call.address) if call.address else None,
        "area": area.key if area else None,
        "code": call.route.code,
        "centre": (area.centre or None) if area else None,
    }


@emergency.command()
@click.option("--from", "begin", type=Moment(), help="From this day or time on. Default: the last 30 days.")
@click.option("--to", "end", type=Moment(), help="Before this day or time. Default: now.")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--json", "as_json", is_flag=True, help="For programs, with everything that was sent.")
@actor_option
@click.pass_obj
def report(
    settings: Callable[[], Settings],
    begin: datetime | None,
    end: datetime | None,
    customer: str | None,
    as_json: bool,
    actor: str,
) -> None:
    """Attempts to call 110 and 112, also refused ones and those that no controller decided.

    That somebody looked stands in the audit.

    \b
    Examples:
      fernamt emergency report
      fernamt emergency report --from 2026-11-01 --to 2026-12-01 --customer kunde-bau --json
    """
    until = end or now()
    database = engine(effective(settings()), "fernamt emergency")
    if customer is not None:
        require_customer(database, customer)
    since = begin or until - timedelta(days=30)
    about = ("customer", customer) if customer is not None else ("emergency", "all")
    write(database, actor, "emergency.report", *about, {"from": written(since), "to": written(until)})
    found = EmergencyAttempts(database).report(since, until, customer)
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("No attempt in that time.")
        return
    table = Table("at", "customer", "number", "dialled", "outcome", "code", "answered", "reason")
    for each in found:
        table.add_row(
            shown(each.at),
            each.customer_id or "-",
            each.number or "-",
            each.dialled,
            each.outcome,
            (each.attempt.area_code if each.attempt else None) or "-",
            f"{each.trunk_id} after {each.answered_ms} ms" if each.answered_ms is not None else "-",
            sentence(each.reason_id) if each.attempt is None else each.reason_id,
        )
    console().print(table)


def _plain(each: EmergencyReport) -> dict[str, Any]:
    kept = asdict(each.attempt) if each.attempt else {}
    return {
        **asdict(each),
        "at": written(each.at),
        "attempt": {**kept, "at": written(each.at)} if kept else None,
    }


@emergency.group()
def areas() -> None:
    """The directory of emergency areas: which code (Notrufcodierung) takes 110 and 112 from where."""


@areas.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--config",
    "directory",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The configuration's directory.",
)
@click.option("--dry-run", is_flag=True, help="Check and show; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def import_(file: Path, directory: Path, dry_run: bool, as_json: bool) -> None:
    """Read the directory from a CSV file and put it into the configuration as emergency-areas.yaml.

    The first line names the columns: ags, dialled, code, valid_from and, if wanted, centre; separated by
    comma or semicolon. All lines are checked first, and each wrong one is told. The areas are in force once
    `fernamt config apply` has applied them.

    \b
    Example: fernamt emergency areas import examples/emergency/areas.csv --config carrier/ --dry-run
    """
    found = read_areas(file)
    checked = checked_with(directory, found)
    emergency_ = load([directory]).config.carrier.emergency
    change = changes(emergency_.areas if emergency_ else (), found)
    lacking = [str(each) for each in checked.warnings if each.id == _NO_AREA]
    if not dry_run:
        write_areas(directory, found)
    if as_json:
        content = {
            "areas": len(found),
            "added": [str(each) for each in change.added],
            "removed": [str(each) for each in change.removed],
            "changed": [[str(old), str(new)] for old, new in change.changed],
            "without_area": lacking,
            "written": not dry_run,
        }
        click.echo(json.dumps(content, ensure_ascii=False, indent=1))
        return
    click.echo(
        f"{len(found)} areas: {len(change.added)} added, {len(change.removed)} removed, "
        f"{len(change.changed)} changed"
    )
    for warning in lacking:
        click.echo(warning)
    if dry_run:
        click.echo("Nothing was written.")
    else:
        click.echo(f"{directory / AREAS_FILE} is written; `fernamt config apply` puts it in force.")
