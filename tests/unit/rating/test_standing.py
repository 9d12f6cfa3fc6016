"""Quotas while calls arrive in any order: what is rated at once is what the whole month would give."""

from __future__ import annotations

import random

import pytest

from rating.batch import rate_all
from rating.berlin import Month
from rating.book import Books
from rating.charge import Charge
from rating.leg import BillableLeg, Direction
from rating.standing import rate_arrival, unused_standing
from tests.unit.rating.files import books

NOVEMBER = Month(2026, 11)
#: Fixed network in minutes, mobile in seconds, and abroad, which no quota covers.
NUMBERS = ("+492214710100", "+4915228817386", "+43123456")


def _month(customer: str, chance: random.Random) -> list[BillableLeg]:
    count = chance.choice((3, 10, 40))
    longest_s = chance.choice((30, 90, 600))
    return [
        BillableLeg(
            f"leg-{n:02}",
            customer,
            Direction.OUTGOING,
            chance.choice(NUMBERS),
            NOVEMBER.start_ms + chance.randrange(100) * 60_000,
            chance.randrange(longest_s * 1000),
        )
        for n in range(count)
    ]


def _arriving(legs: list[BillableLeg], found: Books) -> tuple[dict[str, Charge], bool]:
    """Charges of legs in this order, until one asks for the month to be rated again (then False)."""
    book = found.book(legs[0].customer_id, NOVEMBER)
    assert book is not None
    standing = unused_standing(book)
    charges: dict[str, Charge] = {}
    for leg in legs:
        placed = rate_arrival(leg, book, standing)
        if placed is None:
            return charges, False
        result, standing = placed
        assert isinstance(result, Charge)
        charges[leg.leg_id] = result
    return charges, True


@pytest.mark.parametrize("customer", ["medium-gmbh", "complete-gmbh"])
def test_what_is_placed_at_once_is_what_the_month_gives(customer: str) -> None:
    """Guarantee 5: for every prefix of arrivals that was accepted, whatever the order."""
    found = books()
    accepted = again = cut = 0
    for seed in range(400):
        chance = random.Random(seed)
        legs = _month(customer, chance)
        chance.shuffle(legs)
        charges, whole = _arriving(legs, found)
        placed = [leg for leg in legs if leg.leg_id in charges]
        wanted = {charge.leg.leg_id: charge for charge in rate_all(placed, found)}
        assert charges == wanted, f"seed {seed}"
        accepted, again = accepted + whole, again + (not whole)
        cut += any(each.bundle_blocks < each.blocks for each in charges.values() if each.price)
    assert min(accepted, again, cut) > 50, "each case is tried often"


def test_in_the_order_of_the_invoice_every_call_is_placed_at_once() -> None:
    found = books()
    for seed in range(100):
        legs = sorted(_month("medium-gmbh", random.Random(seed)), key=lambda leg: (leg.start_ms, leg.leg_id))
        assert _arriving(legs, found)[1]
