"""What the inventory needs to know of the applied configuration: blocks, terms, customers' names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, text

from numbering.e164 import E164
from numbering.life import TERMS, Terms
from store.number_records import OurBlock

_CARRIER: Final = text("SELECT content FROM config_item WHERE kind = 'carrier' AND until_version IS NULL")
_CUSTOMERS: Final = text(
    "SELECT id, content::jsonb ->> 'name' AS name, content::jsonb -> 'blocked' = 'true' AS blocked"
    " FROM config_item WHERE kind = 'customer' AND until_version IS NULL AND id > :after"
    " ORDER BY id LIMIT :limit"
)
_CUSTOMER: Final = text(
    "SELECT id, content::jsonb ->> 'name' AS name, content::jsonb -> 'blocked' = 'true' AS blocked"
    " FROM config_item WHERE kind = 'customer' AND until_version IS NULL AND id = :id"
)
_AGENTS_DECLARED: Final = text(
    "SELECT content::jsonb -> 'figures' ->> 'agents_declared'"
    " FROM config_item WHERE kind = 'customer' AND until_version IS NULL AND id = :id"
)


@dataclass(frozen=True, slots=True)
class AppliedCustomer:
    """A customer of the applied configuration; `blocked`: by the configuration itself."""

    id: str
    name: str
    blocked: bool


def our_blocks(connection: Connection) -> tuple[OurBlock, ...]:
    """The carrier's blocks in order; none while nothing is applied."""
    content = connection.scalar(_CARRIER)
    blocks: list[dict[str, Any]] = json.loads(content).get("number_blocks", []) if content else []
    return tuple(
        sorted(
            (OurBlock(E164(each["first"]), E164(each["last"])) for each in blocks),
            key=lambda block: (block.first, block.last),
        )
    )


def our_terms(connection: Connection) -> Terms:
    """How long released numbers rest, as the carrier says; as the law asks while nothing is applied."""
    content = connection.scalar(_CARRIER)
    days = json.loads(content).get("number_quarantine_days") if content else None
    return TERMS if days is None else Terms(quarantine_days=int(days))


def customers(connection: Connection, after: str, limit: int) -> Iterator[AppliedCustomer]:
    """Customers whose id comes after `after`, in order."""
    for row in connection.execute(_CUSTOMERS, {"after": after, "limit": limit}):
        yield AppliedCustomer(row.id, row.name or row.id, bool(row.blocked))


def customer(connection: Connection, id_: str) -> AppliedCustomer | None:
    """One customer, None for an id that the applied configuration does not know."""
    row = connection.execute(_CUSTOMER, {"id": id_}).one_or_none()
    return AppliedCustomer(row.id, row.name or row.id, bool(row.blocked)) if row else None


def agents_declared(connection: Connection, id_: str) -> date | None:
    """From which day on a customer's agents may be told apart in figures; None: never."""
    found = connection.scalar(_AGENTS_DECLARED, {"id": id_})
    return date.fromisoformat(found) if found else None
