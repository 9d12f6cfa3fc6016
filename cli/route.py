"""`fernamt route`: why a call goes where it goes, without placing it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from cli.bootstrap import now
from cli.explaining.answer import by_files, in_force
from cli.explaining.explanation import explain as explained
from cli.explaining.explanation import lines, plain
from cli.explaining.question import Question
from cli.layout import effective
from cli.settings import NodeEntry, Settings
from cli.times import Moment
from cli.working import working
from dialplan.call import Via

#: The phones' realm where no settings are looked at.
_DOMAIN: Final = str(NodeEntry.model_fields["domain"].default)
#: How a leg comes about that nobody dials, by the word on the command line.
_VIA: Final = {each.value: each for each in Via if each is not Via.DIALLED}


@click.group()
def route() -> None:
    """Routing: why a call goes where it goes."""


@route.command()
@click.option("--to", "called", required=True, metavar="TEXT", help="What is dialled, in any spelling.")
@click.option("--customer", metavar="ID", help="Whose call it is. Needed without --incoming.")
@click.option("--from", "caller", metavar="NUMBER", help="The caller's number, or anonymous.")
@click.option("--user", metavar="ID", help="The customer's phone that calls.")
@click.option("--trunk", metavar="ID", help="The trunk that the call comes in on.")
@click.option("--incoming", is_flag=True, help="A call from the public network, over --trunk or any.")
@click.option("--withheld", is_flag=True, help="The caller asks to withhold the number.")
@click.option("--via", type=click.Choice(sorted(_VIA)), help="A leg that nobody dials: how it comes about.")
@click.option("--original", metavar="NUMBER", help="With --via: who called before the call was passed on.")
@click.option("--at", type=Moment(), help="At this moment, German time. Default: now.")
@click.option(
    "--config",
    "config",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Answer by these files alone, without database and switch. Default: the version in force.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def explain(
    settings: Callable[[], Settings],
    /,
    caller: str | None,
    called: str,
    customer: str | None,
    user: str | None,
    trunk: str | None,
    incoming: bool,
    withheld: bool,
    via: str | None,
    original: str | None,
    at: datetime | None,
    config: tuple[Path, ...],
    as_json: bool,
) -> None:
    """What becomes of a call, and why: outcome, rules passed, every leg with its headers, failover, limits.

    Nothing is placed. The very code that decides real calls answers.

    \b
    Examples:
      fernamt route explain --customer kunde-bau --from "0221 4710-100" --to 0900-512345
      fernamt route explain --customer kunde-kanzlei --user kanzlei-1 --to 112 --config carrier/
      fernamt route explain --incoming --trunk carrier-a --from +4915228817386 --to 0221-4710100
      fernamt route explain --customer kunde-bau --to 015228817386 --via forward --original 03023125001
    """
    if incoming == (customer is not None):
        raise click.UsageError("name the --customer who calls, or say --incoming")
    way = _VIA[via] if via else Via.DIALLED
    if original is not None and way is Via.DIALLED:
        raise click.UsageError("--original is for calls that are passed on: name --via too")
    question = Question(called, caller, customer, user, trunk, way, original, withheld)
    moment = at or now()
    with working("reading the configuration"):
        if config:
            answer, domain = by_files(config, question, moment), _DOMAIN
        else:
            known = effective(settings())
            answer, domain = in_force(known, question, moment), known.node.domain
    found = explained(answer.decision, answer.offered, domain=domain)
    if as_json:
        content = {**plain(found), "notes": list(answer.notes)}
        click.echo(json.dumps(content, ensure_ascii=False, indent=1))
        return
    for line in lines(found, answer.notes):
        click.echo(line)
