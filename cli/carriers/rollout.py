"""A new version, node by node: the next node gets it when all controllers of the one before work with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gevent import sleep

from cli.errors import NoSuchNode, RollOutStopped
from cli.settings import Settings
from store.config_holds import ConfigHolds
from store.errors import StoreError
from store.versions_in_force import InForce

#: A large configuration takes a controller seconds to compile.
PATIENCE_S: Final = 120.0
#: A node that is well with a version for so long keeps it.
REST_S: Final = 10.0
#: What a controller said of an attempt before is out of the way after so long.
SETTLE_S: Final = 4.0
_LOOK_S: Final = 0.25


#: What controllers say of themselves; raises StoreError.
Told = Callable[[], Sequence[InForce]]


@dataclass(frozen=True, slots=True)
class RollOut:
    """`version` to these nodes in this order. `rest_s`: how long a node is watched before the next one."""

    version: int
    nodes: Sequence[str]
    rest_s: float
    actor: str
    patience_s: float = PATIENCE_S
    settle_s: float = SETTLE_S


def nodes_of(settings: Settings) -> list[str]:
    """All nodes, this machine's first."""
    return [settings.node.name, *(each.name for each in settings.other_nodes)]


def require_known(without: Collection[str], known: Sequence[str]) -> None:
    """Raises NoSuchNode for a node to be left out that is not one of these."""
    for name in without:
        if name not in known:
            raise NoSuchNode(f"there is no node {name[:64]!r} to leave out; there are {', '.join(known)}")


def left_out(without: Collection[str], held: Mapping[str, int], version: int) -> list[str]:
    """What becomes of the nodes that a roll-out of `version` leaves out, a sentence for each."""
    return [_stays(each, held.get(each), version) for each in sorted(set(without))]


def _stays(node: str, held_at: int | None, version: int) -> str:
    if held_at is None:
        return f"{node} is not held: it takes version {version} by itself as soon as it is there"
    return (
        f"{node} is left out: it keeps version {held_at} and comes back with it, and does not take version "
        f"{version} by itself. When it is there again: fernamt config rollout"
    )


def roll_out(plan: RollOut, holds: ConfigHolds, told: Told, tell: Callable[[str], None]) -> None:
    """Let one node after the other have the version. Raises RollOutStopped when a controller cannot use it or
    none of the node's tells of itself: that node goes back to what it had, those after it keep theirs."""
    left = [each for each in plan.nodes if each in holds.all()]
    for node in left:
        before = holds.all().get(node)
        holds.release(node, actor=plan.actor, version=plan.version)
        problem = _problem(told, plan, node)
        if problem:
            if before is not None:
                holds.hold(node, before, actor=plan.actor)
            waiting = ", ".join(left[left.index(node) :])
            raise RollOutStopped(
                f"version {plan.version} stopped at {node}: {problem}. {waiting} keep version {before}; mend "
                f"it and go on with `fernamt config rollout`, or go back: `fernamt config rollback "
                f"{before}`; where {node} is dead go on without it: `fernamt config rollout --without {node}`"
            )
        tell(f"{node} has version {plan.version}")


def _problem(told: Told, plan: RollOut, node: str) -> str:
    """Why the node is not well with the version; "" when it was for `rest_s`."""
    settled = time.monotonic() + plan.settle_s
    deadline = time.monotonic() + plan.patience_s
    well_since: float | None = None
    while True:
        found = _controllers(told, node)
        refused = [each for each in found if each.problem and each.wanted == plan.version]
        now = time.monotonic()
        if refused and now >= settled:
            return f"controller {refused[0].controller}: {refused[0].problem}"
        if found and all(each.in_force == plan.version for each in found):
            well_since = well_since or now
            if now - well_since >= plan.rest_s:
                return ""
        elif well_since is not None and not found:
            return "its controllers are silent since they have it"
        if now >= deadline:
            late = ", ".join(each.controller for each in found if each.in_force != plan.version)
            who = late or "any controller: none tells of itself"
            return f"not in force after {plan.patience_s:g} s at {who}"
        sleep(_LOOK_S)


def _controllers(told: Told, node: str) -> list[InForce]:
    try:
        return [each for each in told() if each.node == node]
    except StoreError:
        return []  # told as silence when it lasts
