"""`fernamt node`: the FreeSWITCH nodes, and taking one out of service without dropping a call."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import click
from gevent import sleep
from rich.table import Table

from cli.auditing import entry_first, even_unaudited, writer
from cli.bootstrap import connected, event_socket, other_nodes
from cli.changes import actor_option, changing
from cli.errors import NodeBusy, NodeNeeded, NoSuchNode, NotRunning
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown
from cli.wiring.certificates import configured_certificate, take_over
from freeswitch import api_calls, node_state
from freeswitch.commands import ApiCall
from freeswitch.errors import FreeSwitchError
from freeswitch.node_state import NodeState
from freeswitch.settings import EventSocketAddress

_LOOK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """A node of the settings. `state` None: it does not answer, `problem` says what was tried."""

    name: str
    address: str
    state: NodeState | None
    problem: str = ""

    @property
    def takes_calls(self) -> bool:
        return self.state is not None and self.state.ready and not self.state.drained


@click.group()
def node() -> None:
    """FreeSWITCH nodes: status, drain, undrain, certificate.

    \b
    A node is taken out of service like this:
      fernamt node drain node-1 --reason "new kernel" --wait 3600
      systemctl stop freeswitch        (reboot, upgrade ...; a node that is started takes calls)
    """


@node.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status(settings: Callable[[], Settings], as_json: bool) -> None:
    """All nodes: whether they take calls, and how many legs are up. Exits with 1 when one does not answer.

    \b
    Example: fernamt node status
    """
    found = nodes_now(effective(settings()))
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found], ensure_ascii=False, indent=1))
    else:
        table = Table("node", "event socket", "state", "legs", "up")
        for each in found:
            legs, up = (str(each.state.legs), each.state.up) if each.state else ("-", each.problem)
            table.add_row(each.name, each.address, _word(each), legs, up)
        console().print(table)
    if any(each.state is None for each in found):
        raise SystemExit(1)


@node.command()
@click.argument("name")
@click.option("--wait", "wait_s", type=click.IntRange(0, 86_400), default=0, metavar="SECONDS",
              help="Wait so long for the last call to end.")  # fmt: skip
@click.option("--even-the-last", is_flag=True, help="Also when no other node takes calls then.")
@even_unaudited
@changing(reason_required=True)
def drain(
    settings: Callable[[], Settings], name: str, wait_s: int, even_the_last: bool, even_unaudited: bool,
    at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Let a node take no new calls: they are refused with 503, so that the other side takes another node.

    Calls that are up go on until they end. 110 and 112 are still taken. It lasts until `undrain`, or until
    the node is started anew. The audit has an entry of it first.

    \b
    Example: fernamt node drain node-2 --reason "new kernel" --wait 3600
    """
    known = effective(settings())
    _known(known, name)
    others = (_look(other, address) for other, address in _addresses(known).items() if other != name)
    if not even_the_last and not any(each.takes_calls for each in others):
        raise NodeNeeded(
            f"no other node takes calls at the moment, so all but 110 and 112 would be refused: look at "
            f"`fernamt node status`, or drain {name} with --even-the-last"
        )
    details = {"reason": reason, "at": at.isoformat()}
    write = writer(known, actor, ("node", name), even_unaudited=even_unaudited)
    _order(known, name, node_state.drain(), entry_first(write, "node.drain", details))
    click.echo(f"{name} takes no new calls but those to 110 and 112.")
    if wait_s:
        _wait(known, name, wait_s)


@node.command()
@click.argument("name")
@even_unaudited
@changing()
def undrain(
    settings: Callable[[], Settings], name: str, even_unaudited: bool, at: datetime, actor: str, reason: str
) -> None:
    """Let a node take calls again.

    \b
    Example: fernamt node undrain node-2
    """
    known = effective(settings())
    details = {"reason": reason, "at": at.isoformat()}
    write = writer(known, actor, ("node", name), even_unaudited=even_unaudited)
    _order(known, name, node_state.undrain(), entry_first(write, "node.undrain", details))
    click.echo(f"{name} takes calls.")


@node.command()
@even_unaudited
@actor_option
@click.pass_obj
def certificate(settings: Callable[[], Settings], even_unaudited: bool, actor: str) -> None:
    """Have this machine's node show a certificate that was renewed. No call and no connection ends.

    It puts the files of node.tls where FreeSWITCH reads them, has it read them again, and looks at each port
    (docs/trunks.md). The audit has an entry of it first; a program that renews certificates at night does not
    wait for the database.

    \b
    Example: fernamt node certificate
             certbot renew --deploy-hook "fernamt node certificate --even-unaudited"
    """
    known = effective(settings())

    def order() -> str:
        with connected(event_socket(known)) as connection:
            return connection.api(api_calls.reload_certificates())

    own = configured_certificate(known)
    details = {"until": own.not_after.isoformat(), "sha256": own.fingerprint}
    write = writer(known, actor, ("node", known.node.name), even_unaudited=even_unaudited)
    with entry_first(write, "node.certificate", details):
        own = take_over(known, order)
    click.echo(f"{known.node.name} shows the certificate until {shown(own.not_after)} to who connects now.")


def nodes_now(settings: Settings) -> list[NodeSeen]:
    """Every node of the settings, this machine's first. Each has its own timeout."""
    return [_look(name, address) for name, address in _addresses(settings).items()]


def _addresses(settings: Settings) -> Mapping[str, EventSocketAddress]:
    others = {name: address for name, (address, _) in other_nodes(settings).items()}
    return {settings.node.name: event_socket(settings), **others}


def _look(name: str, address: EventSocketAddress) -> NodeSeen:
    place = f"{address.host}:{address.port}"
    try:
        with connected(address) as connection:
            text = connection.api(api_calls.status())
            return NodeSeen(name, place, node_state.node_state(text, node_state.drained_said(connection.api)))
    except (NotRunning, FreeSwitchError) as error:
        return NodeSeen(name, place, None, str(error))


def _known(settings: Settings, name: str) -> EventSocketAddress:
    known = _addresses(settings)
    if name not in known:
        raise NoSuchNode(f"there is no node {name[:64]!r} in the settings; there are {', '.join(known)}")
    return known[name]


def _order(settings: Settings, name: str, call: ApiCall, entry: AbstractContextManager[None]) -> None:
    """The entry is made when the node is there, and before it is told."""
    with connected(_known(settings, name)) as connection, entry:
        connection.api(call)


def _wait(settings: Settings, name: str, wait_s: int) -> None:
    """Until the node has no leg left. Raises NodeBusy."""
    deadline = time.monotonic() + wait_s
    address, told = _known(settings, name), -1
    while True:
        state = _look(name, address).state
        if state is None or not state.legs:
            click.echo(f"{name} has no calls left." if state else f"{name} does not answer any more.")
            return
        if state.legs != told:
            click.echo(f"{state.legs} legs are up", err=True)
            told = state.legs
        if time.monotonic() >= deadline:
            raise NodeBusy(
                f"{name} still has {state.legs} legs after {wait_s} s: wait on with "
                f"`fernamt node drain {name} --wait SECONDS`, or look at `fernamt call list`"
            )
        sleep(_LOOK_S)


def _word(seen: NodeSeen) -> str:
    if seen.state is None:
        return "does not answer"
    if not seen.state.ready:
        return "is not ready"
    return "drained" if seen.state.drained else "takes calls"


def _plain(seen: NodeSeen) -> dict[str, Any]:
    state = seen.state
    return {
        "node": seen.name,
        "event_socket": seen.address,
        "answers": state is not None,
        "takes_calls": seen.takes_calls,
        "drained": state.drained if state else None,
        "legs": state.legs if state else None,
        "problem": seen.problem,
    }
