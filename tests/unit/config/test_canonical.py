"""The stored parts of a configuration: the same for the same meaning, and readable back (A1, F5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.canonical import config_of, entry_of, item_of, items_of
from provisioning.errors import ConfigInvalid
from provisioning.load import load, load_documents
from provisioning.schema import Config, CustomerEntry
from store.config_items import CARRIER_KEY, CUSTOMER, ConfigItem, ItemKey
from tests.unit.config.configs import configs

EXAMPLE = Path(__file__).parents[3] / "examples/carrier"
few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _shuffled(value: Any, draw: st.DataObject) -> Any:
    """The same with the keys of all mappings in another order."""
    if isinstance(value, dict):
        return {key: _shuffled(value[key], draw) for key in draw.draw(st.permutations(list(value)))}
    return [_shuffled(each, draw) for each in value] if isinstance(value, list) else value


@few
@given(config=configs(), data=st.data())
def test_the_order_of_keys_customers_and_entries_does_not_matter(config: Config, data: st.DataObject) -> None:
    tree = config.model_dump(mode="json", exclude_none=True)
    for customer in tree["customers"]:
        for key in ("numbers", "trunks", "phones"):
            customer[key] = data.draw(st.permutations(customer[key]))
    tree["customers"] = data.draw(st.permutations(tree["customers"]))
    assert items_of(Config.model_validate(_shuffled(tree, data))) == items_of(config)


@few
@given(config=configs())
def test_what_is_stored_reads_back_as_the_same_configuration(config: Config) -> None:
    items = items_of(config)
    assert items_of(config_of(items)) == items


def test_the_example_reads_back_and_what_is_default_is_not_stored() -> None:
    items = items_of(load([EXAMPLE]).config)
    assert items_of(config_of(items)) == items
    assert '"blocked"' not in items[ItemKey(CUSTOMER, "kunde-bau")].content


def test_the_order_of_a_hunt_group_matters() -> None:
    documents = [(each.name, each.read_bytes()) for each in sorted(EXAMPLE.glob("*.yaml"))]
    other = [(name, text.replace(b"[bau-1, bau-2]", b"[bau-2, bau-1]")) for name, text in documents]
    assert documents != other
    key = ItemKey(CUSTOMER, "kunde-bau")
    assert items_of(load_documents(documents).config)[key] != items_of(load_documents(other).config)[key]


def test_a_million_numbers_are_stored_as_the_range_they_are() -> None:
    items = items_of(load([EXAMPLE]).config)
    (numbers,) = json.loads(items[ItemKey(CUSTOMER, "kunde-bau")].content)["numbers"]
    assert (numbers["first"], numbers["last"]) == ("+492214710100", "+492214710199")


def test_a_stored_part_that_the_schema_refuses_is_named() -> None:
    items = items_of(load([EXAMPLE]).config)
    key = ItemKey(CUSTOMER, "kunde-bau")
    tree = json.loads(items[key].content) | {"main_number": "0049 1"}
    items[key] = ConfigItem.of(*key, json.dumps(tree))
    with pytest.raises(ConfigInvalid, match=r"^customer kunde-bau:1:1: main_number: "):
        entry_of(items[key])
    with pytest.raises(ConfigInvalid, match=r"^customer kunde-bau:1:1: customers\[0\].main_number: "):
        config_of(items)


@pytest.mark.parametrize("ordered", [True, False])
def test_an_order_of_itemised_bills_without_days_is_read_as_none(ordered: bool) -> None:
    """E7, TDDDG § 11: earlier versions of the configuration stay readable, and nobody gets a bill by them."""
    items = items_of(load([EXAMPLE]).config)
    key = ItemKey(CUSTOMER, "kunde-bau")
    tree = json.loads(items[key].content)
    tree["billing"] = {"email": "rechnung@bau.example", "itemised_bill": ordered}
    items[key] = ConfigItem.of(*key, json.dumps(tree))
    entry = entry_of(items[key])
    assert isinstance(entry, CustomerEntry)
    assert entry.billing is not None
    assert (entry.billing.email, entry.billing.itemised_bill) == ("rechnung@bau.example", None)
    found = next(each for each in config_of(items).customers if each.id == "kunde-bau")
    assert found.billing == entry.billing


@pytest.mark.parametrize(
    ("written", "registered"),
    [
        ("konto@tel.example", ("konto", "tel.example", "konto@tel.example")),
        ("konto@a@tel.example", ("konto", None, "konto@a@tel.example")),
        ("konto@", ("konto", None, "konto@")),
        ("@", ("-", None, "@")),
    ],
)
def test_a_user_name_with_its_domain_is_read_as_its_parts(
    written: str, registered: tuple[str, str | None, str]
) -> None:
    """Earlier versions stay readable: controllers start with them, invoices and rollbacks read them."""
    items = items_of(load([EXAMPLE]).config)
    for key, at in ((CARRIER_KEY, 0), (ItemKey(CUSTOMER, "kunde-bau"), 0)):
        tree = json.loads(items[key].content)
        tree["trunks"][at]["registration"] = {"username": written, "secret": {"env": "GEHEIM"}}
        items[key] = ConfigItem.of(*key, json.dumps(tree))
        entry = entry_of(items[key])
        found = entry.trunks[at].registration
        assert found is not None
        assert (found.username, found.domain, found.auth_username) == registered
        assert items_of(config_of(items))[key] == item_of(entry), "as it is stored from now on"


def test_parts_that_contradict_each_other_are_refused_as_files_are() -> None:
    items = items_of(load([EXAMPLE]).config)
    stolen = items[ItemKey(CUSTOMER, "kunde-bau")].content.replace("kunde-bau", "kunde-zwei")
    items[ItemKey(CUSTOMER, "kunde-zwei")] = ConfigItem.of(CUSTOMER, "kunde-zwei", stolen)
    with pytest.raises(ConfigInvalid, match="number-twice"):
        config_of(items)
    del items[CARRIER_KEY]
    with pytest.raises(ConfigInvalid, match="missing-key"):
        config_of(items)


def test_yaml_files_hold_the_same_whatever_file_a_customer_stands_in(tmp_path: Path) -> None:
    customers = [path.read_text() for path in sorted(EXAMPLE.glob("kunde-*.yaml"), reverse=True)]
    together = "customers:\n" + "\n".join(text.replace("\ncustomers:\n", "\n") for text in customers)
    one = tmp_path / "all.yaml"
    one.write_text(together + "\n" + (EXAMPLE / "carrier.yaml").read_text())
    assert items_of(load([one]).config) == items_of(load([EXAMPLE]).config)
