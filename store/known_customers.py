"""Whether a customer is or was one: what is kept of a customer outlives it in the configuration."""

from __future__ import annotations

from sqlalchemy import Engine, select

from store.config_items import CUSTOMER
from store.errors import CustomerUnknown
from store.foreign_errors import database_errors
from store.tables import config_item


def require_customer(engine: Engine, customer_id: str) -> None:
    """Raise CustomerUnknown for an id that no applied configuration ever had, DatabaseError's children."""
    known = select(config_item.c.id).where(config_item.c.kind == CUSTOMER, config_item.c.id == customer_id)
    with database_errors(f"looking for customer {customer_id}"), engine.connect() as connection:
        if connection.execute(known.limit(1)).first() is None:
            raise CustomerUnknown(
                f"customer {customer_id}",
                "no applied configuration ever had such a customer",
                "See `fernamt customer list`",
            )
