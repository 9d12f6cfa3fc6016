"""One step from the version in force to another: shown, agreed to, applied."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import click
from rich.text import Text
from sqlalchemy import Connection

from cli.accounts import account
from cli.bootstrap import live_calls, now
from cli.carriers.inventory_step import following
from cli.errors import NotRunning, PlanRefused
from cli.settings import Settings
from cli.terminal import console
from dialplan.live import LiveCall
from provisioning.errors import Severity
from provisioning.plan import Action, Plan
from provisioning.plan_text import plan_lines, plan_tree
from provisioning.schema import Config
from provisioning.tree import NoPlaces, Places
from store.config_holds import holding
from store.config_versions import ConfigStore
from store.errors import StoreError

#: Ids of parts kept in the audit; the rest is counted.
_MAX_AUDITED: Final = 200
_MAX_CALLS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Step:
    """A plan with the store it was made from, what it leads to, and the files' places for its findings."""

    store: ConfigStore
    plan: Plan
    wanted: Config
    places: Places | NoPlaces


def running_calls(settings: Settings) -> tuple[LiveCall, ...]:
    """Calls in progress; none, with a word about it, when Redis does not tell."""
    try:
        return live_calls(settings).list(limit=_MAX_CALLS)
    except (StoreError, NotRunning) as error:
        click.echo(f"warning: calls in progress are not known: {error}", err=True)
        return ()


def show_plan(step: Step, *, as_json: bool) -> None:
    """The plan on standard output, what speaks against it on standard error."""
    if as_json:
        problems = [str(step.places.problem(each)) for each in step.plan.findings]
        click.echo(json.dumps({**plan_tree(step.plan), "findings": problems}, ensure_ascii=False, indent=1))
        return
    out = console()
    for line in plan_lines(step.plan):
        out.print(Text.assemble(*line), soft_wrap=True)
    for finding in step.plan.findings:
        if finding.severity is Severity.WARNING:
            click.echo(str(step.places.problem(finding)), err=True)


def refuse_unless_allowed(step: Step) -> None:
    """Raises PlanRefused when the step is not allowed."""
    errors = [each for each in step.plan.findings if each.severity is Severity.ERROR]
    if errors:
        told = "\n".join(str(step.places.problem(each)) for each in errors)
        raise PlanRefused(f"this may not follow version {step.plan.base_version}:\n{told}")


def agreed(*, yes: bool) -> None:
    """Ask whether to go on. Raises PlanRefused when nobody can be asked, or says no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise PlanRefused("there is no terminal to ask at: say --yes after looking at `fernamt config plan`")
    if not click.confirm("Apply this?"):
        raise PlanRefused("nothing was applied")


def applied(step: Step, action: str, *, author: str | None, note: str, held: Sequence[str] = ()) -> int:
    """Make the version, with the number inventory in line and the nodes `held` where they are; its number.

    Raises VersionConflict when somebody was faster, NumbersRefused when a number may not go where it is to.
    """
    plan, who = step.plan, author or account()
    ids = {
        each.value: [change.key.id for change in plan.changes if change.action is each][:_MAX_AUDITED]
        for each in Action
    }
    counts = {f"{each.value}_count": plan.count(each) for each in Action}
    return step.store.apply(
        plan.base_version,
        plan.changed,
        plan.removed,
        author=who,
        note=note,
        action=action,
        details={**ids, **counts},
        then=_both(following(plan, step.wanted, now(), who), holding(held, plan.base_version)),
    )


def _both(*works: Callable[[Connection], None]) -> Callable[[Connection], None]:
    def then(connection: Connection) -> None:
        for each in works:
            each(connection)

    return then
