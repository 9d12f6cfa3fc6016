"""The life of a number (A6) as one table: (state, event) -> state, with the conditions that must hold.

The configuration says who has a number, this table says what may become of it. Everything is pure: `step`
takes a life, an order and a moment and gives the next life, or raises a LifeCycleError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from numbering.errors import ConditionUnmet, NotInTable, OutOfOrder
from numbering.life import (
    FREE,
    TERMS,
    Assignment,
    Event,
    Life,
    Order,
    State,
    Terms,
    german_time,
    quarantine_end,
    said,
)
from numbering.life_conditions import CHECKS, Condition, contract_end, words


@dataclass(frozen=True, slots=True)
class Transition:
    """One cell of the table."""

    target: State
    conditions: tuple[Condition, ...] = ()


def _to(target: State, *conditions: Condition) -> Transition:
    return Transition(target, conditions)


_LEAVE: Final = _to(State.PORTED_OUT, Condition.CONTRACT_OVER, Condition.WITHIN_A_MONTH, Condition.MAY_LEAVE)
_RELEASE: Final = _to(State.RELEASED, Condition.CONFIGURATION_AGREES)
_BLOCK: Final = _to(State.BLOCKED, Condition.REASON_GIVEN)
_RETURN: Final = _to(
    State.ASSIGNED, Condition.CONFIGURATION_ASSIGNS, Condition.SAME_CUSTOMER, Condition.SAME_TENANT
)


def _kept(state: State) -> Transition:
    return _to(state, Condition.CONFIGURATION_ASSIGNS, Condition.SAME_CUSTOMER, Condition.SAME_TENANT)


#: A customer's, with an activation date behind or before it.
IN_USE: Final = (State.ASSIGNED, State.ACTIVE, State.BLOCKED)

#: The whole life cycle. What is not here is an error.
TABLE: Final[dict[tuple[State, Event], Transition]] = {
    (State.FREE, Event.RESERVE): _to(State.RESERVED, Condition.CUSTOMER_NAMED, Condition.TIME_AHEAD),
    (State.FREE, Event.ASSIGN): _to(State.ASSIGNED, Condition.CONFIGURATION_ASSIGNS),
    (State.FREE, Event.PORT_IN): _to(State.PORTED_IN, Condition.CUSTOMER_NAMED),
    (State.RESERVED, Event.RESERVE): _to(State.RESERVED, Condition.SAME_CUSTOMER, Condition.TIME_AHEAD),
    (State.RESERVED, Event.ASSIGN): _to(State.ASSIGNED, Condition.SAME_CUSTOMER),
    (State.RESERVED, Event.DROP_RESERVATION): _to(State.FREE),
    (State.RESERVED, Event.RESERVATION_OVER): _to(State.FREE, Condition.DUE),
    (State.PORTED_IN, Event.ASSIGN): _to(State.ASSIGNED, Condition.SAME_CUSTOMER),
    (State.PORTED_IN, Event.RELEASE): _RELEASE,
    (State.ASSIGNED, Event.CONFIGURE): _kept(State.ASSIGNED),
    (State.ASSIGNED, Event.ACTIVATE): _to(State.ACTIVE, Condition.ACTIVATION_DUE),
    (State.ASSIGNED, Event.BLOCK): _BLOCK,
    (State.ASSIGNED, Event.RELEASE): _RELEASE,
    (State.ASSIGNED, Event.PORT_OUT): _LEAVE,
    (State.ACTIVE, Event.CONFIGURE): _kept(State.ACTIVE),
    (State.ACTIVE, Event.BLOCK): _BLOCK,
    (State.ACTIVE, Event.RELEASE): _RELEASE,
    (State.ACTIVE, Event.PORT_OUT): _LEAVE,
    (State.BLOCKED, Event.CONFIGURE): _kept(State.BLOCKED),
    (State.BLOCKED, Event.UNBLOCK): _to(State.ASSIGNED, Condition.REASON_GIVEN),
    (State.BLOCKED, Event.RELEASE): _RELEASE,
    (State.BLOCKED, Event.PORT_OUT): _LEAVE,
    (State.RELEASED, Event.QUARANTINE): _to(State.QUARANTINED, Condition.TEAMS_DEACTIVATED),
    (State.RELEASED, Event.ASSIGN): _RETURN,
    (State.RELEASED, Event.PORT_OUT): _LEAVE,
    (State.QUARANTINED, Event.QUARANTINE_OVER): _to(State.FREE, Condition.DUE, Condition.ALLOCATED),
    (State.QUARANTINED, Event.GIVE_BACK): _to(State.PORTED_OUT, Condition.DUE, Condition.PORTED),
    (State.QUARANTINED, Event.ASSIGN): _RETURN,
    (State.QUARANTINED, Event.PORT_OUT): _LEAVE,
    (State.PORTED_OUT, Event.PORT_IN): _to(State.PORTED_IN, Condition.CUSTOMER_NAMED),
    (State.PORTED_OUT, Event.FALL_BACK): _to(State.QUARANTINED, Condition.ALLOCATED),
    (State.PORTED_OUT, Event.RELEASE): _to(State.PORTED_OUT, Condition.CONFIGURATION_AGREES),
}


#: How most numbers get on.
_CONFIGURE: Final = "; numbers are assigned and taken back in the customer's file with `fernamt config apply`"


def step(life: Life, order: Order, at: datetime, terms: Terms = TERMS) -> Life:
    """The life after the order. `at` has a zone. Raise LifeCycleError's children; nothing else is changed."""
    transition = TABLE.get((life.state, order.event))
    if transition is None:
        raise NotInTable(
            f"a number that is {said(life.state)} knows no {said(order.event)}",
            f"Possible: {', '.join(said(event) for event in allowed(life.state))}{_CONFIGURE}",
        )
    if life.since is not None and at < life.since:
        raise OutOfOrder(
            f"the number is {said(life.state)} since {german_time(life.since)}, the order is for "
            f"{german_time(at)}",
            "Give a moment that is not before the last transition: --at TIME",
        )
    for condition in transition.conditions:
        check = CHECKS[condition]
        if not check.holds(life, order, at, terms):
            raise ConditionUnmet(condition, check.what.format(**words(life, order)), check.next_step)
    return _EFFECTS[order.event](
        replace(life, state=transition.target, since=at, reason=order.reason), life, order, at, terms
    )


def allowed(state: State) -> tuple[Event, ...]:
    """The events that the table knows for a state."""
    return tuple(event for known, event in TABLE if known is state)


def due(life: Life, at: datetime) -> Event | None:
    """What the calendar has brought by `at`: the event that is to be ordered, None when nothing is due."""
    if life.state in IN_USE and life.active_until is not None and life.active_until <= at:
        return Event.RELEASE
    if life.state is State.ASSIGNED:
        return Event.ACTIVATE if life.active_from is not None and life.active_from <= at else None
    if life.state is State.RELEASED and life.tenant_id is None:
        return Event.QUARANTINE
    if life.until is None or life.until > at:
        return None
    if life.state is State.RESERVED:
        return Event.RESERVATION_OVER
    if life.state is State.QUARANTINED:
        return Event.GIVE_BACK if life.ported else Event.QUARANTINE_OVER
    return None


#: (life with state, moment and reason set; life before; order; moment; terms) -> life after
_Effect = Callable[[Life, Life, Order, datetime, Terms], Life]


def _freed(_new: Life, _old: Life, _order: Order, _at: datetime, _terms: Terms) -> Life:
    return FREE


def _kept_for(new: Life, _old: Life, order: Order, _at: datetime, _terms: Terms) -> Life:
    return replace(new, customer_id=order.customer_id, until=order.until)


def _came(new: Life, old: Life, order: Order, _at: datetime, _terms: Terms) -> Life:
    ported = old.ported if old.state is State.PORTED_OUT else True
    return Life(new.state, new.since, order.customer_id, ported=ported, reason=new.reason)


def _given(new: Life, old: Life, order: Order, _at: datetime, _terms: Terms) -> Life:
    assignment = order.assignment
    if assignment is None:
        raise ValueError(f"{order.event} needs an assignment")
    return replace(
        new,
        customer_id=assignment.customer_id,
        site=assignment.site,
        tenant_id=assignment.tenant_id or old.tenant_id,
        configured=order.by_configuration,
        active_from=assignment.active_from,
        active_until=assignment.active_until,
        contract_end=assignment.contract_end,
        until=None,
    )


def _particulars(new: Life, old: Life, order: Order, at: datetime, terms: Terms) -> Life:
    return replace(_given(new, old, order, at, terms), since=old.since, reason=old.reason)


def _unchanged(new: Life, _old: Life, _order: Order, _at: datetime, _terms: Terms) -> Life:
    return new


def _released(new: Life, old: Life, order: Order, _at: datetime, _terms: Terms) -> Life:
    return replace(new, configured=False, contract_end=contract_end(old, order))


def _quarantined(new: Life, _old: Life, _order: Order, at: datetime, terms: Terms) -> Life:
    return replace(new, until=quarantine_end(at, new.contract_end, terms), configured=False)


def _left(new: Life, old: Life, order: Order, _at: datetime, _terms: Terms) -> Life:
    return replace(new, until=None, contract_end=contract_end(old, order))


_EFFECTS: Final[dict[Event, _Effect]] = {
    Event.RESERVE: _kept_for,
    Event.DROP_RESERVATION: _freed,
    Event.RESERVATION_OVER: _freed,
    Event.PORT_IN: _came,
    Event.ASSIGN: _given,
    Event.CONFIGURE: _particulars,
    Event.ACTIVATE: _unchanged,
    Event.BLOCK: _unchanged,
    Event.UNBLOCK: _unchanged,
    Event.RELEASE: _released,
    Event.QUARANTINE: _quarantined,
    Event.QUARANTINE_OVER: _freed,
    Event.GIVE_BACK: _left,
    Event.PORT_OUT: _left,
    Event.FALL_BACK: _quarantined,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A transition that was made, and when it took effect."""

    event: Event
    at: datetime
    before: Life
    after: Life
    reason: str = ""


def carry_out(life: Life, order: Order, at: datetime, terms: Terms = TERMS) -> tuple[Step, ...]:
    """An order with what the calendar brought before it and what follows from it at once: a number that is
    unblocked after its activation date is active, and what an operator releases may be a reservation, a
    number that waits for a look into Teams, or one that came back. Raise LifeCycleError's children."""
    path = _Path(life, at, terms)
    path.settle()
    path.go(_letting_go(path.life, order) if order.event is Event.RELEASE else order)
    if order.teams_deactivated and path.life.state is State.RELEASED:
        path.go(replace(order, event=Event.QUARANTINE))
    path.settle()
    return tuple(path.steps)


def _letting_go(life: Life, order: Order) -> Order:
    """What people call releasing, by what there is to let go of."""
    if life.state is State.RESERVED:
        return replace(order, event=Event.DROP_RESERVATION)
    if life.state is State.RELEASED:
        return replace(order, event=Event.QUARANTINE)
    if life.state is State.PORTED_OUT and not life.ported and not life.configured:
        return replace(order, event=Event.FALL_BACK)
    return order


def keep_calendar(life: Life, at: datetime, terms: Terms = TERMS) -> tuple[Step, ...]:
    """What the calendar has brought until `at`; nothing when nothing is due."""
    path = _Path(life, at, terms)
    path.settle()
    return tuple(path.steps)


def follow_configuration(
    life: Life, assignment: Assignment | None, at: datetime, terms: Terms = TERMS
) -> tuple[Step, ...]:
    """What an applied version that gives the number to somebody, or (None) to nobody, makes of its life.

    Nothing where life and configuration agree. A number that loses its customer goes on into quarantine at
    once unless it was linked to a Microsoft tenant: then it waits, released, until somebody has looked there
    (TC 17.8). A version counts from when it is applied: never before the number's last transition.
    Raise LifeCycleError's children where the version asks for what may not be.
    """
    path = _Path(life, at if life.since is None else max(at, life.since), terms)
    path.settle()
    over = assignment is None or (assignment.active_until is not None and assignment.active_until <= at)
    if assignment is not None and not over:
        _take_up(path, assignment)
    elif path.life.configured:
        path.go(Order(Event.RELEASE, by_configuration=True))
    path.settle()
    return tuple(path.steps)


class _Path:
    """Steps of one number, one after the other, at one moment."""

    def __init__(self, life: Life, at: datetime, terms: Terms) -> None:
        self.life = life
        self.steps: list[Step] = []
        self._at = at
        self._terms = terms

    def go(self, order: Order) -> None:
        after = step(self.life, order, self._at, self._terms)
        self.steps.append(Step(order.event, self._at, self.life, after, order.reason))
        self.life = after

    def settle(self) -> None:
        """Ends: each event of the calendar leads on, and a quarantine that begins now is never over now."""
        while (event := due(self.life, self._at)) is not None:
            self.go(Order(event))


def _take_up(path: _Path, assignment: Assignment) -> None:
    life = path.life
    if life.state in IN_USE:
        if not _agree(life, assignment):
            path.go(Order(Event.CONFIGURE, assignment=assignment, by_configuration=True))
        return
    elsewhere = life.state is State.FREE or (life.state is State.PORTED_OUT and not life.configured)
    if assignment.ported and elsewhere:
        path.go(Order(Event.PORT_IN, customer_id=assignment.customer_id))
    path.go(Order(Event.ASSIGN, assignment=assignment, by_configuration=True))


def _agree(life: Life, assignment: Assignment) -> bool:
    return life.configured and (
        life.customer_id,
        life.site,
        life.tenant_id,
        life.active_from,
        life.active_until,
        life.contract_end,
    ) == (
        assignment.customer_id,
        assignment.site,
        assignment.tenant_id or life.tenant_id,
        assignment.active_from,
        assignment.active_until,
        assignment.contract_end,
    )
