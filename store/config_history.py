"""What the configuration said of one part, from when to when: for money, whose facts are those of a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, text

from store.config_items import ConfigItem, ItemKey
from store.foreign_errors import database_errors

_HISTORY: Final = text("""
    SELECT item.content, item.sha256, came.applied_at AS came, went.applied_at AS went
    FROM config_item AS item
    JOIN config_version AS came ON came.version = item.from_version
    LEFT JOIN config_version AS went ON went.version = item.until_version
    WHERE item.kind = :kind AND item.id = :id ORDER BY item.from_version
""")


@dataclass(frozen=True, slots=True)
class DatedItem:
    """A part as it was from `came` until `went` (None: it still is); times are UTC."""

    item: ConfigItem
    came: datetime
    went: datetime | None


def history(engine: Engine, key: ItemKey) -> tuple[DatedItem, ...]:
    """All that was ever applied of a part, oldest first. Raise DatabaseError's children."""
    with database_errors(f"reading the history of {key.id}"), engine.connect() as connection:
        rows = connection.execute(_HISTORY, {"kind": key.kind, "id": key.id}).all()
    return tuple(
        DatedItem(ConfigItem(key, row.content, bytes(row.sha256)), row.came, row.went) for row in rows
    )
