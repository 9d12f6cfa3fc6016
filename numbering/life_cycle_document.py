"""The life cycle for people, written from the table itself: docs/numbers.md."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from numbering.life import Event, State, said
from numbering.life_conditions import CHECKS
from numbering.life_cycle import TABLE, Transition

_STATES: Final[dict[State, str]] = {
    State.FREE: "In a block of ours and nobody's. The inventory keeps no record of it.",
    State.RESERVED: "Kept for a customer until a date.",
    State.ASSIGNED: "A customer's, not in use before its activation date.",
    State.ACTIVE: "A customer's and in use.",
    State.BLOCKED: "A customer's; calls from and to it are refused, but those to 110 and 112 (A7). "
    "Monthly fees go on.",
    State.RELEASED: "No longer a customer's. Linked to a Microsoft tenant, it waits here until somebody has "
    "checked its deactivation in Teams (TC 17.8).",
    State.PORTED_IN: "Came from another carrier for a customer, not assigned yet.",
    State.PORTED_OUT: "Left to another carrier, or went back to the carrier of its block.",
    State.QUARANTINED: "Nobody's, and given to nobody but its last customer, for "
    "`number_quarantine_days` of the carrier, 31 or more, and until one month after the contract "
    "(TKG § 59(6)).",
}

_INTRODUCTION: Final = """\
# The life of a number

Written from `numbering/life_cycle.py` by `fernamt number states`; a test holds them together.
What is not in the table is refused, and every transition is kept with its moment, actor and reason.

The applied configuration says who has which number; `fernamt config apply` moves the numbers in the same
transaction. Operators do the rest:

| command | what for |
|---|---|
| `fernamt number list` | numbers by block, customer, state, area code; `--state free` finds free ones |
| `fernamt number show` | one number: state, customer, dates, what is possible |
| `fernamt number history` | all its transitions: when, by whom, why |
| `fernamt number reserve` | keep a free number for a customer until a date |
| `fernamt number assign` | give a reserved or ported number to its customer before the configuration does |
| `fernamt number activate` | note the activation, where no sweep has run yet |
| `fernamt number block`, `fernamt number unblock` | refuse calls from and to it, but those to 110 and 112 |
| `fernamt number release` | let a reservation go; send a number into quarantine |
| `fernamt number port-in`, `fernamt number port-out` | note that a number came or left |
| `fernamt number import` | many orders from a CSV file, all or none, with a report for each line |
| `fernamt number sweep` | what is due by date; run it daily |
| `fernamt number states` | print this page |
| `fernamt customer list`, `fernamt customer show` | customers, their numbers, and who is blocked why |
| `fernamt customer block`, `fernamt customer unblock` | a customer or a user; 110 and 112 are still \
reached, invoices go on (A7) |

Changing commands take `--at` (when it happened), `--actor` (who; by default the account) and `--reason`.
"""

_EVENTS: Final[dict[Event, str]] = {
    Event.RESERVE: "`fernamt number reserve`",
    Event.DROP_RESERVATION: "`fernamt number release`",
    Event.RESERVATION_OVER: "`fernamt number sweep`",
    Event.PORT_IN: "`fernamt number port-in`, `fernamt config apply` (`ported_in: true`)",
    Event.ASSIGN: "`fernamt config apply`, `fernamt number assign`",
    Event.CONFIGURE: "`fernamt config apply` (site, dates, contract)",
    Event.ACTIVATE: "`fernamt config apply`, `fernamt number activate`, `fernamt number sweep`",
    Event.BLOCK: "`fernamt number block`",
    Event.UNBLOCK: "`fernamt number unblock`",
    Event.RELEASE: "`fernamt config apply` (number removed), `fernamt number release`",
    Event.QUARANTINE: "`fernamt config apply`, `fernamt number release`",
    Event.QUARANTINE_OVER: "`fernamt number sweep`",
    Event.GIVE_BACK: "`fernamt number sweep`",
    Event.PORT_OUT: "`fernamt number port-out`",
    Event.FALL_BACK: "`fernamt number release`",
}


def document() -> str:
    """The page on the life cycle: states, events, transitions with their conditions, diagram."""
    return "\n".join(
        [
            _INTRODUCTION,
            "| state | meaning |",
            "|---|---|",
            *(f"| {said(state)} | {_STATES[state]} |" for state in State),
            "",
            "| event | comes from |",
            "|---|---|",
            *(f"| {said(event)} | {_EVENTS[event]} |" for event in Event),
            "",
            table(),
            "",
            "| condition | rule |",
            "|---|---|",
            *(f"| {condition} | {check.rule} |" for condition, check in CHECKS.items()),
            "",
            "```mermaid",
            mermaid(),
            "```",
            "",
        ]
    )


def table() -> str:
    """The transitions as a Markdown table, in the order of the states."""
    rows = (
        f"| {said(state)} | {said(event)} | {said(cell.target)} | {_conditions(cell)} |"
        for (state, event), cell in TABLE.items()
    )
    return "\n".join(["| state | event | then | if |", "|---|---|---|---|", *rows])


def mermaid() -> str:
    """The transitions as a Mermaid state diagram; events between the same two states share an arrow."""
    arrows = sorted(
        (list(State).index(state), list(State).index(cell.target), state, cell.target, said(event))
        for (state, event), cell in TABLE.items()
    )
    lines = [
        f"    {start} --> {end}: {', '.join(each[4] for each in group)}"
        for (_, _, start, end), group in groupby(arrows, key=lambda each: each[:4])
    ]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {State.FREE}", *lines])


def _conditions(cell: Transition) -> str:
    return ", ".join(cell.conditions) or "always"
