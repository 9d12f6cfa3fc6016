"""The rules of a call by name, so that a decision can tell which ones the call passed, in order (B12)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Rule(StrEnum):
    """A rule that may stop a call. The values are an interface: never rename one."""

    SOURCE = "source"
    NUMBER = "number"
    OURS = "ours"
    ASSIGNED = "assigned"
    BLOCKS = "blocks"
    BARS = "bars"
    CALLER = "caller"
    LIMITS = "limits"
    CALLED_BLOCKS = "called-blocks"
    TRUNKS = "trunks"


#: What a call that passed the rule has shown.
SENTENCES: Final[Mapping[Rule, str]] = MappingProxyType(
    {
        Rule.SOURCE: "it comes from a trunk or phone that we know",
        Rule.NUMBER: "what was dialled is a number",
        Rule.OURS: "the number is ours",
        Rule.ASSIGNED: "the number is assigned to a customer",
        Rule.BLOCKS: "neither customer, user nor number is blocked",
        Rule.BARS: "no bar stands against the number",
        Rule.CALLER: "the number to be shown is settled",
        Rule.LIMITS: "no limit is reached",
        Rule.CALLED_BLOCKS: "the called number is not blocked",
        Rule.TRUNKS: "a carrier trunk takes the call",
    }
)
