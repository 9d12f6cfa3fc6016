"""An order to Microsoft, from planned to ended: uploads, releases, reports of calls; to be polled.

An order is planned and written down before it is sent, and sent again under the same key until it is known to
be taken: so whatever is lost on the way, it is carried out once. Everything is pure: chance is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from numbering.e164 import E164
from numbering.tenancy import RETRY_REFUSED, BookDefect, Booked, Happened, Place, Problem, moved

#: Numbers or calls of one order; Microsoft takes 10,000 numbers at once. A smaller order that is refused as a
#: whole keeps fewer waiting.
MOST_OF_ORDER: Final = 1_000
#: Between two tries of what did not answer: doubled each time, in seconds.
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 900.0
#: What Microsoft asks us to wait is believed up to so many seconds.
LONGEST_ASKED_S: Final = 3_600.0
#: An order that was taken is asked after, not more often and not less often.
POLL_S: Final = (1.0, 300.0)
#: Beyond so many tries or so long an operator should look; it is tried on.
MANY_TRIES: Final = 10
LONG: Final = timedelta(hours=24)


class Kind(StrEnum):
    """What is ordered."""

    UPLOAD = "upload"
    RELEASE = "release"
    REPORT = "report"


class OrderState(StrEnum):
    """PLANNED: to be sent, perhaps sent already; ACCEPTED: taken, to be polled; ENDED: each number has its
    outcome; REFUSED: as a whole."""

    PLANNED = "planned"
    ACCEPTED = "accepted"
    ENDED = "ended"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Microsoft's no: which problem it is for us, and its own words."""

    problem: Problem
    what: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The order was taken under the id `operation`; ask again after so many seconds."""

    operation: str
    poll_after_s: float


@dataclass(frozen=True, slots=True)
class Running:
    """It is worked on; ask again after so many seconds."""

    poll_after_s: float


@dataclass(frozen=True, slots=True)
class Ended:
    """It is done, but for the numbers named."""

    refused: Mapping[str, Refusal]


@dataclass(frozen=True, slots=True)
class Rejected:
    """The order was not taken and will not be."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Nobody there knows the operation (any more)."""


@dataclass(frozen=True, slots=True)
class Away:
    """No answer, or one that says: later. `everything`: whatever else is asked now gets the same answer (rate
    limit, login refused, no connection); `doubtful`: unless it is about this one tenant alone, which the next
    tenant's question shows. `next_step` "" where waiting is enough."""

    why: str
    retry_after_s: float | None = None
    everything: bool = False
    next_step: str = ""
    doubtful: bool = False


Answer = Accepted | Running | Ended | Rejected | Forgotten | Away


@dataclass(frozen=True, slots=True)
class Order:
    """`attempts`: tries in a row without an answer; `round`: how often it had to be begun anew."""

    id: str
    kind: Kind
    tenant_id: str
    customer_id: str
    made_at: datetime
    next_at: datetime
    state: OrderState = OrderState.PLANNED
    round: int = 0
    operation: str | None = None
    attempts: int = 0
    why: str = ""
    ended_at: datetime | None = None

    @property
    def key(self) -> str:
        """Under which it is sent: the same key again is the same order again."""
        return f"{self.id}.{self.round}"

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in (OrderState.PLANNED, OrderState.ACCEPTED)

    def stuck(self, at: datetime) -> bool:
        """Whether an operator should look."""
        return self.open and (self.attempts >= MANY_TRIES or at - self.made_at >= LONG)


class OrderDefect(RuntimeError):
    """An answer that the order's state does not know: a defect of this program."""


#: What may be answered in which state, and where it leads.
TABLE: Final[Mapping[tuple[OrderState, type[Answer]], OrderState]] = {
    (OrderState.PLANNED, Accepted): OrderState.ACCEPTED,
    (OrderState.PLANNED, Rejected): OrderState.REFUSED,
    (OrderState.PLANNED, Away): OrderState.PLANNED,
    (OrderState.ACCEPTED, Running): OrderState.ACCEPTED,
    (OrderState.ACCEPTED, Ended): OrderState.ENDED,
    (OrderState.ACCEPTED, Away): OrderState.ACCEPTED,
    (OrderState.ACCEPTED, Forgotten): OrderState.PLANNED,
}


def answered(order: Order, answer: Answer, at: datetime, chance: float) -> Order:
    """The order after an answer. `chance` (0 to 1) spreads the tries. Raises OrderDefect."""
    state = TABLE.get((order.state, type(answer)))
    if state is None:
        raise OrderDefect(f"order {order.id} is {order.state} and knows no {type(answer).__name__}")
    after = replace(order, state=state, next_at=at, attempts=0, why="")
    match answer:
        case Accepted(operation, poll_after_s):
            return replace(after, operation=operation, next_at=at + _poll(poll_after_s))
        case Running(poll_after_s):
            return replace(after, next_at=at + _poll(poll_after_s))
        case Away(why, retry_after_s):
            pause = timedelta(seconds=pause_s(order.attempts, retry_after_s, chance))
            return replace(after, attempts=order.attempts + 1, why=why, next_at=at + pause)
        case Forgotten():
            # A new key: under the old one the peer would answer with the operation that it forgot.
            pause = timedelta(seconds=pause_s(order.round, None, chance))
            why = "Microsoft forgot the order; it is sent again"
            return replace(after, operation=None, round=order.round + 1, why=why, next_at=at + pause)
        case Rejected(refusal):
            return replace(after, why=refusal.what, ended_at=at)
        case Ended():
            return replace(after, ended_at=at)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A tenant whose numbers Microsoft does not list for us: since when, how often it was asked, when it is
    asked again, and why."""

    tenant_id: str
    since: datetime
    next_at: datetime
    tries: int
    why: str


def troubled(
    before: Trouble | None, tenant_id: str, no: Away | Rejected, at: datetime, chance: float
) -> Trouble:
    """One more try without a list: after no answer it is asked again as an order is, after a refusal as a
    refused number is."""
    tries = before.tries if before is not None else 0
    since = before.since if before is not None else at
    if isinstance(no, Rejected):
        return Trouble(tenant_id, since, at + RETRY_REFUSED, tries + 1, no.refusal.what)
    pause = timedelta(seconds=pause_s(tries, no.retry_after_s, chance))
    return Trouble(tenant_id, since, at + pause, tries + 1, no.why)


def pause_s(attempts: int, asked_s: float | None, chance: float) -> float:
    """Seconds to the next try after so many in a row: doubled each time, by half to the whole of it, and not
    less than was asked."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * (1 << min(attempts, 20)))
    return max(longest * (0.5 + 0.5 * chance), min(asked_s or 0.0, LONGEST_ASKED_S))


def _poll(asked_s: float) -> timedelta:
    return timedelta(seconds=min(max(asked_s, POLL_S[0]), POLL_S[1]))


def ordered(number: E164, booked: Booked | None, order: Order) -> Booked:
    """A number with an order under way. One that began a new life is linked anew; one that did not and is of
    another tenant raises BookDefect, whatever was planned (A4)."""
    at = order.made_at
    if booked is None or (booked.tenant_id != order.tenant_id and booked.renewed):
        booked = Booked(number, order.tenant_id, order.customer_id, Place.AWAY, at)
    if booked.tenant_id != order.tenant_id:
        raise BookDefect(f"{number} is linked to tenant {booked.tenant_id} and never moves (A4)")
    happened = Happened.UPLOAD_ORDERED if order.kind is Kind.UPLOAD else Happened.RELEASE_ORDERED
    return replace(moved(booked, happened, at), order_id=order.id, customer_id=order.customer_id)


_OUTCOMES: Final = {
    Kind.UPLOAD: (Happened.UPLOAD_DONE, Happened.UPLOAD_REFUSED),
    Kind.RELEASE: (Happened.RELEASE_DONE, Happened.RELEASE_REFUSED),
}


def settled(order: Order, booked: Booked, refusal: Refusal | None, at: datetime) -> Booked:
    """A number after its order ended: at its place, or back with the problem, to be tried again later.
    Raises KeyError for a report, BookDefect for a number of another order."""
    done, refused = _OUTCOMES[order.kind]
    if refusal is None:
        return moved(booked, done, at)
    return replace(
        moved(booked, refused, at), problem=refusal.problem, what=refusal.what, retry_at=at + RETRY_REFUSED
    )


def refusals(answer: Answer, numbers: Mapping[E164, Booked]) -> Mapping[str, Refusal]:
    """Which of an ended order's numbers were refused: those named, or all of an order that was not taken."""
    if isinstance(answer, Rejected):
        return dict.fromkeys(numbers, answer.refusal)
    return answer.refused if isinstance(answer, Ended) else {}
