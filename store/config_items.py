"""What a configuration version consists of, as the store keeps it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

#: Kinds of parts. The carrier's part has the id "carrier" and is there once.
CARRIER: Final = "carrier"
CUSTOMER: Final = "customer"


class ItemKey(NamedTuple):
    """Which part of the configuration: kind and id."""

    kind: str
    id: str


CARRIER_KEY: Final = ItemKey(CARRIER, CARRIER)


@dataclass(frozen=True, slots=True)
class ConfigItem:
    """One part: `content` is canonical JSON text, `sha256` the digest of its UTF-8."""

    key: ItemKey
    content: str
    sha256: bytes

    @classmethod
    def of(cls, kind: str, id_: str, content: str) -> ConfigItem:
        """The part with its digest."""
        return cls(ItemKey(kind, id_), content, hashlib.sha256(content.encode()).digest())


Items = Mapping[ItemKey, ConfigItem]


@dataclass(frozen=True, slots=True)
class ItemChanges:
    """What differs between two versions: parts new or changed, and keys of those that are gone.

    `whole`: `changed` is all of the version, and whatever else was there is gone.
    """

    version: int
    changed: tuple[ConfigItem, ...]
    removed: tuple[ItemKey, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class AppliedVersion:
    """One line of the history. `applied_at` is UTC."""

    version: int
    applied_at: datetime
    author: str
    note: str


def by_key(items: Iterable[ConfigItem]) -> dict[ItemKey, ConfigItem]:
    """The parts by their keys."""
    return {item.key: item for item in items}
