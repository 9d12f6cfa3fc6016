"""`fernamt config`: check the carrier's files, see what they would change, apply them, go back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.table import Table
from sqlalchemy import Engine

from cli.bootstrap import engine, now
from cli.carriers.config_step import Step, agreed, applied, refuse_unless_allowed, running_calls, show_plan
from cli.carriers.inventory_step import follows, refused_numbers
from cli.carriers.rollout import nodes_of, require_known
from cli.carriers.rollout_command import REST, WITHOUT, roll_on, rollout
from cli.errors import PlanRefused
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from cli.wiring.this_machine import checked_path
from provisioning.canonical import config_of
from provisioning.errors import ConfigInvalid, ConfigProblem
from provisioning.export import export_files, item_text
from provisioning.lab_secrets import lab_secrets
from provisioning.load import CheckedConfig, load
from provisioning.load_changed import load_changed
from provisioning.plan import make_plan
from provisioning.plan_text import plan_tree
from provisioning.schema import Config
from provisioning.tree import NoPlaces, Places
from store.config_items import CARRIER, CUSTOMER, ConfigItem, ItemKey, by_key
from store.config_versions import ConfigStore

_CHANGES: Final = 2
_Command = TypeVar("_Command", bound=Callable[..., Any])
_paths = click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
_json = click.option("--json", "as_json", is_flag=True, help="For programs.")
_strict = click.option("--strict", is_flag=True, help="Warnings count as errors.")
_removal = click.option(
    "--allow-removal", is_flag=True, help="Customers may go that still have numbers in service."
)


def _applying(command: _Command) -> _Command:
    """The options of commands that make a version."""
    for option in (
        click.option("--note", default="", metavar="TEXT", help="Why; stands in the history."),
        click.option("--author", metavar="NAME", help="Who. Default: the account that runs this."),
        click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal."),
        click.option(
            "--expect",
            type=click.IntRange(0),
            metavar="VERSION",
            help="Only when this version is in force: the one whose plan you saw.",
        ),
        click.option(
            "--node-by-node",
            is_flag=True,
            help="One node after the other; stops at the first that is not well with it.",
        ),
        WITHOUT,
        REST,
        _removal,
        _json,
    ):
        command = option(command)
    return command


@click.group()
def config() -> None:
    """The carrier's configuration: check files, see what they change, apply, go back.

    \b
    Files are described in docs/configuration.md. PATHS are files and directories (*.yaml);
    without any, the settings' `carrier` is read.

    \b
      fernamt config validate carrier/
      fernamt config plan carrier/
      fernamt config apply carrier/ --note "new customer"
      fernamt config rollback 41
    """


@config.command()
@_paths
@_strict
@_json
@click.pass_obj
def validate(settings: Callable[[], Settings], paths: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """Check files. Every problem is told with file, line and column. Exits with 1 when there is an error.

    \b
    Example: fernamt config validate examples/carrier --strict
    """
    try:
        checked = load(paths or settings().carrier)
    except ConfigInvalid as error:
        if not as_json:
            raise
        click.echo(json.dumps(_problems(error.problems, more=error.more), ensure_ascii=False, indent=1))
        raise SystemExit(1) from None
    refused = strict and bool(checked.warnings)
    if as_json:
        click.echo(json.dumps(_problems(checked.warnings, valid=not refused), ensure_ascii=False, indent=1))
    else:
        _warn(checked.warnings)
        count = len(checked.config.customers)
        good = "refused: warnings count as errors (--strict)" if refused else "valid"
        click.echo(
            f"{good}: {count:,} customers in {len(checked.files):,} files, {len(checked.warnings)} warnings"
        )
    if refused:
        raise SystemExit(1)


@config.command()
@_paths
@_strict
@_removal
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 when something would change, 0 when nothing would."
)
@_json
@click.pass_obj
def plan(
    settings: Callable[[], Settings],
    paths: tuple[Path, ...],
    strict: bool,
    allow_removal: bool,
    detailed_exitcode: bool,
    as_json: bool,
) -> None:
    """What applying the files would change, in calls and money. Changes nothing.

    \b
    Example: fernamt config plan carrier/ --detailed-exitcode
    """
    known = effective(settings())
    step = _from_files(known, paths or known.carrier, strict=strict, allow_removal=allow_removal)
    show_plan(step, as_json=as_json)
    refuse_unless_allowed(step)
    if detailed_exitcode and not step.plan.is_empty:
        raise SystemExit(_CHANGES)


@config.command()
@_paths
@_strict
@_applying
@click.pass_obj
def apply(settings: Callable[[], Settings], /, paths: tuple[Path, ...], strict: bool, **options: Any) -> None:
    """Put the files in force as one new version, after showing what changes.

    Every controller has it within a second; calls in progress go on as they began. Nothing is applied when
    somebody else applied a version in between.

    \b
    Example: fernamt config apply carrier/ --note "Kunde Bau: 20 more numbers" --yes --expect 41
    """
    known = effective(settings())
    allow_removal = options["allow_removal"]
    step = _from_files(known, paths or known.carrier, strict=strict, allow_removal=allow_removal)
    _perform(known, step, "config.apply", options)


@config.command()
@click.argument("version", type=click.IntRange(1))
@_applying
@click.pass_obj
def rollback(settings: Callable[[], Settings], /, version: int, **options: Any) -> None:
    """Put what an earlier VERSION said in force again, as a new version.

    \b
    Example: fernamt config rollback 41 --note "42 broke the hunt group"
    """
    known = effective(settings())
    database = engine(known, "fernamt config")
    store = ConfigStore(database)
    earlier = config_of(by_key(store.items(version)))
    options["note"] = options["note"] or f"back to version {version}"
    base = store.current()
    step = _step(
        known,
        database,
        base,
        store.items(base),
        earlier,
        NoPlaces(),
        allow_removal=options["allow_removal"],
    )
    _perform(known, step, "config.rollback", options)


@config.command()
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many."
)
@_json
@click.pass_obj
def history(settings: Callable[[], Settings], limit: int, as_json: bool) -> None:
    """Applied versions, the newest first."""
    found = ConfigStore(engine(effective(settings()), "fernamt config")).history(limit)
    if as_json:
        rows = [{**asdict(each), "applied_at": written(each.applied_at)} for each in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("No configuration was ever applied: fernamt config apply")
        return
    table = Table("version", "applied", "author", "note")
    for each in found:
        table.add_row(str(each.version), shown(each.applied_at), each.author, each.note)
    console().print(table)


@config.command()
@click.argument("version", type=click.IntRange(1))
@click.option("--customer", metavar="ID", help="Only this customer.")
@_json
@click.pass_obj
def show(settings: Callable[[], Settings], version: int, customer: str | None, as_json: bool) -> None:
    """What a VERSION says, as YAML; only the carrier's part, or one customer's.

    \b
    Example: fernamt config show 42 --customer kunde-bau
    """
    store = ConfigStore(engine(effective(settings()), "fernamt config"))
    about, items = store.version(version), by_key(store.items(version))
    key = ItemKey(CUSTOMER, customer) if customer else ItemKey(CARRIER, CARRIER)
    if key not in items:
        raise click.ClickException(f"version {version} has no customer {customer!r}")
    if as_json:
        parts = {"version": version, "applied_at": written(about.applied_at), "author": about.author}
        content = {"note": about.note, key.kind: json.loads(items[key].content)}
        click.echo(json.dumps({**parts, **content}, ensure_ascii=False, indent=1))
        return
    click.echo(
        f"# Version {version}, applied {shown(about.applied_at)} by {about.author}: {about.note or '-'}"
    )
    click.echo(item_text(items[key]), nl=False)
    if customer is None:
        click.echo(f"# and {len(items) - 1:,} customers: --customer ID, or `fernamt config export`")


@config.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--version", type=click.IntRange(1), help="Default: the one in force.")
@click.pass_obj
def export(settings: Callable[[], Settings], directory: Path, version: int | None) -> None:
    """Write the version in force as YAML into DIRECTORY: a file for the carrier, one for each customer.

    Applying these files changes nothing. DIRECTORY must be empty or new.
    """
    store = ConfigStore(engine(effective(settings()), "fernamt config"))
    number = version or store.current()
    if not number:
        raise click.ClickException("no configuration was ever applied: fernamt config apply")
    if directory.exists() and any(directory.iterdir()):
        raise click.ClickException(f"{directory} is not empty: files of customers that went would stay in it")
    wanted = config_of(by_key(store.items(number)))
    directory.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, text in export_files(wanted, number):
        (directory / name).write_text(text, encoding="utf-8")
        count += 1
    click.echo(f"version {number}: {count:,} files in {directory}")


def _from_files(settings: Settings, paths: Sequence[Path], *, strict: bool, allow_removal: bool) -> Step:
    """The step to what the files say, with warnings shown. Files that stayed as they were when they were
    checked last are not read again. Raises ConfigInvalid; outside the lab for the lab's secrets too."""
    database = engine(settings, "fernamt config")
    store = ConfigStore(database)
    base = store.current()
    in_force = store.digests(base)
    loaded = load_changed(paths, checked_path(settings), in_force if follows(database) else {})
    checked = loaded.checked
    _warn(checked.warnings)
    if strict and checked.warnings:
        raise PlanRefused(f"{len(checked.warnings)} warnings count as errors (--strict)")
    if settings.lab_network is None:
        _refuse_lab_secrets(checked)
    keys = in_force.keys() - loaded.unchanged.keys()
    old = store.some_items(base, keys) if loaded.unchanged else store.items(base)
    return _step(settings, database, base, old, checked.config, checked.places, allow_removal=allow_removal)


def _refuse_lab_secrets(checked: CheckedConfig) -> None:
    problems = [checked.places.problem(each) for each in lab_secrets(checked.config)]
    if problems:
        raise ConfigInvalid(problems)


def _step(
    settings: Settings,
    database: Engine,
    base: int,
    old: Sequence[ConfigItem],
    wanted: Config,
    places: Places | NoPlaces,
    *,
    allow_removal: bool,
) -> Step:
    calls = running_calls(settings)
    found = make_plan(base, by_key(old), wanted, calls=calls, allow_removal=allow_removal)
    refused = refused_numbers(database, found, wanted, now())
    whole = replace(found, findings=(*found.findings, *refused))
    return Step(ConfigStore(database), whole, wanted, places)


def _perform(settings: Settings, step: Step, action: str, options: dict[str, Any]) -> None:
    expected, as_json = options["expect"], options["as_json"]
    if expected is not None and expected != step.plan.base_version:
        raise PlanRefused(
            f"version {step.plan.base_version} is in force, not {expected}: look at the plan again"
        )
    without = options["without"]
    if without:
        if not options["node_by_node"]:
            raise click.UsageError("--without goes with --node-by-node: otherwise every node has the version")
        require_known(without, nodes_of(settings))
    if not as_json:
        show_plan(step, as_json=False)
    refuse_unless_allowed(step)
    version = step.plan.base_version
    if not step.plan.is_empty:
        agreed(yes=options["yes"])
        held = nodes_of(settings) if options["node_by_node"] else []
        version = applied(step, action, author=options["author"], note=options["note"], held=held)
        if held:
            roll_on(settings, version, options["rest"], options["author"], quiet=as_json, without=without)
    if as_json:
        click.echo(json.dumps({"version": version, **plan_tree(step.plan)}, ensure_ascii=False, indent=1))
    elif not step.plan.is_empty:
        click.echo(f"Version {version} is applied.")


def _warn(warnings: Sequence[ConfigProblem]) -> None:
    for warning in warnings:
        click.echo(str(warning), err=True)


def _problems(found: Sequence[ConfigProblem], *, valid: bool = False, more: int = 0) -> dict[str, Any]:
    return {"valid": valid, "problems": [asdict(each) for each in found], "more": more}


config.add_command(rollout)
