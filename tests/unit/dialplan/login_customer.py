"""The customer "bau" with a telephone system that logs in, and calls of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from dialplan.call import CallOffered
from dialplan.carrier import AssignedNumber, Credentials, ToTrunks, Trunk, TrunkSide
from dialplan.snapshot import Snapshot
from tests.unit.dialplan.carriers import (
    BAU_1,
    BAU_2,
    CARRIER_A,
    CARRIER_B,
    KOELN,
    KOELN_HUNT,
    MOBILE,
    from_phone,
    snapshot,
)

SYSTEM: Final = Trunk(
    "bau-anlage", TrunkSide.CUSTOMER, None, (), "bau", login=Credentials("anlage-bau", "anlagen-geheimnis")
)


def with_system(system: Trunk = SYSTEM) -> Snapshot:
    """The carrier with this system, which the customer's main number goes to first."""
    carrier = snapshot(trunks=(CARRIER_A, CARRIER_B, BAU_1, BAU_2, system))
    assigned = AssignedNumber(KOELN, "bau", ToTrunks((system.id, "bau-1")))
    return replace(carrier, numbers={**carrier.numbers, KOELN: assigned})


def from_system(dialled: str = MOBILE, **facts: Any) -> CallOffered:
    """A call that proved itself as the system, from an address that nobody knows."""
    known = {"phone_id": None, "login_id": SYSTEM.id, "from_user": KOELN_HUNT}
    return from_phone(dialled, **{**known, **facts})
