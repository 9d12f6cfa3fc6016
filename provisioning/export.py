"""A configuration as canonical YAML: one file for the carrier, one for each customer.

Reading the files back gives the same parts: export and apply are each other's inverse. Comments, anchors and
the order of the files that were applied are not kept; who wants those keeps the files under version control.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

from provisioning.canonical import entry_of, tree_of
from provisioning.schema import Config, CustomerEntry
from store.config_items import CARRIER, ConfigItem

CARRIER_FILE: Final = "carrier.yaml"
_HEAD: Final = "# Written by `fernamt config export` from version {version}.\n"
#: Keys that come first where they are, so that people see what they read about.
_FIRST: Final = ("id", "name", "number", "first", "last", "list")
_WIDTH: Final = 110


class _Dumper(yaml.SafeDumper):
    """Every text in quotes that YAML could take for something else; no anchors, no tags."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = value.isascii() and value[:1].isalpha() and value.replace("-", "").replace("_", "").isalnum()
    unlike = value.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain and unlike else '"')


#: What some YAML reader takes for something else than text.
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null", "none"})
_Dumper.add_representer(str, _text)


def export_files(config: Config, version: int) -> Iterator[tuple[str, str]]:
    """Name and text of each file. `version` stands in a comment."""
    head = _HEAD.format(version=version)
    yield CARRIER_FILE, head + _yaml({"carrier": _ordered(tree_of(config.carrier))})
    for customer in config.customers:
        yield customer_file(customer), head + _yaml({"customers": [_ordered(tree_of(customer))]})


def item_text(item: ConfigItem) -> str:
    """One part as YAML, as its file would have it."""
    tree = _ordered(tree_of(entry_of(item)))
    return _yaml({"carrier": tree} if item.key.kind == CARRIER else {"customers": [tree]})


def customer_file(customer: CustomerEntry) -> str:
    """The file's name: customers' ids hold nothing that a file's name must not."""
    return f"customer-{customer.id}.yaml"


def _yaml(tree: dict[str, Any]) -> str:
    return yaml.dump(
        tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(each) for each in value]
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda key: (_FIRST.index(key) if key in _FIRST else len(_FIRST), key))
    return {key: _ordered(value[key]) for key in keys}
