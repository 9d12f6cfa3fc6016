"""`fernamt controller`: the process that decides calls."""

from __future__ import annotations

from collections.abc import Callable

import click
import structlog

from cli.bootstrap import until_stopped
from cli.explaining.far_controllers import far_controllers, syn_retries
from cli.layout import effective
from cli.logs import configure_logs
from cli.run_controller import run_controller
from cli.settings import Settings

_log = structlog.get_logger(__name__)


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
    if (far := far_controllers(known, syn_retries())) is not None and far.next_step:
        _log.warning("controllers on other machines", seen=far.seen, next_step=far.next_step)
    run_controller(known, (host, port), until_stopped())
