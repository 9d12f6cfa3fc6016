"""The table of numbers against a plain dictionary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.carrier import AssignedNumber, ToTrunks
from numbering.e164 import E164
from provisioning.errors import ConfigInvalid
from provisioning.number_table import NumberTable


def entry(number: int, customer: str = "a") -> AssignedNumber:
    return AssignedNumber(E164(f"+49221471{number:04}"), customer, ToTrunks(("t",)))


@given(steps=st.lists(st.sets(st.integers(0, 40)), max_size=6))
def test_every_state_stays_as_it_was_when_the_next_is_made(steps: list[set[int]]) -> None:
    tables, models = [NumberTable()], [dict[E164, AssignedNumber]()]
    for wanted in steps:
        come = {each.number: each for each in map(entry, wanted)}
        gone = [number for number in models[-1] if number not in come]
        new = [each for number, each in come.items() if number not in models[-1]]
        tables.append(tables[-1].changed(gone, new))
        models.append(come)
    for table, model in zip(tables, models, strict=True):
        assert dict(table) == model
        assert len(table) == len(model)
        for number in map(entry, range(42)):
            assert (number.number in table) is (number.number in model)
            assert table.get(number.number) == model.get(number.number)


def test_a_number_of_another_customer_is_not_taken_over() -> None:
    table = NumberTable().changed((), [entry(1)])
    with pytest.raises(ConfigInvalid, match=r"customers.b: the number \+492214710001 is another customer's"):
        table.changed((), [entry(1, "b")])
    moved = table.changed([entry(1).number], [entry(1, "b")])
    assert moved[entry(1).number].customer_id == "b"
    assert table[entry(1).number].customer_id == "a"
