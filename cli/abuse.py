"""`fernamt abuse`: what rules found in customers' calls, what follows, and its release (B10)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
from rich.table import Table

from cli.bootstrap import engine
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from store.abuse_cases import MAX_CASES, AbuseCase, AbuseCases
from store.known_customers import require_customer


@click.group()
def abuse() -> None:
    """Cases of suspected abuse: list, show, release. Emergency calls go on in all of them."""


def _cases(settings: Callable[[], Settings]) -> AbuseCases:
    return AbuseCases(engine(effective(settings()), "fernamt abuse"))


@abuse.command(name="list")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--all", "released", is_flag=True, help="Released cases too.")
@click.option("--limit", type=click.IntRange(1, MAX_CASES), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(
    settings: Callable[[], Settings], customer: str | None, released: bool, limit: int, as_json: bool
) -> None:
    """Open cases, the newest first.

    \b
    Example: fernamt abuse list --customer kunde-bau --all
    """
    if customer is not None:
        require_customer(engine(effective(settings()), "fernamt abuse"), customer)
    found = _cases(settings).cases(customer_id=customer, released=released, limit=limit)
    if as_json:
        click.echo(json.dumps([_row(each) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("No case." if released else "No open case; released ones: fernamt abuse list --all")
        return
    table = Table("case", "customer", "rule", "since", "last seen", "times", "what follows", "seen")
    for each in found:
        table.add_row(
            str(each.id),
            each.customer_id,
            each.rule,
            shown(each.opened_at),
            shown(each.last_seen_at),
            str(each.sightings),
            _follows(each),
            each.sentence,
        )
    console().print(table)


@abuse.command()
@click.argument("case", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(settings: Callable[[], Settings], case: int, as_json: bool) -> None:
    """One case with the calls that show it.

    \b
    Example: fernamt abuse show 3
    """
    found = _cases(settings).case(case)
    if as_json:
        click.echo(json.dumps(_row(found), ensure_ascii=False, indent=1))
        return
    for name, value in (
        ("case", str(found.id)),
        ("customer", found.customer_id),
        ("rule", found.rule),
        ("seen", found.sentence),
        ("since", shown(found.opened_at)),
        ("last seen", f"{shown(found.last_seen_at)}, {found.sightings} times"),
        ("follows", _follows(found)),
        ("released", shown(found.released_at)),
    ):
        click.echo(f"{name:<10} {value}")
    if found.released_at is not None:
        click.echo(f"{'':<10} by {found.released_by}: {found.release_reason}")
    for call_id in found.call_ids:
        click.echo(f"{'call':<10} fernamt cdr show {call_id}")


@abuse.command()
@click.argument("case", type=click.IntRange(min=1))
@changing(reason_required=True)
def release(settings: Callable[[], Settings], case: int, at: datetime, actor: str, reason: str) -> None:
    """Close a case: its throttle ends, its block is lifted, and calls from before count no more for its rule.

    \b
    Example: fernamt abuse release 3 --reason "survey, agreed with the customer"
    """
    found = _cases(settings).release(case, at, actor, reason)
    click.echo(f"Case {case} of {found.customer_id} ({found.rule}) is released.")


def _follows(case: AbuseCase) -> str:
    if case.released_at is not None:
        return "released"
    if case.throttle is None:
        return case.action
    seconds = case.throttle.window_ms / 1000
    return f"{case.throttle.calls} calls in {seconds:g} s until {shown(case.throttle_until)}"


def _row(case: AbuseCase) -> dict[str, Any]:
    return {
        "case": case.id,
        "customer": case.customer_id,
        "rule": case.rule,
        "action": case.action,
        "opened_at": written(case.opened_at),
        "last_seen_at": written(case.last_seen_at),
        "sightings": case.sightings,
        "sentence": case.sentence,
        "call_ids": list(case.call_ids),
        "throttle_calls": case.throttle.calls if case.throttle else None,
        "throttle_window_ms": case.throttle.window_ms if case.throttle else None,
        "throttle_until": written(case.throttle_until),
        "released_at": written(case.released_at),
        "released_by": case.released_by,
        "release_reason": case.release_reason,
    }
