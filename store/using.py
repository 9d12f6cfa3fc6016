"""Which of our programs are connected to a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, text

from store.foreign_errors import database_errors

_USING: Final = """
SELECT coalesce(host(client_addr), 'the machine of PostgreSQL') AS place, count(*) AS connections
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (application_name = :program OR application_name LIKE :parts)
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Using:
    """Connections of a program, and the address that they come from."""

    place: str
    connections: int


def using(engine: Engine, program: str) -> tuple[Using, ...]:
    """Where `program` ("fernamt intake") and its parts ("fernamt intake deleting") are connected from now, by
    the names that they tell PostgreSQL. Raises DatabaseError's children."""
    with database_errors("asking who uses the database"), engine.connect() as connection:
        rows = connection.execute(text(_USING), {"program": program, "parts": f"{program} %"})
        return tuple(Using(*row) for row in rows)
