"""`fernamt controller`: the process that decides calls."""

from __future__ import annotations

from collections.abc import Callable

import click

from cli.bootstrap import until_stopped
from cli.layout import effective
from cli.logs import configure_logs
from cli.run_controller import run_controller
from cli.settings import Settings


@click.group()
def controller() -> None:
    """The process that decides calls (started by `fernamt up`, or by your service manager)."""


@controller.command()
@click.option("--listen", metavar="HOST:PORT", help="Where to take calls; default: first of `controllers`.")
@click.pass_obj
def run(settings: Callable[[], Settings], listen: str | None) -> None:
    """Decide calls until SIGTERM, then finish what is under way.

    \b
    Example: fernamt --settings /etc/fernamt/fernamt.yaml controller run --listen 127.0.0.1:8085
    """
    configure_logs(service=True)
    known = effective(settings())
    host, port = known.controllers[0]
    if listen:
        host, _, text = listen.rpartition(":")
        if not host or not (text.isascii() and text.isdigit() and int(text) <= 65_535):
            raise click.BadParameter(f"{listen!r} is not HOST:PORT", param_hint="--listen")
        port = int(text)
    run_controller(known, (host, port), until_stopped())
