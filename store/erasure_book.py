"""What was deleted by its age, written down in the transaction that deletes it (F4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert

from privacy.kinds import Kind
from store.privacy_tables import privacy_erasure

#: Who deletes what has been kept long enough.
SWEEPER: Final = "retention"


def write_down(connection: Connection, kind: Kind, at: datetime, customers: Iterable[str]) -> None:
    """One row for each customer; `customers` has one for each row that was deleted. Raises what SQLAlchemy
    raises."""
    counted = Counter(customers)
    if not counted:
        return
    rows = [
        {"at": at, "kind": kind.id, "customer_id": customer, "rows": count, "actor": SWEEPER}
        for customer, count in sorted(counted.items())
    ]
    connection.execute(insert(privacy_erasure), rows)
