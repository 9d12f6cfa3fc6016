"""How many calls a trunk carries at once: `capacity`, both ways, of every kind of trunk (B1, B11).

A call takes one place on the trunk that it came in on and one on the trunk that it goes out on; a call
between two lines behind one trunk takes two there. Calls to 110 and 112 are asked none of this (B8, TKG
§ 164): they are refused by no count, though the place that one takes is one that no other call has.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dialplan.call import CallOffered
from dialplan.carrier import Trunk
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import Decision, Direction, Reject, refuse
from dialplan.reasons import reason

#: As every limit of simultaneous calls: later, without the peer taking us for broken.
_LATER: Final = 480


def is_full(trunk: Trunk, circumstances: Circumstances) -> bool:
    """Whether the trunk has no place left for this call."""
    if trunk.capacity is None:
        return False
    taken = circumstances.trunk_calls.get(trunk.id, 0) + (circumstances.came_in == trunk.id)
    return taken >= trunk.capacity


def beside(circumstances: Circumstances, trunk: Trunk) -> Circumstances:
    """The circumstances of a call that came in on this trunk and takes a place there."""
    return circumstances if trunk.capacity is None else replace(circumstances, came_in=trunk.id)


def admitted(
    decision: Decision, offered: CallOffered, trunk: Trunk, circumstances: Circumstances
) -> Decision:
    """The decision about a call from a customer's trunk, or its refusal where the trunk is full. A call that
    was let in already (a plan goes on with it) stays, and one that is refused anyhow keeps its reason."""
    if decision.facts.direction is Direction.EMERGENCY or isinstance(decision.outcome, Reject):
        return decision
    if offered.resume is not None or offered.round or not is_full(trunk, circumstances):
        return decision
    customer = trunk.customer_id or ""
    why = reason(
        "limit.trunk-simultaneous-calls", customer=customer, trunk=trunk.id, limit=str(trunk.capacity)
    )
    return refuse(decision.config_version, decision.facts, Cause.NORMAL_CIRCUIT_CONGESTION, why, _LATER)
