"""Parts that an earlier program stored, read as the schema has them now.

Versions are never rewritten: invoices, itemised bills and rollbacks read parts as old as the first one.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from pydantic_core import PydanticCustomError

from provisioning.schema.address import parse_host
from store.config_items import CUSTOMER, ConfigItem


def tree_of_item(item: ConfigItem) -> Any:
    """The part's plain values (a mapping), ready to be checked by the schema of today."""
    tree = json.loads(item.content)
    for trunk in _mappings(tree.get("trunks")):
        _user_of_a_domain(trunk)
    if item.key.kind == CUSTOMER:
        _undated_order(tree)
    return tree


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _user_of_a_domain(trunk: dict[str, Any]) -> None:
    """`username: anschluss@tel.example` was sent whole: challenges were answered with it, and From and To of
    REGISTER had a second @ and the address behind it. Its parts are what it was meant to be. One that has no
    such parts keeps the whole for challenges alone."""
    registration = trunk.get("registration")
    if not isinstance(registration, dict):
        return
    whole = registration.get("username")
    if not isinstance(whole, str) or "@" not in whole:
        return
    user, _, domain = whole.partition("@")
    registration |= {"username": user or domain.replace("@", "") or "-", "auth_username": whole}
    with suppress(PydanticCustomError):
        registration["domain"] = parse_host(domain)


def _undated_order(tree: dict[str, Any]) -> None:
    """`itemised_bill: true` knew neither the day of the order nor that of the declaration. Without them no
    month may have an itemised bill (TDDDG § 11(1), (3)): it reads as not ordered until the days are given."""
    billing = tree.get("billing")
    if isinstance(billing, dict) and isinstance(billing.get("itemised_bill"), bool):
        del billing["itemised_bill"]
