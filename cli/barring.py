"""`fernamt barring`: what cannot be called, by default and for a customer (B5, B6, B7)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.bootstrap import now
from cli.errors import NoSuchCustomer
from cli.settings import Settings
from cli.terminal import console
from cli.times import Moment
from cli.wiring.carrier import load_carrier
from numbering.classes import DEFAULT_POLICY, NumberClass
from numbering.german_time import GERMAN_TIME
from provisioning.load import load
from provisioning.nearest import listed
from provisioning.schema import Config, CustomerEntry
from provisioning.schema.policy import BarringProfileEntry, LiftedBarEntry


@click.group()
def barring() -> None:
    """What cannot be called. 110 and 112 always can."""


@barring.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def classes(as_json: bool) -> None:
    """Every class of numbers and what holds for it by default."""
    found = {each.value: DEFAULT_POLICY[each].value for each in NumberClass}
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    for name, policy in found.items():
        click.echo(f"{name:<28} {policy}")


@dataclass(frozen=True, slots=True)
class _Profile:
    """A profile that holds for a line; `lines`: all of the customer's, or the phone's or agent's id."""

    lines: str
    entry: BarringProfileEntry

    @property
    def plain(self) -> dict[str, Any]:
        return {"lines": self.lines, **self.entry.model_dump(mode="json")}


@barring.command()
@click.argument("customer")
@click.option("--at", type=Moment(), help="Whether bars are lifted at this moment. Default: now.")
@click.option(
    "--config",
    "files",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Files or directories that describe the carrier. Default: those of the settings.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(
    settings: Callable[[], Settings],
    customer: str,
    at: datetime | None,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """What CUSTOMER cannot call beside the default, and which default bars an operator has lifted.

    \b
    Example: fernamt barring show kunde-bau
    """
    config = (load(files) if files else load_carrier(settings())).config
    owner = _customer(config, customer)
    today = (at or now()).astimezone(GERMAN_TIME).date()
    profiles = list(_profiles(config, owner))
    lifted = [(each, _state(each, today.isoformat())) for each in owner.lifted_bars]
    if as_json:
        bars = [{**each.model_dump(mode="json"), "state": state} for each, state in lifted]
        plain = {"customer": owner.id, "profiles": [each.plain for each in profiles], "lifted_bars": bars}
        click.echo(json.dumps(plain, ensure_ascii=False, indent=1))
        return
    if profiles:
        table = Table("lines", "profile", "cannot call", "when")
        for each in profiles:
            table.add_row(each.lines, each.entry.id, _what(each.entry), _when(each.entry))
        console().print(table)
    if lifted:
        table = Table("lifted bar", "state", "from", "until", "by", "reason")
        for bar, state in lifted:
            until = bar.until.isoformat() if bar.until else "-"
            table.add_row(bar.number_class, state, bar.lifted.isoformat(), until, bar.operator, bar.reason)
        console().print(table)
    if not profiles and not lifted:
        click.echo(f"{owner.id}: the default holds; `fernamt barring classes` shows it.")


def _customer(config: Config, name: str) -> CustomerEntry:
    for customer in config.customers:
        if customer.id == name:
            return customer
    there = listed([each.id for each in config.customers])
    raise NoSuchCustomer(f"there is no customer {name!r}; there are {there}")


def _profiles(config: Config, customer: CustomerEntry) -> Iterator[_Profile]:
    known = {each.id: each for each in (*config.carrier.barring_profiles, *customer.barring_profiles)}
    yield from (_Profile("all", known[name]) for name in customer.barring)
    for phone in customer.phones:
        yield from (_Profile(phone.id, known[name]) for name in phone.barring)
    for agent in customer.agents:
        yield from (_Profile(agent.id, known[name]) for name in agent.barring)


def _state(bar: LiftedBarEntry, today: str) -> str:
    if today < bar.lifted.isoformat():
        return "not yet"
    return "over" if bar.until is not None and bar.until.isoformat() < today else "lifted"


def _what(profile: BarringProfileEntry) -> str:
    return ", ".join((*profile.classes, *profile.prefixes, *profile.countries))


def _when(profile: BarringProfileEntry) -> str:
    slots = (f"{' '.join(each.days)} {each.begins} to {each.ends}" for each in profile.times)
    return "; ".join(slots) or "always"
