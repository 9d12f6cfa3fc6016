"""A configuration as the parts that are stored: one for the carrier, one for each customer.

The text of a part is canonical: the same whatever the order, the anchors and the files of the YAML, and
without what is default. So equal digests mean equal parts, and a version stores what differs only.
Secrets are references; clear text of the lab's is kept as it is written, and production refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from provisioning.checks import run_checks
from provisioning.earlier_forms import tree_of_item
from provisioning.errors import ConfigProblem, Finding, Problems
from provisioning.schema import CarrierEntry, Config, CustomerEntry
from provisioning.schema_errors import findings
from provisioning.tree import MarkedDict, MarkedList, Place, located
from provisioning.validate import Parts, validate
from store.config_items import CARRIER, CARRIER_KEY, CUSTOMER, ConfigItem, ItemKey, by_key

#: Lists whose order means nothing, besides those of things with an id. All others keep their order.
UNORDERED: Final = frozenset(
    {
        "accepts_from",
        "barring",
        "classes",
        "closed_on",
        "countries",
        "days",
        "list",
        "number_blocks",
        "numbers",
        "open_on",
        "prefixes",
        "slots",
        "times",
        "users",
    }
)

Tree = dict[str, Any]


def tree_of(entry: CarrierEntry | CustomerEntry, *, defaults: bool = False) -> Tree:
    """The part as plain values (mappings, lists, text, whole numbers, booleans), unordered lists sorted.

    With `defaults` every key stands in it, None too; else only what is not as by default.
    """
    ordered = _in_order(entry.model_dump(mode="json", exclude_defaults=not defaults), "")
    assert isinstance(ordered, dict)  # noqa: S101 - a model's dump is a mapping
    return ordered


def item_of(entry: CarrierEntry | CustomerEntry) -> ConfigItem:
    """The part as it is stored."""
    if isinstance(entry, CustomerEntry):
        return ConfigItem.of(CUSTOMER, entry.id, _text(tree_of(entry)))
    return ConfigItem.of(CARRIER, CARRIER, _text(tree_of(entry)))


def items_of(config: Config) -> dict[ItemKey, ConfigItem]:
    """All parts, by key, in the order of the configuration."""
    return by_key([item_of(config.carrier), *map(item_of, config.customers)])


def entry_of(item: ConfigItem) -> CarrierEntry | CustomerEntry:
    """The part back, valid by itself; checks across parts are `config_of`'s. Raises ConfigInvalid."""
    model: type[CarrierEntry | CustomerEntry] = CarrierEntry if item.key.kind == CARRIER else CustomerEntry
    try:
        return model.model_validate(tree_of_item(item))
    except ValidationError as error:
        problems = Problems()
        place = Place(place_of(item.key), 1, 1)
        problems.find(findings(error, model, ()), lambda finding: located(finding, place))
        problems.raise_if_any()
        raise


def config_of(items: Mapping[ItemKey, ConfigItem]) -> Config:
    """The configuration back, by the very validation and checks that files go through.

    Raises ConfigInvalid; problems name the part ("customer kunde-bau") instead of file and line.
    """
    customers = sorted(key for key in items if key.kind == CUSTOMER)
    tree = MarkedDict(0)
    if CARRIER_KEY in items:
        tree["carrier"] = tree_of_item(items[CARRIER_KEY])
    tree["customers"] = listed = MarkedList(0)
    listed.extend(tree_of_item(items[key]) for key in customers)
    problems, parts = Problems(), Parts()
    locate = _locator(customers)
    problems.find(validate(tree, parts), locate)
    if not problems.errors:
        problems.find(run_checks(parts), locate)
    problems.raise_if_any()
    return parts.config()


def place_of(key: ItemKey) -> str:
    """The part's name in messages."""
    return "the carrier" if key.kind == CARRIER else f"customer {key.id}"


def _locator(customers: list[ItemKey]) -> Callable[[Finding], ConfigProblem]:
    def name(path: tuple[str | int, ...] | None) -> Place | None:
        if not path:
            return None
        index = path[1] if len(path) > 1 and path[0] == "customers" else None
        return Place(place_of(customers[index]) if isinstance(index, int) else "the carrier", 1, 1)

    def locate(finding: Finding) -> ConfigProblem:
        return located(finding, name(finding.path) or Place("", 0, 0), name(finding.other))

    return locate


def _text(tree: Tree) -> str:
    return json.dumps(tree, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _in_order(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _in_order(each, name) for name, each in sorted(value.items())}
    if not isinstance(value, list):
        return value
    items = [_in_order(each, "") for each in value]
    if key in UNORDERED:
        return sorted(items, key=_sort_text)
    if items and all(isinstance(each, dict) and "id" in each for each in items):
        return sorted(items, key=lambda each: str(each["id"]))
    return items


def _sort_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
