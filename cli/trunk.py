"""`fernamt trunk`: how the trunks to other carriers stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
from rich.table import Table

from cli.bootstrap import now
from cli.errors import NoSuchTrunk
from cli.explaining.answer import snapshot_in_force
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from cli.trunk_views import trunk_views, trunks_now
from dialplan.trunks.status import TrunkState, TrunkStatus, together


@click.group()
def trunk() -> None:
    """Trunks: which answer, which are tried last and why, how many calls they carry.

    A trunk that is down, or rests because calls found no path there, is tried last, never left out.
    """


@trunk.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], as_json: bool) -> None:
    """All carrier trunks; customers' that register, are asked by OPTIONS, or have a capacity and calls now.

    \b
    Example: fernamt trunk list
    """
    found = trunks_now(settings())
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found], ensure_ascii=False, indent=1))
        return
    table = Table("trunk", "address", "state", "since", "calls", "failures", "why")
    for each in found:
        table.add_row(
            each.trunk_id,
            each.address,
            each.state.value,
            shown(each.since),
            _calls(each),
            str(each.failures),
            each.why or "-",
        )
    console().print(table)


@trunk.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(settings: Callable[[], Settings], id: str, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """One trunk as each controller sees it: state, since when, calls of how many, failures.

    \b
    Example: fernamt trunk show carrier-a
    """
    views = {
        name: each for name, view in trunk_views(settings()).items() for each in view if each.trunk_id == id
    }
    if not views:
        views = {"-": _idle(settings(), id)}
    whole = together(list(views.values()))
    if as_json:
        parts = {name: _plain(each) for name, each in views.items()}
        click.echo(json.dumps({**_plain(whole), "controllers": parts}, ensure_ascii=False, indent=1))
        return
    click.echo(f"{whole.trunk_id} at {whole.address}: {whole.state.value}, {_calls(whole)} calls")
    table = Table("controller", "state", "since", "calls", "failures", "in a row", "last failure", "why")
    for name, each in sorted(views.items()):
        table.add_row(
            name,
            each.state.value,
            shown(each.since),
            str(each.calls),
            str(each.failures),
            str(each.in_row),
            each.last_failure or "-",
            each.why or "-",
        )
    console().print(table)


def _idle(settings: Settings, trunk_id: str) -> TrunkStatus:
    """A trunk with a capacity that no controller tells of: it carries no call. Raises NoSuchTrunk."""
    found = snapshot_in_force(effective(settings), now()).trunks.get(trunk_id)
    if found is None or found.capacity is None:
        told = "`fernamt trunk list` has all it does"
        raise NoSuchTrunk(f"no controller tells of a trunk {trunk_id[:64]!r}: {told}")
    where = str(found.address or f"registration of {found.registered_as}")
    return TrunkStatus(found.id, TrunkState.UNKNOWN, address=where, capacity=found.capacity)


def _calls(status: TrunkStatus) -> str:
    return f"{status.calls} of {status.capacity}" if status.capacity is not None else str(status.calls)


def _plain(status: TrunkStatus) -> dict[str, Any]:
    return {
        "trunk": status.trunk_id,
        "address": status.address,
        "state": status.state.value,
        "since": written(status.since),
        "why": status.why,
        "calls": status.calls,
        "capacity": status.capacity,
        "failures": status.failures,
        "failures_in_row": status.in_row,
        "last_failure": status.last_failure,
    }
