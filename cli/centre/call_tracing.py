"""`fernamt call trace` and `fernamt call capture`: one call step by step, and its SIP for a while."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import click

from cli.bootstrap import audited, call_traces, engine, live_calls, node_connection, until_stopped
from cli.changes import changing
from cli.errors import NotRunning
from cli.explaining.call_trace import Sources, Trace, traced
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import visible
from cli.times import GERMANY, shown, written
from cli.wiring.call_traces import CapturedMessage
from freeswitch import profile_calls

_MOST_SECONDS: Final = 3_600
_COMMAND: Final = "fernamt call trace"


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def trace(settings: Callable[[], Settings], id: str, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """Everything that happened to a call, in order: offered, decided, commanded, rung, queued, rated.

    ID is that of the call or of one of its legs, running or ended. What controllers did and heard is kept for
    `trace_minutes` (settings), records for as long as the law lets (docs/privacy.md). With SIP messages where
    they were captured.

    \b
    Example: fernamt call trace 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11
    """
    here = effective(settings())
    found = traced(
        id,
        Sources(
            lambda: live_calls(here),
            lambda: call_traces(here),
            lambda: engine(here, _COMMAND),
            here.node.cdr_dir,
        ),
    )
    if found.empty:
        away = "".join(f"; not asked: {each}" for each in found.away)
        raise click.ClickException(
            f"nothing is known of a call {id!r}: look for its id in `fernamt call list` or "
            f"`fernamt cdr export`; records are deleted in time (docs/privacy.md){away}  [call.unknown]"
        )
    if as_json:
        click.echo(json.dumps(_plain(found), ensure_ascii=False, indent=1))
    else:
        _show(found)


def _show(found: Trace) -> None:
    begin = min([line.at for line in found.lines] + [message.at for message in found.messages], default=None)
    click.echo(f"call {found.call_id}, {shown(begin)}")
    for name, leg in found.legs.items():
        way = leg.trunk_id or leg.phone_id or "-"
        called = visible(leg.b_number or leg.b_dialled or "-")
        click.echo(f"  leg {name:<3} {leg.leg_id}  {called} over {way}")
    if found.live is not None:
        click.echo(f"  in progress: {found.live.state.value} on {found.live.node}")
    click.echo()
    for line in found.lines:
        click.echo(f"{_clock(line.at)} {_since(begin, line.at):>9}  {line.where:<26} {visible(_text(line))}")
    if found.messages:
        click.echo("\nSIP")
        for message in found.messages:
            click.echo(f"{_clock(message.at)} {_since(begin, message.at):>9}  {visible(_arrow(message))}")
    for each in found.away:
        click.echo(f"\nnot asked: {each}", err=True)


def _text(line: Any) -> str:
    return f"{line.what}: {line.words}" if line.words else str(line.what)


def _arrow(message: CapturedMessage) -> str:
    first = message.first_line.removesuffix(" SIP/2.0").removeprefix("SIP/2.0 ")
    cseq = dict(message.headers).get("CSeq", "")
    about = "" if message.first_line.split(" ")[0] in cseq else f" ({cseq})"
    return f"{message.source:<21} -> {message.target:<21} {first}{about}"


def _clock(at: datetime) -> str:
    return at.astimezone(GERMANY).strftime("%H:%M:%S.%f")[:-3]


def _since(begin: datetime | None, at: datetime) -> str:
    milliseconds = (at - begin) / timedelta(milliseconds=1) if begin is not None else 0
    return f"+{milliseconds:.0f} ms"


def _plain(found: Trace) -> dict[str, Any]:
    return {
        "call_id": found.call_id,
        "in_progress": found.live is not None,
        "legs": {name: leg.leg_id for name, leg in found.legs.items()},
        "steps": [
            {"at": written(line.at), "where": line.where, "what": line.what, "words": line.words}
            for line in found.lines
        ],
        "sip": [
            {
                "at": written(each.at),
                "source": each.source,
                "target": each.target,
                "first_line": each.first_line,
                "headers": dict(each.headers),
            }
            for each in found.messages
        ],
        "not_asked": found.away,
    }


@click.command()
@click.option(
    "--seconds",
    type=click.IntRange(1, _MOST_SECONDS),
    default=300,
    show_default=True,
    help="How long; it ends earlier with Ctrl-C.",
)
@changing(reason_required=True)
def capture(settings: Callable[[], Settings], seconds: int, at: datetime, actor: str, reason: str) -> None:
    """Have the node copy its SIP messages to the intake for a while, for the ladder of `fernamt call trace`.

    Every message of every call of the node is copied; kept are the first line and the headers that tell who
    calls whom and why it failed, no bodies, no credentials, for `trace_minutes` (settings). Needs
    `sip_capture` in the settings and a node rendered with it.

    \b
    Example: fernamt call capture --seconds 120 --reason "ticket 4711: calls over carrier-a fail"
    """
    here = effective(settings())
    if here.sip_capture is None:
        raise NotRunning("there is no `sip_capture` in the settings: docs/trace.md says how to set it")
    stopped = until_stopped()
    with node_connection(here) as node:
        audited(
            here, actor, "call.capture", "node", here.node.name, {"seconds": str(seconds), "reason": reason}
        )
        node.api(profile_calls.global_capture(on=True))
        try:
            click.echo(f"SIP of {here.node.name} is captured for {seconds} s; Ctrl-C ends it", err=True)
            stopped.wait(seconds)
        finally:
            node.api(profile_calls.global_capture(on=False))
    click.echo("SIP is captured no more; fernamt call trace ID")
