"""`fernamt web`: the HTTP interface for agents' and supervisors' screens."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from cli.bootstrap import until_stopped
from cli.layout import effective
from cli.logs import configure_logs
from cli.run_web import run_web
from cli.settings import DEFAULT_WEB, Settings
from web.description import description


@click.group()
def web() -> None:
    """The HTTP interface for agents' and supervisors' screens (docs/api.md)."""


@web.command()
@click.option("--listen", metavar="HOST:PORT", help="Default: `web.listen` of the settings, 127.0.0.1:8090.")
@click.pass_obj
def run(settings: Callable[[], Settings], listen: str | None) -> None:
    """Serve until SIGTERM. `fernamt up` starts it where the settings have `web`.

    It speaks HTTP and listens on loopback: other machines reach it through a proxy that speaks TLS.

    \b
    Example: fernamt --settings /etc/fernamt/fernamt.yaml web run --listen 127.0.0.1:8090
    """
    configure_logs(service=True)
    known = effective(settings())
    address = known.web.listen if known.web is not None else DEFAULT_WEB
    if listen is not None:
        host, _, port = listen.rpartition(":")
        if not host or not (port.isascii() and port.isdigit() and int(port) <= 65_535):
            raise click.BadParameter(f"{listen!r} is not HOST:PORT", param_hint="--listen")
        address = (host, int(port))
    run_web(known, address, until_stopped())


@web.command(name="description")
def description_() -> None:
    """The OpenAPI description of the interface, for programs that make clients of it.

    \b
    Example: fernamt web description > openapi.json
    """
    click.echo(json.dumps(description(), ensure_ascii=False, indent=1))
