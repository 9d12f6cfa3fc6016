"""Which call makes room for an emergency call on a full trunk (TKG § 164: priority over all other calls)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dialplan.emergency.room import Occupant, pre_empted
from tests.unit.dialplan.carriers import NOW


def occupant(name: str, seconds: int = 0, *, emergency: bool = False) -> Occupant:
    return Occupant(name, "node-1", NOW + timedelta(seconds=seconds), emergency)


def test_the_call_that_began_last_makes_room() -> None:
    assert pre_empted([occupant("a", 5), occupant("b", 9), occupant("c", 1)]) == occupant("b", 9)


def test_calls_of_the_same_moment_are_told_apart_by_their_id() -> None:
    calls = [occupant("a"), occupant("c"), occupant("b")]
    assert pre_empted(calls) == pre_empted(reversed(calls)) == occupant("c")


OCCUPANTS = st.lists(
    st.builds(occupant, st.uuids().map(str), st.integers(0, 99), emergency=st.booleans()), max_size=20
)


@given(OCCUPANTS)
def test_an_emergency_call_never_makes_room_for_another(calls: list[Occupant]) -> None:
    found = pre_empted(calls)
    assert (found is None) == all(each.emergency for each in calls)
    assert found is None or not found.emergency
