"""Which numbers are ours: blocks found by bisection."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialplan.carrier import NumberBlock
from dialplan.number_blocks import NumberBlocks
from numbering.e164 import E164


def block(first: int, count: int, length: int) -> NumberBlock:
    low, high = 10 ** (length - 1), 10**length - 1
    last = min(low + first + count, high)
    return NumberBlock(E164(f"+{min(low + first, last)}"), E164(f"+{last}"))


blocks = st.lists(
    st.builds(block, st.integers(0, 900), st.integers(0, 50), st.sampled_from([3, 4])), max_size=12
)


@given(blocks, st.integers(90, 11_000))
def test_a_number_is_ours_when_one_of_the_blocks_has_it(known: list[NumberBlock], digits: int) -> None:
    number = E164(f"+{digits}")
    assert (number in NumberBlocks.of(known)) == any(number in each for each in known)


def test_a_hundred_thousand_blocks_are_looked_up_as_fast_as_one() -> None:
    """At most twenty comparisons, not a hundred thousand."""

    class Counted(str):
        looked = 0

        def __lt__(self, other: str) -> bool:
            Counted.looked += 1
            return str.__lt__(self, other)

    many = NumberBlocks.of(
        NumberBlock(E164(f"+4922{n:06}0"), E164(f"+4922{n:06}5")) for n in range(0, 200_000, 2)
    )
    assert len(many) == 100_000
    assert Counted("+49220999983") in many
    assert Counted("+49220999986") not in many
    assert Counted("+49220999993") not in many
    assert Counted.looked < 3 * 20
