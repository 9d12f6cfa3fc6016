"""Over which carrier trunks a call to the public network goes, in which order (B1).

Which trunks take the call, and in which order, is compiled beforehand (routes.py). Here the moment
counts: times of the week, the customer's own trunks, full ones, those that do not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import CallFacts, Decision, Route, refuse
from dialplan.legs import MAX_LEGS, Caller, leg_to_trunk
from dialplan.reasons import reason
from dialplan.rules import Rule
from dialplan.snapshot import Snapshot
from dialplan.trunks.capacity import is_full
from dialplan.trunks.routes import Group, Way
from dialplan.week import minute_of_week
from numbering.dial import Dialled
from numbering.e164 import E164

#: Knuth's multiplier: spreads a 32-bit hash anew for each further draw.
_SPREAD: Final = 2_654_435_761


@dataclass(frozen=True, slots=True)
class TrunkChoice:
    """Trunks in the order in which they are tried, and those left out because they are full."""

    trunk_ids: tuple[str, ...]
    full: tuple[str, ...] = ()


def to_carriers(
    snapshot: Snapshot,
    circumstances: Circumstances,
    dialled: Dialled,
    caller: Caller,
    facts: CallFacts,
    *,
    call_id: str,
) -> Decision:
    """The call over the carrier trunks that take it. `call_id` decides between trunks that are equal."""
    customer = facts.customer_id or ""
    choice = chosen(snapshot, circumstances, dialled, customer_id=customer, call_id=call_id)
    if not choice.trunk_ids and choice.full:
        full = ", ".join(choice.full)
        why = reason("out.carriers-full", customer=customer, number=dialled.number, trunks=full)
        return refuse(snapshot.version, facts, Cause.NORMAL_CIRCUIT_CONGESTION, why)
    if not choice.trunk_ids:
        why = reason("out.no-carrier", customer=customer, number=dialled.number)
        return refuse(snapshot.version, facts, Cause.NO_ROUTE_DESTINATION, why)
    legs = tuple(leg_to_trunk(snapshot.trunks[t], dialled.number, caller) for t in choice.trunk_ids)
    why = reason("out.carrier", customer=customer, number=dialled.number)
    return Decision(Route(legs), why, facts.past(Rule.TRUNKS), snapshot.version)


def chosen(
    snapshot: Snapshot, circumstances: Circumstances, dialled: Dialled, *, customer_id: str, call_id: str
) -> TrunkChoice:
    """The trunks that take the customer's call now; full ones are passed over, those down come last."""
    customer = snapshot.customers.get(customer_id)
    only = customer.carrier_trunks if customer else frozenset()
    found: dict[str, None] = {}
    full: dict[str, None] = {}
    down, trunks = circumstances.trunks_down, snapshot.trunks
    wanted = MAX_LEGS
    for way in _ways(snapshot, circumstances, dialled, call_id):
        trunk_id = way.trunk_id
        if trunk_id in found or (only and trunk_id not in only):
            continue
        if is_full(trunks[trunk_id], circumstances):
            full[trunk_id] = None
            continue
        found[trunk_id] = None
        wanted -= trunk_id not in down
        if not wanted:
            break
    return TrunkChoice(down_last(found, circumstances)[:MAX_LEGS], tuple(full))


def down_last(trunk_ids: Iterable[str], circumstances: Circumstances) -> tuple[str, ...]:
    """The trunks in their order, but those known to be down behind all others: tried last, never left out,
    because what is known may be old (guarantee 1)."""
    down = circumstances.trunks_down
    if not down:
        return tuple(trunk_ids)
    return tuple(sorted(trunk_ids, key=lambda trunk_id: trunk_id in down))


def of_customer(
    trunk_ids: Iterable[str], snapshot: Snapshot, circumstances: Circumstances, number: E164
) -> TrunkChoice:
    """A customer's trunks for a call to `number` in the order of `down_last`, without full ones and without
    those whose system may be called by TLS alone (`Trunk.only_by_tls`) and has registered by something else.

    A number that called 110 or 112 within the last hour is called over full ones too, last: the control
    centre may be calling back (RFC 7090), and nobody knows its number.
    """
    free: list[str] = []
    full: list[str] = []
    for trunk_id in trunk_ids:
        if trunk_id not in circumstances.trunks_in_clear:
            (full if is_full(snapshot.trunks[trunk_id], circumstances) else free).append(trunk_id)
    if number in circumstances.call_backs:
        return TrunkChoice(down_last(free, circumstances) + down_last(full, circumstances))
    return TrunkChoice(down_last(free, circumstances), tuple(full))


def refusal_of_customer(choice: TrunkChoice) -> tuple[str, Cause]:
    """What a caller gets whom no trunk of the customer takes: the end of the reason's id, and the cause.
    Busy, as a telephone system with no line left says it, where one would take the call later."""
    return ("trunks-full", Cause.USER_BUSY) if choice.full else ("trunk-in-clear", Cause.SUBSCRIBER_ABSENT)


def _ways(snapshot: Snapshot, circumstances: Circumstances, dialled: Dialled, call_id: str) -> Iterator[Way]:
    """Every way at this moment, the first to be tried first."""
    minute = -1
    for group in snapshot.routes.groups(dialled.number, dialled.number_class.value, dialled.country):
        open_now: Group = group
        if any(way.times is not None for way in group):
            minute = minute_of_week(circumstances.now) if minute < 0 else minute
            open_now = tuple(way for way in group if way.times is None or minute in way.times)
        yield from open_now if len(open_now) < 2 else _shared(open_now, call_id)


def _shared(group: Group, call_id: str) -> Iterator[Way]:
    """Equals in an order drawn by their weights: the same for the same call, spread over all calls."""
    left = list(group)
    total = sum(way.weight for way in left)
    drawn = crc32(call_id.encode(errors="replace"))
    while len(left) > 1:
        drawn = drawn * _SPREAD & 0xFFFF_FFFF
        point = drawn * total >> 32
        for way in left:
            point -= way.weight
            if point < 0:
                break
        left.remove(way)
        total -= way.weight
        yield way
    yield left[0]
