"""One customer's change costs one customer's compilation: exchanging it gives what compiling all gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.snapshot import Snapshot
from provisioning.compile import compile_carrier, compile_customer, compile_snapshot
from provisioning.compiled import SLICE, CompiledCustomer, assemble, replace_customers
from provisioning.errors import ConfigInvalid
from provisioning.network import RealNetwork
from provisioning.schema import CarrierEntry, Config, CustomerEntry
from provisioning.secrets import Secrets

NETWORK = RealNetwork()
LAB = Secrets({}, Path(), lab=True)
CARRIER = CarrierEntry.model_validate(
    {
        "name": "Beispiel-Carrier",
        "default_area_code": "0221",
        "number_blocks": [{"area_code": "0221", "first": "02214710000", "last": "02214710999"}],
        "trunks": [
            {"id": "carrier-a", "address": "192.0.2.10:5060", "emergency": True, "priority": 20},
            {"id": "carrier-b", "address": "192.0.2.11:5060", "priority": 10},
        ],
    }
)
IDS = range(6)


def customer(index: int, variant: int) -> CustomerEntry:
    """Customer `index` with a hundred numbers of its own, in one of many shapes."""
    start = 4_922_147_100_00 + index * 100
    entry: dict[str, Any] = {
        "id": f"kunde-{index}",
        "name": f"Beispiel {variant}",
        "main_number": f"+{start}",
        "blocked": variant % 5 == 0,
        "numbers": [{"first": f"+{start}", "last": f"+{start + variant % 40}", "trunks": [f"trunk-{index}"]}],
        "trunks": [{"id": f"trunk-{index}", "address": f"198.51.100.{index + 1}:{5060 + variant % 3}"}],
    }
    if variant % 2:
        number = f"+{start + 50 + variant % 7}"
        entry["phones"] = [
            {"id": f"phone-{index}-{n}", "number": number, "secret": {"lab": "geheim"}}
            for n in range(variant % 3)
        ]
    return CustomerEntry.model_validate(entry)


def compiled(entry: CustomerEntry) -> CompiledCustomer:
    """One customer for the call path."""
    return compile_customer(entry, network=NETWORK, secrets=LAB)


def whole(customers: dict[int, CustomerEntry], version: int) -> Snapshot:
    """All from scratch."""
    config = Config.model_construct(carrier=CARRIER, customers=tuple(customers.values()))
    return compile_snapshot(config, version=version, network=NETWORK, secrets=LAB)


VARIANTS = st.integers(0, 200)
CUSTOMERS = st.dictionaries(st.sampled_from(IDS), VARIANTS, max_size=len(IDS))


@settings(max_examples=60, deadline=2_000)
@given(CUSTOMERS, st.lists(st.tuples(st.sets(st.sampled_from(IDS)), CUSTOMERS), max_size=4))
def test_replacing_customers_equals_compiling_from_scratch(
    first: dict[int, int], changes: list[tuple[set[int], dict[int, int]]]
) -> None:
    customers = {i: customer(i, variant) for i, variant in first.items()}
    snapshot = whole(customers, 0)
    for version, (removed, added) in enumerate(changes, 1):
        new = {i: customer(i, variant) for i, variant in added.items()}
        customers = {i: each for i, each in customers.items() if i not in removed} | new
        before = snapshot
        kept = dict(before.numbers)
        snapshot = replace_customers(
            before, {f"kunde-{i}" for i in removed}, [compiled(each) for each in new.values()], version
        )
        assert snapshot == whole(customers, version)
        assert dict(before.numbers) == kept


def test_the_parts_put_together_are_the_whole() -> None:
    customers = {i: customer(i, 7 * i + 1) for i in IDS}
    carrier = compile_carrier(CARRIER, network=NETWORK, secrets=LAB)
    parts = [compiled(each) for each in customers.values()]
    assert assemble(carrier, parts, 3) == whole(customers, 3)
    assert whole(customers, 3).carrier_trunks == ("carrier-b", "carrier-a")


def test_what_another_customer_has_is_not_taken_over() -> None:
    snapshot = whole({0: customer(0, 1), 1: customer(1, 1)}, 1)
    theirs = customer(1, 1).model_dump() | {"id": "neu", "trunks": (), "phones": ()}
    theirs["numbers"][0].update(trunks=None, phones=["neu-1"])
    theirs["phones"] = [{"id": "neu-1", "number": "+492214710105", "secret": {"lab": "geheim"}}]
    with pytest.raises(ConfigInvalid) as caught:
        replace_customers(snapshot, (), [compiled(CustomerEntry.model_validate(theirs))], 2)
    assert str(caught.value) == (
        "customers.neu: the number +492214710100 is another one's already [config.number-twice]"
    )


def test_a_controller_takes_calls_between_the_slices() -> None:
    entry = customer(0, 1).model_dump()
    entry["numbers"][0].update(first="+4922147100000", last=f"+{4_922_147_100_000 + 2 * SLICE}")
    entry |= {"main_number": "+4922147100000", "phones": ()}
    large = compiled(CustomerEntry.model_validate(entry))
    breaths: list[int] = []
    snapshot = replace_customers(whole({}, 1), (), [large], 2, breathe=lambda: breaths.append(1))
    assert len(breaths) == 1
    empty = replace_customers(snapshot, ["kunde-0"], (), 3, breathe=lambda: breaths.append(1))
    assert (len(breaths), len(empty.numbers)) == (4, 0)


def test_a_customer_s_secret_that_is_missing_names_the_customer() -> None:
    entry = customer(0, 1).model_dump(mode="json")
    entry["phones"] = [{"id": "p", "number": "+492214710050", "secret": {"env": "NO_SUCH"}}]
    with pytest.raises(ConfigInvalid) as caught:
        compiled(CustomerEntry.model_validate(entry))
    assert str(caught.value) == (
        "customers.kunde-0.phones[0].secret: the environment variable NO_SUCH is not set "
        "[config.secret-missing]"
    )
