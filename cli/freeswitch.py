"""`fernamt freeswitch`: the switch's configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from cli.bootstrap import engine
from cli.explaining.far_controllers import far_controllers, syn_retries
from cli.layout import effective
from cli.settings import Settings
from cli.wiring.carrier import applied_carrier, applied_version, compile_carrier
from cli.wiring.switch import write_configuration
from dialplan.snapshot import Snapshot
from provisioning.load import load
from store.config_versions import ConfigStore


@click.group()
def freeswitch() -> None:
    """What FreeSWITCH is given."""


@freeswitch.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--config",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Render these files, or directories, and not the applied version.",
)
@click.pass_obj
def render(settings: Callable[[], Settings], directory: Path, paths: tuple[Path, ...]) -> None:
    """Write a complete, private FreeSWITCH configuration of the applied version into DIRECTORY.

    It holds credentials and is readable by its owner alone. Start FreeSWITCH with it:

    \b
      fernamt freeswitch render /etc/freeswitch-fernamt
      fernamt freeswitch render conf --config carrier/        files that are not applied yet
      freeswitch -nonat -nf -nc -np -conf /etc/freeswitch-fernamt -log … -db … -run …
    """
    known = effective(settings())
    snapshot = _of_files(known, paths) if paths else _applied(known)
    click.echo(write_configuration(known, snapshot, directory))
    if (far := far_controllers(known, syn_retries())) is not None and far.next_step:
        click.echo(f"warning: {far.seen}: {far.next_step}", err=True)


def _applied(settings: Settings) -> Snapshot:
    """The version in force; the one this machine saw last while the database is away."""
    store = ConfigStore(engine(settings, "fernamt freeswitch"))
    return applied_carrier(settings).compile(applied_version(settings, store))


def _of_files(settings: Settings, paths: tuple[Path, ...]) -> Snapshot:
    carrier = load(paths)
    for warning in carrier.warnings:
        click.echo(str(warning), err=True)
    return compile_carrier(settings, carrier, 0)
