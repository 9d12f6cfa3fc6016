"""The facts of a decision as one channel variable, `fernamt_facts`, on the channel and its legs.

One variable and not eight: FreeSWITCH writes all of a channel's variables into each of a call's forty or so
events, copies them to every leg and looks through them for every name (docs/decisions/0027). Legs that no
`bridge` of a decision makes (agents', static emergency, after a transfer) carry facts as variables of their
own, `fernamt_<name>`, which go before: they were set later, or for that leg alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialplan.decision import Decision

#: The variable.
FACTS: Final = "fernamt_facts"
#: The names, and those of the variables without the prefix `fernamt_` that go before.
NAMES: Final = (
    "reason",
    "version",
    "direction",
    "customer",
    "a_network",
    "a_presented",
    "b_number",
    "caller_rules",
)
_UNSET: Final = "_undef_"


def facts_of(decision: Decision) -> dict[str, str]:
    """What is known, by `NAMES`: ids, numbers, and caller rules joined by commas."""
    facts = decision.facts
    known: Mapping[str, str | None] = {
        "reason": decision.reason.id,
        "version": str(decision.config_version),
        "direction": facts.direction.value,
        "customer": facts.customer_id,
        "a_network": facts.a_network,
        "a_presented": facts.a_presented,
        "b_number": facts.b_number,
        "caller_rules": ",".join(facts.caller_rules) or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def packed(facts: Mapping[str, str]) -> str:
    """`name=value|name=value`: no id, number or rule has one of both characters."""
    return "|".join([f"{name}={value}" for name, value in facts.items()])


def unpacked(text: str | None) -> dict[str, str]:
    """What `packed` wrote; nothing of what it did not write."""
    pairs = (each.partition("=") for each in (text or "").split("|"))
    return {name: value for name, _, value in pairs if name in NAMES and value}


def fact(variable: Callable[[str], str | None], name: str) -> str | None:
    """One fact of a channel, whose variables `variable` gives by name; None when it has none."""
    own = variable("fernamt_" + name)
    if own and own != _UNSET:
        return own
    return unpacked(variable(FACTS)).get(name)
