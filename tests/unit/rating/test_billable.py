"""Who pays for which leg, and how long: forwarded and transferred calls, as FreeSWITCH recorded them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.billable import CallLeg, billable
from rating.leg import BillableLeg, Direction

OUT, IN = Direction.OUTGOING, Direction.INCOMING
HAMBURG, MOBILE = "+4940669699012", "+4915228817386"


def leg(
    name: str, direction: Direction, start_ms: int, billed_ms: int, called: str = HAMBURG, trunk: str = "",
    customer: str = "kanzlei",
) -> CallLeg:  # fmt: skip
    """`a` is the caller's."""
    found = BillableLeg(name, customer, direction, called, start_ms, billed_ms)
    return CallLeg("call", name == "a", trunk, found)


def paid(*call: CallLeg) -> dict[str, tuple[int, str, int]]:
    """leg: (billed, carrier, what the carrier bills)"""
    return {each.leg_id: (each.billed_ms, each.carrier_id, each.carrier_ms) for each in billable(call)}


def test_an_ordinary_call_is_paid_by_the_callers_leg() -> None:
    """The carrier's leg ends some milliseconds later: that is no reason to pay for a second more."""
    assert paid(leg("a", OUT, 5_020, 60_000), leg("b", OUT, 5_000, 60_100, trunk="carrier-a")) == {
        "a": (60_000, "carrier-a", 60_100)
    }


def test_a_trunk_that_failed_carries_nothing() -> None:
    calls = (
        leg("a", OUT, 9_000, 3_000), leg("b", OUT, 8_000, 0, trunk="carrier-a"),
        leg("c", OUT, 8_990, 3_000, trunk="carrier-b"),
    )  # fmt: skip
    assert paid(*calls) == {"a": (3_000, "carrier-b", 3_000)}


def test_who_transfers_the_called_party_pays_for_both_talks_to_their_end() -> None:
    """The caller was up for 1.0 s; the first called party talked on, 3.1 s in all, to the second."""
    calls = (
        leg("a", OUT, 32_634, 1_021), leg("b", OUT, 32_614, 3_120, trunk="carrier-a"),
        leg("c", OUT, 33_694, 2_040, MOBILE, trunk="carrier-b"),
    )  # fmt: skip
    assert paid(*calls) == {"a": (3_100, "carrier-a", 3_120), "c": (2_040, "carrier-b", 2_040)}
    assert paid(*reversed(calls)) == paid(*calls), "whatever order the records come in"


def test_an_attended_transfer_goes_on_for_who_asked_for_the_second_call() -> None:
    """The consultation call's own leg ends when the two others are joined."""
    assert paid(leg("a", OUT, 36_354, 1_020), leg("b", OUT, 36_334, 3_341, trunk="carrier-a")) == {
        "a": (3_321, "carrier-a", 3_341)
    }


def test_the_called_party_pays_for_what_it_transfers_to() -> None:
    calls = (
        leg("a", IN, 28_934, 3_120, trunk="carrier-a"), leg("b", IN, 28_914, 1_060),
        leg("c", OUT, 29_995, 2_059, trunk="carrier-b"),
    )  # fmt: skip
    assert paid(*calls) == {"a": (3_120, "", 0), "c": (2_059, "carrier-b", 2_059)}


def test_another_customer_pays_for_its_own_transfer() -> None:
    calls = (
        leg("a", OUT, 0, 1_000), leg("b", OUT, 0, 9_000, trunk="carrier-a"),
        leg("c", OUT, 1_500, 7_500, trunk="carrier-a", customer="praxis"),
    )  # fmt: skip
    assert [each.customer_id for each in billable(calls)] == ["kanzlei", "praxis"]


def test_a_redirect_that_nobody_answers_costs_nothing() -> None:
    assert set(paid(leg("a", OUT, 0, 0), leg("b", OUT, 0, 0, trunk="x"), leg("c", OUT, 5, 0, trunk="x"))) == {
        "a"
    }


LEGS = st.lists(
    st.tuples(st.sampled_from(Direction), st.integers(0, 20_000), st.integers(0, 20_000), st.booleans()),
    max_size=5,
)


@given(st.tuples(st.sampled_from(Direction), st.integers(0, 20_000), st.integers(0, 20_000)), LEGS)
def test_every_leg_that_a_carrier_bills_is_paid_by_somebody(
    first: tuple[Direction, int, int], others: list[tuple[Direction, int, int, bool]]
) -> None:
    """No leg out of the network without payer, none twice, and nobody pays longer than somebody talked."""

    def legs() -> Iterator[CallLeg]:
        yield leg("a", *first)
        for index, (direction, start_ms, billed_ms, carried) in enumerate(others):
            yield leg(f"b{index}", direction, start_ms, billed_ms, trunk="carrier" if carried else "")

    call = list(legs())
    found = list(billable(call))
    assert len({each.leg_id for each in found}) == len(found)
    outgoing = [each for each in call if not each.first and each.leg.direction is OUT and each.leg.billed_ms]
    own = {each.leg_id for each in found}
    unpaid = [each for each in outgoing if each.leg.leg_id not in own]
    assert len(unpaid) <= 1, "only the one that the caller's own leg is paid for"
    assert not unpaid or first[0] is OUT
    last_ms = max(each.leg.start_ms + each.leg.billed_ms for each in call)
    assert all(each.start_ms + each.billed_ms <= last_ms for each in found)


def test_a_record_that_cannot_be_true_is_not_mended_by_another_one() -> None:
    """It goes to quarantine (rate.negative-duration)."""
    assert paid(leg("a", OUT, 0, -1), leg("b", OUT, 0, 60_000, trunk="carrier-a"))["a"][0] == -1


@pytest.mark.parametrize("longer_ms", [0, 1, 500, 999])
def test_a_second_of_difference_is_no_transfer(longer_ms: int) -> None:
    call = (leg("a", OUT, 0, 59_999), leg("b", OUT, 0, 59_999 + longer_ms, trunk="carrier-a"))
    assert paid(*call)["a"][0] == 59_999
