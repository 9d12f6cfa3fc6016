"""Call forwarding of a number, compiled to a routing plan of two or three nodes: one way for both."""

from __future__ import annotations

from typing import Final

from dialplan.carrier import ToPlan
from dialplan.causes import Cause
from dialplan.plans.nodes import EndNode, ForwardNode, Node, Plan, RingNode
from provisioning.schema import NumberEntry

#: The plan's id in reasons and records; its nodes are named after the keys of the YAML.
_PLAN: Final = "forwarding"
_RING: Final = "ring"
_ENDS: Final = {
    "busy": Cause.USER_BUSY,
    "no_answer": Cause.NO_ANSWER,
    "unreachable": Cause.SUBSCRIBER_ABSENT,
}


def forwarding(entry: NumberEntry, usable: frozenset[str], customer_id: str) -> ToPlan | None:
    """Where calls to the numbers go that have a forwarding; None for the others."""
    wanted = entry.forward
    if wanted is None:
        return None
    nodes: dict[str, Node] = {key: ForwardNode(number) for key, number in wanted.numbers()}
    if wanted.always is not None:
        return ToPlan(Plan(_PLAN, customer_id, "always", nodes))
    # What has no number ends as it would without forwarding.
    nodes = {key: EndNode(cause) for key, cause in _ENDS.items()} | nodes
    nodes[_RING] = RingNode(
        phone_ids=tuple(each for each in entry.phones or () if each in usable),
        trunk_ids=tuple(each for each in entry.trunks or () if each in usable),
        busy="busy",
        no_answer="no_answer",
        otherwise="unreachable",
    )
    return ToPlan(Plan(_PLAN, customer_id, _RING, nodes))
