"""`fernamt limit`: what customers may call at most, and what they have taken of it (B11)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import click
from rich.table import Table

from cli.bootstrap import call_counters, engine, now
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.wiring.applied_limits import AppliedLimits, applied_limits
from dialplan.limits.agreed import Claim, Counter, Scope
from dialplan.limits.claims import every_claim
from store.customer_blocks import BlockedReader

_MONEY: Final = (Counter.SPEND_PER_DAY, Counter.SPEND_PER_MONTH)
_NOUNS: Final = {
    Counter.SIMULTANEOUS_CALLS: "simultaneous calls",
    Counter.CALLS_PER_SECOND: "new calls a second",
    Counter.SPEND_PER_DAY: "charges of the day",
    Counter.SPEND_PER_MONTH: "charges of the month",
}
_SCOPES: Final = {Scope.USER: "phone", Scope.COUNTRY: "country"}


@click.group()
def limit() -> None:
    """Limits of calls and money. They are described in files: `fernamt config apply`."""


@limit.command()
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(settings: Callable[[], Settings], customer: str, as_json: bool) -> None:
    """What a customer has taken of each of its limits at this moment, over all controllers.

    \b
    Example: fernamt limit show kunde-bau
    """
    known = effective(settings())
    database = engine(known, "fernamt limit")
    found = applied_limits(database, customer)
    throttle = BlockedReader(database).read(now()).throttled.get(customer)
    claims = tuple(every_claim(customer, found.limits, found.users, throttle, now()))
    counts = call_counters(known, "fernamt limit").counts(claims) if claims else ()
    rows = [_row(claim, count) for claim, count in zip(claims, counts, strict=True)]
    if as_json:
        content = {"customer": customer, "profile": found.profile, "limits": rows}
        click.echo(json.dumps(content, ensure_ascii=False, indent=1))
        return
    if not claims:
        click.echo(_without(found))
        return
    table = Table("for", "what", "now", "limit")
    for claim, row in zip(claims, rows, strict=True):
        table.add_row(_whom(claim), _what(claim), _amount(claim, row["now"]), _amount(claim, row["limit"]))
    console().print(table)


def _without(found: AppliedLimits) -> str:
    return (
        f"Customer {found.customer_id} has no limits. `limits` and `limit_profiles` of its file set some: "
        "docs/limits.md"
    )


def _row(claim: Claim, count: int) -> dict[str, Any]:
    owner, period = _owner(claim)
    return {
        "counter": claim.counter.value,
        "scope": claim.scope.value,
        "owner": owner,
        "period": period,
        "now": count,
        "limit": claim.limit,
        "window_ms": claim.window_ms if claim.counter is Counter.CALLS_PER_SECOND else None,
        "unit": "micro_euro" if claim.counter in _MONEY else "calls",
        "throttled": claim.throttled,
        "warns": claim.warns,
    }


def _owner(claim: Claim) -> tuple[str, str | None]:
    """The customer, phone or country; the German day or month that money counts for."""
    customer, *rest = claim.owner.split("/")
    period = rest.pop() if claim.counter in _MONEY else None
    return (rest[0] if rest else customer), period


def _whom(claim: Claim) -> str:
    owner, _ = _owner(claim)
    return owner if claim.scope is Scope.CUSTOMER else f"{_SCOPES[claim.scope]} {owner}"


def _what(claim: Claim) -> str:
    if claim.throttled:
        return f"new calls in {claim.window_ms / 1000:g} s (abuse rule)"
    period = _owner(claim)[1]
    said = f"{_NOUNS[claim.counter]} {period}" if period else _NOUNS[claim.counter]
    return f"{said} (only warns)" if claim.warns else said


def _amount(claim: Claim, value: int) -> str:
    return f"{value / 1_000_000:.2f} EUR" if claim.counter in _MONEY else str(value)
