"""`fernamt up`: the whole exchange of one machine, until stopped."""

from __future__ import annotations

from collections.abc import Callable

import click

from cli.bootstrap import until_stopped
from cli.settings import Settings
from cli.wiring.stack import Stack


@click.command()
@click.option(
    "--controllers", type=click.IntRange(0, 16), default=1, show_default=True, help="Controller processes."
)
@click.pass_obj
def up(settings: Callable[[], Settings], controllers: int) -> None:
    """Run the exchange until Ctrl-C or SIGTERM: database, Redis, switch, controller, CDR intake.

    What is configured by URL is used, what is not is started under the state directory. Parts that die are
    started again.
    """
    stopped = until_stopped()
    known = settings()
    with Stack(known, progress=lambda line: click.echo(line, err=True), controllers=controllers) as stack:
        node = stack.settings.node
        click.echo(
            f"up: SIP {node.sip_ip} carrier {node.ports.carrier}, trunk {node.ports.trunk}, phone "
            f"{node.ports.phone}; state in {stack.settings.state_dir}; stop with Ctrl-C",
            err=True,
        )
        stopped.wait()
        click.echo("stopping", err=True)
