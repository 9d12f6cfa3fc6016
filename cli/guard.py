"""`fernamt guard`: the process that keeps scanners and floods from the SIP ports, and how it stands."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from cli.bootstrap import ban_store, until_stopped
from cli.errors import NotRunning
from cli.layout import effective
from cli.logs import configure_logs
from cli.run_guard import run_guard
from cli.settings import Settings


@click.group()
def guard() -> None:
    """The guard of the SIP ports: it counts what strangers send, slows and bans (docs/security.md)."""


@guard.command()
@click.pass_obj
def run(settings: Callable[[], Settings]) -> None:
    """Guard this machine's node until SIGTERM. `fernamt up` starts it where the settings have `guard`.

    It needs CAP_NET_RAW, and CAP_SYS_PTRACE or CAP_NET_ADMIN for its barrier; no other part does.

    \b
    Example: fernamt --settings /etc/fernamt/fernamt.yaml guard run
    """
    configure_logs(service=True)
    run_guard(effective(settings()), until_stopped())


@guard.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status(settings: Callable[[], Settings], as_json: bool) -> None:
    """Whether the barrier of this machine's node stands, and how many addresses it keeps out.

    \b
    Example: fernamt guard status
    """
    known = effective(settings())
    found = ban_store(known).told(known.node.name)
    if found is None:
        raise NotRunning(
            f"no guard of {known.node.name} is heard of: run `fernamt guard run`, or give settings `guard`"
        )
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    click.echo(f"node     {known.node.name}")
    click.echo(f"barrier  {found['barrier']}: {found['problem'] or 'stands'}")
    click.echo(f"guarded  {found['doors']} sockets or ports")
    click.echo(f"banned   {found['banned']}, slowed {found['slowed']}")
