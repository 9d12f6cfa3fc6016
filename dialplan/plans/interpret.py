"""`step`: where a call in a plan goes on and what is to be done there. A table of node and event; pure.

A call comes to at most `MAX_NODES` nodes, whatever keys are pressed; then it ends. Between two events no path
comes back to a node (`provisioning.checks.plans` refuses such plans), so a step is short, and even a plan
that nobody checked ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from dialplan.causes import Cause
from dialplan.plans.effects import (
    Ask,
    AskForCallback,
    Effects,
    End,
    Enqueue,
    Forward,
    KeepPlace,
    Last,
    Listen,
    Play,
    Record,
    Ring,
)
from dialplan.plans.hours import Hours, day_of
from dialplan.plans.nodes import (
    AnnouncementNode,
    CallbackNode,
    CallerBranch,
    CallerNode,
    EndNode,
    ForwardNode,
    HolidayNode,
    HoursNode,
    ListenNode,
    MailboxNode,
    MenuNode,
    Node,
    PercentNode,
    Plan,
    QueueNode,
    RingNode,
)
from dialplan.plans.position import ARRIVED, Given, Happened, Position, extended
from numbering.classes import NumberClass
from numbering.dial import Dialled, Line, normalise
from numbering.e164 import E164

#: Nodes one call may come to, menus that are entered again counted each time.
MAX_NODES: Final = 100

_NO_AREA: Final = Line(None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan may look at. `caller` is the number that is shown, None when it is withheld or unknown."""

    call_id: str
    caller: E164 | None
    now: datetime
    shared_hours: Mapping[str, Hours] = field(default_factory=dict)


class _Go(NamedTuple):
    """On to a node, `why` for the path; what is to be played before."""

    to: str
    why: str = ""
    play: Play | None = None


class _Stay(NamedTuple):
    """Here the call waits or ends."""

    last: Last
    asked: int = 0
    play: Play | None = None


class _Here(NamedTuple):
    """What a row of the table looks at."""

    id: str
    asked: int
    given: Given
    facts: Facts


def begin(plan: Plan) -> Position:
    """Where a call that comes in stands."""
    return Position(plan.start, path=plan.start)


def step(plan: Plan, position: Position, given: Given, facts: Facts) -> tuple[Position, Effects]:
    """Go on from `position` after `given`, up to where the call waits or ends.

    A node that the plan no longer has (another version came meanwhile) begins the plan anew; an event that a
    node does not know is taken as the call's arrival there. Never raises for a plan that was checked.
    """
    if position.node not in plan.nodes:
        path = extended(position.path, plan.start)
        position, given = Position(plan.start, position.entered + 1, 0, path), ARRIVED
    played: list[Play] = []
    while position.entered <= MAX_NODES:
        node = plan.nodes[position.node]
        row = _TABLE.get((type(node), given.what)) or _TABLE[type(node), Happened.ARRIVED]
        done = row(node, _Here(position.node, position.asked, given, facts))
        if done.play is not None:
            played.append(done.play)
        if isinstance(done, _Stay):
            return replace(position, asked=done.asked), (tuple(played), done.last)
        position = _entered(position, done)
        given = ARRIVED
    return position, (tuple(played), End(Cause.EXCHANGE_ROUTING_ERROR, overrun=True))


def _entered(position: Position, go: _Go) -> Position:
    path = f"{position.path}={go.why}" if go.why else position.path
    return Position(go.to, position.entered + 1, 0, extended(path, go.to))


def _hours(node: HoursNode, here: _Here) -> _Go:
    return _Go(node.open, "open") if _is_open(node.hours, here.facts) else _Go(node.closed, "closed")


def _is_open(named: Hours | str, facts: Facts) -> bool:
    hours = facts.shared_hours.get(named) if isinstance(named, str) else named
    # Hours that are gone: somebody took the carrier's ones away. Reachable beats closed.
    return hours is None or hours.is_open(facts.now)


def _holiday(node: HolidayNode, here: _Here) -> _Go:
    holiday = day_of(here.facts.now) in node.days
    return _Go(node.holiday, "yes") if holiday else _Go(node.otherwise, "no")


def _ask(node: MenuNode, here: _Here) -> _Stay:
    most = max(map(len, node.choices), default=1)
    before = node.invalid if here.given.what is Happened.KEYS else None
    return _Stay(Ask(node.prompt, node.timeout_s, most, before, node.consent), here.asked + 1)


def _keys(node: MenuNode, here: _Here) -> _Go | _Stay:
    chosen = node.choices.get(here.given.keys)
    if chosen is not None:
        return _Go(chosen, here.given.keys)
    return _ask(node, here) if here.asked <= node.repeats else _Go(node.wrong, "wrong")


def _silence(node: MenuNode, here: _Here) -> _Go | _Stay:
    return _ask(node, here) if here.asked <= node.repeats else _Go(node.silent, "silence")


def _announce(node: AnnouncementNode, _: _Here) -> _Go:
    return _Go(node.to, "", Play(node.prompt, node.answer))


def _percent(node: PercentNode, here: _Here) -> _Go:
    digest = hashlib.blake2b(f"{here.id}/{here.facts.call_id}".encode(), digest_size=4).digest()
    drawn = int.from_bytes(digest, "big") % 100
    for share, to in node.shares:
        drawn -= share
        if drawn < 0:
            return _Go(to, f"{share}%")
    return _Go(node.shares[-1][1])


def _caller(node: CallerNode, here: _Here) -> _Go:
    for count, branch in enumerate(node.branches, start=1):
        if _fits(branch, here.facts.caller):
            return _Go(branch.to, f"{count}")
    return _Go(node.otherwise, "other")


def _fits(branch: CallerBranch, caller: E164 | None) -> bool:
    if caller is None:
        return branch.withheld
    return (
        caller in branch.numbers
        or caller.startswith(branch.prefixes)
        or (bool(branch.classes) and _class_of(caller) in branch.classes)
    )


def _class_of(number: E164) -> NumberClass | None:
    read = normalise(number, _NO_AREA)
    return read.number_class if isinstance(read, Dialled) else None


def _ring(node: RingNode, _: _Here) -> _Stay:
    return _Stay(Ring(node.phone_ids, node.trunk_ids, node.otherwise is not None))


def _forward(node: ForwardNode, _: _Here) -> _Stay:
    return _Stay(Forward(node.number, node.otherwise is not None))


def _nobody(node: RingNode, here: _Here) -> _Go | _Stay:
    what = here.given.what
    own = {Happened.BUSY: node.busy, Happened.NO_ANSWER: node.no_answer}.get(what)
    if own is not None:
        return _Go(own, what.value)
    return _Go(node.otherwise, "none") if node.otherwise is not None else _ring(node, here)


def _not_reached(node: ForwardNode, here: _Here) -> _Go | _Stay:
    return _Go(node.otherwise, "none") if node.otherwise is not None else _forward(node, here)


def _queue(node: QueueNode, here: _Here) -> _Go | _Stay:
    if node.hours is not None and not _is_open(node.hours, here.facts):
        return _Go(node.overflow, "closed")
    return _wait(node, here)


def _wait(node: QueueNode, _: _Here) -> _Stay:
    keys = "".join(sorted(node.exits))
    return _Stay(Enqueue(node.queue, node.music, keys, node.priority, node.agent, node.remembers))


def _pressed(node: QueueNode, here: _Here) -> _Go | _Stay:
    # The key may be one that another version of the plan had: the caller waits on with the place kept.
    to = node.exits.get(here.given.keys)
    return _Go(to, here.given.keys) if to is not None else _wait(node, here)


def _overflowed(node: QueueNode, _: _Here) -> _Go:
    return _Go(node.overflow, "overflow")


def _offer_callback(node: CallbackNode, _: _Here) -> _Stay:
    return _Stay(AskForCallback(node.customer_id, node.queue, node.speech))


def _keep_place(node: CallbackNode, here: _Here) -> _Stay:
    return _Stay(KeepPlace(node.queue, E164(here.given.keys), node.speech.noted))


def _no_callback(node: CallbackNode, here: _Here) -> _Go:
    return _Go(node.otherwise, "full" if here.given.what is Happened.OVERFLOWED else "no")


def _leave(node: MailboxNode, _: _Here) -> _Stay:
    return _Stay(Record(node.mailbox))


def _listen(node: ListenNode, _: _Here) -> _Stay:
    return _Stay(Listen(node.mailbox))


def _left(_: MailboxNode | ListenNode, __: _Here) -> _Stay:
    return _Stay(End(Cause.NORMAL_CLEARING))


def _end(node: EndNode, _: _Here) -> _Stay:
    return _Stay(End(node.cause), play=Play(node.prompt) if node.prompt else None)


_TABLE: Final[Mapping[tuple[type[Node], Happened], Callable[[Any, _Here], _Go | _Stay]]] = {
    (HoursNode, Happened.ARRIVED): _hours,
    (HolidayNode, Happened.ARRIVED): _holiday,
    (MenuNode, Happened.ARRIVED): _ask,
    (MenuNode, Happened.KEYS): _keys,
    (MenuNode, Happened.SILENCE): _silence,
    (AnnouncementNode, Happened.ARRIVED): _announce,
    (PercentNode, Happened.ARRIVED): _percent,
    (CallerNode, Happened.ARRIVED): _caller,
    (RingNode, Happened.ARRIVED): _ring,
    (RingNode, Happened.NOT_REACHED): _nobody,
    (RingNode, Happened.BUSY): _nobody,
    (RingNode, Happened.NO_ANSWER): _nobody,
    (ForwardNode, Happened.ARRIVED): _forward,
    (ForwardNode, Happened.NOT_REACHED): _not_reached,
    (ForwardNode, Happened.BUSY): _not_reached,
    (ForwardNode, Happened.NO_ANSWER): _not_reached,
    (QueueNode, Happened.ARRIVED): _queue,
    (QueueNode, Happened.KEYS): _pressed,
    (QueueNode, Happened.OVERFLOWED): _overflowed,
    (CallbackNode, Happened.ARRIVED): _offer_callback,
    (CallbackNode, Happened.NUMBER): _keep_place,
    (CallbackNode, Happened.SILENCE): _no_callback,
    (CallbackNode, Happened.OVERFLOWED): _no_callback,
    (MailboxNode, Happened.ARRIVED): _leave,
    (MailboxNode, Happened.RECORDED): _left,
    (ListenNode, Happened.ARRIVED): _listen,
    (ListenNode, Happened.HEARD): _left,
    (EndNode, Happened.ARRIVED): _end,
}
