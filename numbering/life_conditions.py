"""What must hold for a transition in a number's life: each condition once, with its rule and its refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from numbering.life import Life, Order, Terms, german_day, german_time, month_after, said


class Condition(StrEnum):
    """What must hold for a transition, by name."""

    CUSTOMER_NAMED = "customer-named"
    TIME_AHEAD = "time-ahead"
    REASON_GIVEN = "reason-given"
    CONFIGURATION_ASSIGNS = "configuration-assigns"
    CONFIGURATION_AGREES = "configuration-agrees"
    SAME_CUSTOMER = "same-customer"
    SAME_TENANT = "same-tenant"
    ACTIVATION_DUE = "activation-due"
    DUE = "due"
    TEAMS_DEACTIVATED = "teams-deactivated"
    CONTRACT_OVER = "contract-over"
    WITHIN_A_MONTH = "within-a-month"
    MAY_LEAVE = "may-leave"
    ALLOCATED = "allocated"
    PORTED = "ported"


@dataclass(frozen=True, slots=True)
class Check:
    """A condition: as a rule for the documentation, as a test, and as the sentences of a refusal."""

    rule: str
    holds: Callable[[Life, Order, datetime, Terms], bool]
    what: str
    next_step: str


def contract_end(life: Life, order: Order) -> date | None:
    """The contract's last day: the configuration's; an operator's word counts only where it has no say."""
    if life.contract_end is None and not life.configured:
        return order.contract_end
    return life.contract_end


def _configuration_agrees(life: Life, order: Order, at: datetime, _terms: Terms) -> bool:
    over = life.active_until is not None and life.active_until <= at
    return order.by_configuration or not life.configured or over


def _same_tenant(life: Life, order: Order, _at: datetime, _terms: Terms) -> bool:
    new = order.assignment.tenant_id if order.assignment else None
    return life.tenant_id is None or new is None or new == life.tenant_id


def _contract_over(life: Life, order: Order, at: datetime, _terms: Terms) -> bool:
    end = contract_end(life, order)
    return end is not None and german_day(at) > end


def _within_a_month(life: Life, order: Order, at: datetime, _terms: Terms) -> bool:
    end = contract_end(life, order)
    return end is not None and german_day(at) < month_after(end)


CHECKS: Final[dict[Condition, Check]] = {
    Condition.CUSTOMER_NAMED: Check(
        "a customer is named",
        lambda life, order, at, terms: bool(order.customer),
        "no customer is named",
        "Name the customer by its id: --customer ID",
    ),
    Condition.TIME_AHEAD: Check(
        "the reservation ends in the future",
        lambda life, order, at, terms: order.until is not None and order.until > at,
        "a reservation needs an end that lies ahead",
        "Give a later moment: --until TIME",
    ),
    Condition.REASON_GIVEN: Check(
        "a reason is given",
        lambda life, order, at, terms: bool(order.reason.strip()),
        "no reason is given",
        "Say why: --reason TEXT",
    ),
    Condition.CONFIGURATION_ASSIGNS: Check(
        "the applied configuration assigns the number",
        lambda life, order, at, terms: order.by_configuration,
        "the configuration does not assign this number",
        "Edit the customer's file and run `fernamt config apply`, or reserve the number first",
    ),
    Condition.CONFIGURATION_AGREES: Check(
        "the applied configuration does not assign the number (any more), or its last day is over",
        _configuration_agrees,
        "the configuration still assigns this number to customer {customer}",
        "Take it out of the customer's file and run `fernamt config apply`",
    ),
    Condition.SAME_CUSTOMER: Check(
        "it is for the customer who has or had the number, or for whom it is reserved",
        lambda life, order, at, terms: order.customer is not None and order.customer == life.customer_id,
        "the number is kept for customer {customer} ({state}{until})",
        "Release it first and wait until it is free, or choose another number",
    ),
    Condition.SAME_TENANT: Check(
        "the Microsoft tenant stays the same (A4, TC 4.2)",
        _same_tenant,
        "the number is linked to tenant {tenant}, it never moves to another one (A4)",
        "Keep the tenant id, or give the customer another number",
    ),
    Condition.ACTIVATION_DUE: Check(
        "the activation date has come",
        lambda life, order, at, terms: life.active_from is not None and life.active_from <= at,
        "the number is to be active from {active_from}",
        "Wait, or change the activation date in the customer's file and run `fernamt config apply`",
    ),
    Condition.DUE: Check(
        "its time is over",
        lambda life, order, at, terms: life.until is not None and life.until <= at,
        "its time is not over{until}",
        "Wait until then; `fernamt number sweep` does it",
    ),
    Condition.TEAMS_DEACTIVATED: Check(
        "if it was linked to a Microsoft tenant: its deactivation in Teams was checked (TC 17.8)",
        lambda life, order, at, terms: life.tenant_id is None or order.teams_deactivated,
        "nobody has checked that the number is deactivated in Teams (tenant {tenant})",
        "`fernamt teams sync` does it; or look in the tenant's admin centre and say --teams-deactivated",
    ),
    Condition.CONTRACT_OVER: Check(
        "the contract is over: no port-out while it runs (TC 17.7)",
        _contract_over,
        "the contract {contract}, no number is ported out before it is over (A6)",
        "Wait for the contract's end; if the configuration knows none, say --contract-end DATE",
    ),
    Condition.WITHIN_A_MONTH: Check(
        "the contract ended less than one month ago (TC 17.7, TKG § 59(6))",
        _within_a_month,
        "the contract {contract}, that is more than one month ago",
        "The number stays here; a customer may have it again by a new assignment",
    ),
    Condition.MAY_LEAVE: Check(
        "the number was ported in (allocated numbers fall back to the carrier, TC 17.7)",
        lambda life, order, at, terms: life.ported or terms.allocated_may_leave,
        "the number was allocated from a block of ours and falls back to us (A6)",
        "Only numbers that were ported in may leave",
    ),
    Condition.ALLOCATED: Check(
        "the number was allocated from a block of ours",
        lambda life, order, at, terms: not life.ported,
        "the number was ported in",
        "It goes back to the carrier of its block, not into ours",
    ),
    Condition.PORTED: Check(
        "the number was ported in",
        lambda life, order, at, terms: life.ported,
        "the number was allocated from a block of ours",
        "It becomes free in our block",
    ),
}


def words(life: Life, order: Order) -> dict[str, str]:
    """What a refusal's sentence may name."""
    end = contract_end(life, order)
    return {
        "state": said(life.state),
        "customer": life.customer_id or "-",
        "tenant": life.tenant_id or "-",
        "until": f" until {german_time(life.until)}" if life.until else "",
        "active_from": german_time(life.active_from) if life.active_from else "a date that is not known",
        "contract": f"ends on {end}" if end else "has no end",
    }
