"""The nodes of a routing plan, as the call path reads them. `provisioning` makes them and has checked them:
every name is there, and no path without a caller's action comes back to where it was.

`to`, `otherwise` and the like are ids of nodes. A `Sound` is what the switch plays: the absolute path of a
WAV file or a tone (`tone_stream://…`), made by us, never by a caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from dialplan.causes import Cause
from dialplan.mailbox import Mailbox
from dialplan.plans.hours import Hours
from numbering.classes import NumberClass
from numbering.e164 import E164

Sound = str
#: What waiting callers hear when nothing is configured: a soft tone now and then.
WAITING_TONE: Final = "tone_stream://v=-20;%(200,4800,425)"


@dataclass(frozen=True, slots=True)
class HoursNode:
    """By opening hours: own ones of the plan's, or the carrier's by their name."""

    hours: Hours | str
    open: str
    closed: str


@dataclass(frozen=True, slots=True)
class HolidayNode:
    """By the day: `days` are the public holidays of a Land, and further days of the customer's."""

    days: frozenset[date]
    holiday: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class MenuNode:
    """Ask for keys. The prompt is played once and, when nothing or something else was pressed, `repeats`
    times more; then the call goes to `silent` or `wrong`. `invalid` is played before a repeat after wrong
    keys. `consent`: the choice by which the caller agrees to be recorded (C4)."""

    prompt: Sound
    choices: Mapping[str, str]
    silent: str
    wrong: str
    repeats: int = 1
    timeout_s: int = 5
    invalid: Sound | None = None
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class AnnouncementNode:
    """Play and go on. With `answer` the call is answered before, which the caller pays for."""

    prompt: Sound
    to: str
    answer: bool = False


@dataclass(frozen=True, slots=True)
class PercentNode:
    """Shares of the calls, in percent, 100 together. The call's id decides, so that asking again gives the
    same."""

    shares: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class CallerBranch:
    """Callers with one of the numbers, prefixes or classes; `withheld`: those who show no number."""

    to: str
    numbers: frozenset[E164] = frozenset()
    prefixes: tuple[str, ...] = ()
    classes: frozenset[NumberClass] = frozenset()
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class CallerNode:
    """By the number that the caller shows: the first branch that fits."""

    branches: tuple[CallerBranch, ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class RingNode:
    """Ring these phones or these trunks, in order. `busy` and `no_answer` go before `otherwise`, which is for
    everything else and must be there with them; without it the call ends."""

    phone_ids: tuple[str, ...] = ()
    trunk_ids: tuple[str, ...] = ()
    otherwise: str | None = None
    busy: str | None = None
    no_answer: str | None = None


@dataclass(frozen=True, slots=True)
class ForwardNode:
    """Call this number on the customer's behalf and at its cost (B5: barred numbers stay barred)."""

    number: E164
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class QueueNode:
    """A queue of the contact centre; `overflow` is for calls that it does not take or sends away, `exits` for
    callers who press one of its keys. Outside of its `hours` it takes nobody; who waits by then waits on.

    `priority` is the caller's, `agent` the one who is asked first; else, with `remembers`, the agent of last
    time.
    """

    queue: str
    overflow: str
    music: Sound = WAITING_TONE
    exits: Mapping[str, str] = field(default_factory=dict)
    hours: Hours | str | None = None
    priority: int = 0
    agent: str | None = None
    remembers: bool = False


@dataclass(frozen=True, slots=True)
class CallbackSpeech:
    """What a caller hears who may be called back: whether at the number that he shows (`offer`: 1 yes, 2 at
    another one); to enter one (`enter`), whether the digits said between `is_it` and `check` are right (1,
    2); that this one cannot be called (`refused`); that it is `noted`."""

    offer: Sound
    enter: Sound
    is_it: Sound
    digits: tuple[Sound, ...]
    check: Sound
    refused: Sound
    noted: Sound


@dataclass(frozen=True, slots=True)
class CallbackNode:
    """Keep the caller's place in the queue and call him back, within `hours` (C1). `otherwise`: the caller
    does not want it, or it cannot be."""

    customer_id: str
    queue: str
    otherwise: str
    speech: CallbackSpeech
    hours: Hours | str | None = None


@dataclass(frozen=True, slots=True)
class MailboxNode:
    """Leave a message; then the call ends (C3)."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True)
class ListenNode:
    """Listen to the messages of a mailbox that has a PIN; then the call ends (C3)."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True)
class EndNode:
    """End the call with this cause, after the announcement if there is one."""

    cause: Cause
    prompt: Sound | None = None


Node = (
    HoursNode
    | HolidayNode
    | MenuNode
    | AnnouncementNode
    | PercentNode
    | CallerNode
    | RingNode
    | ForwardNode
    | QueueNode
    | CallbackNode
    | MailboxNode
    | ListenNode
    | EndNode
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of a customer. `start` and every id named by a node are keys of `nodes`."""

    id: str
    customer_id: str
    start: str
    nodes: Mapping[str, Node]
