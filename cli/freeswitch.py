"""`fernamt freeswitch`: the switch's configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from cli.carrier import compile_carrier, load_carrier
from cli.layout import effective
from cli.settings import Settings
from cli.switch import write_configuration


@click.group()
def freeswitch() -> None:
    """What FreeSWITCH is given."""


@freeswitch.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def render(settings: Callable[[], Settings], directory: Path) -> None:
    """Write a complete, private FreeSWITCH configuration into DIRECTORY.

    It holds credentials and is readable by its owner alone. Start FreeSWITCH with it:

    \b
      fernamt freeswitch render /etc/freeswitch-fernamt
      freeswitch -nonat -nf -nc -np -conf /etc/freeswitch-fernamt -log … -db … -run …
    """
    known = effective(settings())
    carrier = load_carrier(known)
    for warning in carrier.warnings:
        click.echo(f"warning: {warning}", err=True)
    path = write_configuration(known, compile_carrier(known, carrier, 0), directory)
    click.echo(path)
