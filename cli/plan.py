"""`fernamt plan`: routing plans of customers: list, show, draw, try without a call (C2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.bootstrap import now
from cli.errors import NoSuchPlan
from cli.explaining.plan_drawing import drawing
from cli.explaining.plan_trial import Trial, tried
from cli.settings import Settings
from cli.terminal import console
from cli.times import Moment, shown
from cli.wiring.carrier import load_carrier
from cli.wiring.this_machine import sounds
from provisioning.checks.plan_graph import edges
from provisioning.load import load
from provisioning.mailbox_access import guidance
from provisioning.nearest import listed
from provisioning.queue_sentences import sentences
from provisioning.schema import Config, CustomerEntry, NodeEntry, PlanEntry

_CONFIG = click.option(
    "--config",
    "files",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Files or directories that describe the carrier. Default: those of the settings.",
)


@click.group()
def plan() -> None:
    """Routing plans: what becomes of a call by hours, holidays, keys, caller.

    They are described in files beside the customer and read from there: no exchange has to run.
    """


def _config(settings: Callable[[], Settings], files: tuple[Path, ...]) -> Config:
    return (load(files) if files else load_carrier(settings())).config


def _customer(config: Config, name: str) -> CustomerEntry:
    for customer in config.customers:
        if customer.id == name:
            return customer
    raise NoSuchPlan(f"there is no customer {name!r}; there are {listed([c.id for c in config.customers])}")


def _plan(customer: CustomerEntry, name: str) -> PlanEntry:
    for each in customer.plans:
        if each.id == name:
            return each
    there = listed([each.id for each in customer.plans])
    raise NoSuchPlan(f"customer {customer.id} has no plan {name!r}; there are: {there}")


@plan.command(name="list")
@click.argument("customer", required=False)
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(
    settings: Callable[[], Settings], customer: str | None, files: tuple[Path, ...], as_json: bool
) -> None:
    """All plans, or those of one CUSTOMER, with the numbers that go to them."""
    config = _config(settings, files)
    customers = (_customer(config, customer),) if customer else config.customers
    found = [(each, one) for each in customers for one in each.plans]
    if as_json:
        click.echo(json.dumps([_row(*each) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("There is no plan. docs/plans.md shows how to describe one.")
        return
    table = Table("customer", "plan", "name", "nodes", "numbers")
    for owner, one in found:
        table.add_row(owner.id, one.id, one.name or "-", str(len(one.nodes)), _numbers(owner, one.id))
    console().print(table)


def _row(customer: CustomerEntry, plan: PlanEntry) -> dict[str, Any]:
    return {
        "customer": customer.id,
        "plan": plan.id,
        "name": plan.name,
        "nodes": len(plan.nodes),
        "numbers": _numbers(customer, plan.id),
    }


def _numbers(customer: CustomerEntry, plan_id: str) -> str:
    spans = [span for entry in customer.numbers if entry.plan == plan_id for span in entry.spans()]
    shown = [f"+{first}" if first == last else f"+{first} to +{last}" for first, last in spans]
    return listed(shown)


@plan.command()
@click.argument("customer")
@click.argument("plan_id", metavar="PLAN")
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(
    settings: Callable[[], Settings], customer: str, plan_id: str, files: tuple[Path, ...], as_json: bool
) -> None:
    """One plan: its nodes in the order in which calls come to them, and where each leads."""
    owner = _customer(_config(settings, files), customer)
    found = _plan(owner, plan_id)
    nodes = _in_order(found)
    if as_json:
        tree = found.model_dump(mode="json", exclude_none=True)
        click.echo(json.dumps(tree, ensure_ascii=False, indent=1))
        return
    click.echo(f"plan     {found.id}" + (f" ({found.name})" if found.name else ""))
    click.echo(f"numbers  {_numbers(owner, found.id)}")
    table = Table("node", "what", "leads to")
    for node in nodes:
        ways = "\n".join(f"{edge.label or 'then'}: {edge.to}" for edge in edges(node)) or "the end"
        table.add_row(node.id + (" (start)" if node.id == found.start else ""), node.kind, ways)
    console().print(table)


def _in_order(plan: PlanEntry) -> list[NodeEntry]:
    nodes = {each.id: each for each in plan.nodes}
    order = dict.fromkeys([plan.start])
    for name in (waiting := [plan.start]):
        fresh = [edge.to for edge in edges(nodes[name]) if edge.to not in order]
        order.update(dict.fromkeys(fresh))
        waiting += dict.fromkeys(fresh)
    return [nodes[name] for name in order]


@plan.command()
@click.argument("customer")
@click.argument("plan_id", metavar="PLAN")
@click.option(
    "--svg",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the drawing there. Default: to standard output.",
)
@_CONFIG
@click.pass_obj
def draw(
    settings: Callable[[], Settings],
    customer: str,
    plan_id: str,
    target: Path | None,
    files: tuple[Path, ...],
) -> None:
    """Draw a plan as SVG, for a browser or a letter to the customer.

    \b
    Example: fernamt plan draw kunde-praxis zentrale --svg zentrale.svg
    """
    text = drawing(_plan(_customer(_config(settings, files), customer), plan_id))
    if target is None:
        click.echo(text, nl=False)
        return
    target.write_text(text, encoding="utf-8")
    click.echo(f"{target} written.")


@plan.command(name="try")
@click.argument("customer")
@click.argument("plan_id", metavar="PLAN")
@click.option("--at", type=Moment(), help="When the call comes, in Germany's time. Default: now.")
@click.option("--from", "caller", metavar="NUMBER", help="Who calls. Default: a caller who shows no number.")
@click.option(
    "--keys",
    default="",
    help='What is pressed at each menu, separated by commas: "1,,9" presses nothing at the second.',
)
@click.option("--nobody", is_flag=True, help="Nobody answers: phones, trunks and forwarded calls fail.")
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def try_(
    settings: Callable[[], Settings],
    customer: str,
    plan_id: str,
    at: datetime | None,
    caller: str | None,
    keys: str,
    nobody: bool,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Say what would become of a call, without one: node by node, by the program that decides real calls.

    \b
    Example: fernamt plan try kunde-praxis zentrale --at 2026-12-24T10:00 --from "030 23125-001" --keys 2
    """
    config = _config(settings, files)
    owner = _customer(config, customer)
    _plan(owner, plan_id)
    trial = Trial(at or now(), caller, tuple(keys.split(",")) if keys else (), nobody)
    done = tried(owner, plan_id, config.carrier, trial)
    if as_json:
        click.echo(json.dumps(done, ensure_ascii=False, indent=1))
        return
    click.echo(f"at       {shown(trial.at)} in Germany")
    for line in done["steps"]:
        click.echo(f"         {line}")
    click.echo(f"path     {done['path']}")
    click.echo(f"outcome  {done['outcome']}")


@plan.command(name="sounds")
@click.argument("customer", required=False)
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def sounds_(
    settings: Callable[[], Settings], customer: str | None, files: tuple[Path, ...], as_json: bool
) -> None:
    """Make the announcements on this machine and say which cannot be played: texts are spoken by espeak-ng.

    Ends with status 1 when one is missing; calls hear a tone in its place.
    """
    config = _config(settings, files)
    customers = (_customer(config, customer),) if customer else config.customers
    rows: list[dict[str, Any]] = []
    for each in customers:
        book = sounds(settings())
        for prompt in (*each.prompts, *guidance(each), *sentences(each, book)):
            sound = book.sound(prompt)
            problem = book.problems.get(prompt.id)
            rows.append({"customer": each.id, "prompt": prompt.id, "sound": sound, "problem": problem})
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for row in rows:
            click.echo(f"{row['customer']}  {row['prompt']}  {row['problem'] or row['sound']}")
    if any(row["problem"] for row in rows):
        raise SystemExit(1)
