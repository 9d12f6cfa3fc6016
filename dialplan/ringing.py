"""Phones and trunks of a customer that are tried one after the other (B1)."""

from __future__ import annotations

from typing import Final

from dialplan.causes import PATH_FAILURES, Cause
from dialplan.decision import Route
from dialplan.legs import Caller, leg_to_phone, leg_to_trunk
from dialplan.snapshot import Snapshot
from dialplan.teams import ways
from numbering.e164 import E164

#: How FreeSWITCH says that somebody was busy, rejected, or let it ring (our own limit is ALLOTTED_TIMEOUT).
_NOT_THERE: Final = frozenset(
    {
        Cause.USER_BUSY,
        Cause.NO_ANSWER,
        Cause.NO_USER_RESPONSE,
        Cause.ALLOTTED_TIMEOUT,
        Cause.CALL_REJECTED,
    }
)


def to_trunks(snapshot: Snapshot, trunk_ids: tuple[str, ...], number: E164, caller: Caller) -> Route:
    """Over the customer's trunks, the next one when the path failed."""
    trunks = (way for t in trunk_ids for way in ways(snapshot.trunks[t], snapshot))
    return Route(tuple(leg_to_trunk(trunk, number, caller) for trunk in trunks))


def to_phones(snapshot: Snapshot, phone_ids: tuple[str, ...], caller: Caller) -> Route:
    """The next phone is another person: it rings when the one before is busy or does not answer."""
    legs = tuple(leg_to_phone(snapshot.phones[p], caller) for p in phone_ids)
    return Route(legs, PATH_FAILURES | _NOT_THERE)
