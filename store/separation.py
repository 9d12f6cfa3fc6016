"""Customers kept apart by the database (guarantee 8), for programs that work on a customer's behalf.

A role that is not the tables' owner is bound by their policies: it sees the rows of the customer that the
transaction names by the setting `fernamt.customer`, and no row without one. The owner (fernamt's own
programs) is not bound; a program that serves customers steps down into such a role first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, text

from store.errors import RecordRefused
from store.foreign_errors import database_errors

#: Tables that a customer may read, each with a policy.
CUSTOMER_TABLES: Final = (
    "acd_contact",
    "acd_log",
    "cdr",
    "cdr_raw",
    "charge",
    "charge_correction",
    "config_item",
    "customer_block",
    "invoice",
    "invoice_line",
    "ledger_posting",
    "number_event",
    "number_state",
    "recording",
)
_ROLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)


def make_customer_role(engine: Engine, role: str) -> None:
    """Make a role without login that may read customers' tables, if it is not there yet, and let us step
    down into it. Needs the right to make roles. Raises DatabaseError's children."""
    name = _checked(role)
    with database_errors(f"making the role {name}"), engine.begin() as connection:
        there = text("SELECT FROM pg_roles WHERE rolname = :name")
        if connection.execute(there, {"name": name}).one_or_none() is None:
            connection.execute(text(f"CREATE ROLE {name} NOLOGIN"))
        connection.execute(text(f"GRANT {name} TO current_user"))
        connection.execute(text(f"GRANT SELECT ON {', '.join(CUSTOMER_TABLES)} TO {name}"))


@contextmanager
def customer_session(engine: Engine, customer_id: str, *, role: str) -> Iterator[Connection]:
    """A transaction that sees this customer's rows only, and can change none."""
    name = _checked(role)
    with database_errors(f"working for customer {customer_id}"), engine.begin() as connection:
        connection.execute(text(f"SET LOCAL ROLE {name}"))
        connection.execute(text("SELECT set_config('fernamt.customer', :id, true)"), {"id": customer_id})
        yield connection


def _checked(role: str) -> str:
    if not _ROLE.fullmatch(role):
        raise RecordRefused("role name", f"{role[:70]!r} is no role name", "Use a-z, 0-9 and _, 63 at most")
    return role
