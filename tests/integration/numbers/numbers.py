"""Numbers, moments and orders of these tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from numbering.e164 import E164
from numbering.life import Assignment, Event, Order
from store.number_following import Followed, NumberRange, follow_version
from store.number_inventory import NumberOrder

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = timedelta(days=1)
ACTOR = "operator"
TENANT = "11111111-2222-4333-8444-555555555555"

BLOCKS = [
    {"area_code": "221", "first": "+492214710000", "last": "+492214710999"},
    {"area_code": "30", "first": "+493023125000", "last": "+493023125999"},
]
CUSTOMERS = {"kunde-bau": "Beispiel Bau GmbH", "kunde-druck": "Beispiel Druck AG"}
BAU = Assignment("kunde-bau", NOW - DAY)
DRUCK = Assignment("kunde-druck", NOW - DAY)


def koeln(index: int) -> E164:
    """A drama number of Köln."""
    return E164(f"+49221471{index:04d}")


def ranges(now: Mapping[E164, Assignment], before: Collection[E164] = ()) -> list[NumberRange]:
    """What a version says: who has numbers now, and which ones had somebody before."""
    found = [NumberRange(int(number.digits), int(number.digits), each) for number, each in now.items()]
    gone = [int(number.digits) for number in before if number not in now]
    return [*found, *(NumberRange(number, number, None) for number in gone)]


def follow(
    engine: Engine, now: Mapping[E164, Assignment], before: Collection[E164] = (), at: datetime = NOW
) -> Followed:
    """Apply a version whose changed parts assign these numbers."""
    return follow_ranges(engine, ranges(now, before), at)


def follow_ranges(engine: Engine, told: Sequence[NumberRange], at: datetime = NOW) -> Followed:
    with engine.begin() as connection:
        return follow_version(connection, told, at, ACTOR)


def reserve(number: E164, customer: str = "kunde-bau", until: datetime = NOW + DAY) -> NumberOrder:
    return NumberOrder(number, Order(Event.RESERVE, customer_id=customer, until=until))


def block(number: E164, reason: str = "abuse") -> NumberOrder:
    return NumberOrder(number, Order(Event.BLOCK, reason))
