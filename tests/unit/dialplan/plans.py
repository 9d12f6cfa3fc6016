"""A plan made by hand with every kind of node, and the carrier whose number goes to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from dialplan.call import CallOffered
from dialplan.carrier import AssignedNumber, ToPlan
from dialplan.causes import Cause
from dialplan.mailbox import Access, Guide, Mailbox
from dialplan.plans.hours import Hours
from dialplan.plans.nodes import (
    AnnouncementNode,
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
from dialplan.plans.position import Given, Happened, Position, Resume
from dialplan.snapshot import Snapshot
from dialplan.week import WeekTimes
from numbering.classes import NumberClass
from numbering.e164 import E164
from tests.unit.dialplan.carriers import MOBILE, from_carrier, snapshot

HOTLINE = E164("+492214710300")
HELLO, WRONG, CLOSED = "/sounds/hello.wav", "/sounds/wrong.wav", "tone_stream://%(200,100,440)"
#: Wednesdays 8 to 18 o'clock; closed on 2026-11-25, a Wednesday.
OFFICE = Hours(WeekTimes.of([(2 * 1440 + 480, 2 * 1440 + 1080)]), frozenset({date(2026, 11, 25)}))

NODES: dict[str, Node] = {
    "holiday": HolidayNode(frozenset({date(2026, 12, 25)}), "closed", "hours"),
    "hours": HoursNode("office", "who", "closed"),
    "who": CallerNode(
        (
            CallerBranch("boss", numbers=frozenset({MOBILE})),
            CallerBranch("abroad", prefixes=("+41",), classes=frozenset({NumberClass.FOREIGN_MOBILE})),
            CallerBranch("closed", withheld=True),
        ),
        "share",
    ),
    "share": PercentNode(((50, "menu"), (50, "hello"))),
    "hello": AnnouncementNode(HELLO, "menu"),
    "menu": MenuNode(HELLO, {"1": "phones", "2": "trunks", "9": "menu", "#12": "queue"}, "boss", "closed", 1),
    "phones": RingNode(phone_ids=("kanzlei-1", "kanzlei-2"), otherwise="boss"),
    "trunks": RingNode(trunk_ids=("bau-1",)),
    "queue": QueueNode("sales", "phones"),
    "boss": ForwardNode(MOBILE, "closed"),
    "abroad": ForwardNode(E164("+41445550100")),
    "box": MailboxNode(Mailbox("box", "bau", HELLO)),
    "listen": ListenNode(Mailbox("box", "bau", access=Access("4711", Guide(*[HELLO] * 10)))),
    "closed": EndNode(Cause.SUBSCRIBER_ABSENT, CLOSED),
}
PLAN = Plan("main", "bau", "holiday", NODES)


def plan(start: str = "holiday", **changes: Node) -> Plan:
    """The plan begun at another node, with other nodes."""
    return replace(PLAN, start=start, nodes={**NODES, **changes})


def with_plans(**plans: Plan) -> Snapshot:
    """The carrier of `carriers` with numbers that go to plans: `n300` is +492214710300."""
    base = snapshot()
    numbers = dict(base.numbers)
    for name, each in plans.items():
        number = E164(f"+492214710{name[1:]}")
        numbers[number] = AssignedNumber(number, each.customer_id, ToPlan(each))
    return replace(base, numbers=numbers, opening_hours={"office": OFFICE})


def call(caller: str = "+4969900091", **facts: object) -> CallOffered:
    """A call from the public network to the hotline."""
    return from_carrier(HOTLINE, from_user=caller, **facts)


def again(offered: CallOffered, at: Position, what: Happened, keys: str = "") -> CallOffered:
    """The same call, asked about once more."""
    return replace(offered, resume=Resume(HOTLINE, at, Given(what, keys)))
