"""Trunks of the applied configuration as they are written: addresses, and where their calls come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Engine, text

from store.foreign_errors import database_errors

_TRUNKS: Final = text(
    "SELECT content::jsonb -> 'trunks' AS trunks FROM config_item"
    " WHERE until_version IS NULL AND content::jsonb ? 'trunks' ORDER BY kind, id"
)
_TEAMS: Final = text(
    "SELECT content::jsonb -> 'teams' FROM config_item WHERE kind = 'carrier' AND until_version IS NULL"
)


def applied_teams(engine: Engine) -> Any:
    """The tree of Microsoft's side of Teams trunks; None without any. Raises DatabaseError's children."""
    with database_errors("reading the applied Teams edge"), engine.connect() as connection:
        return connection.execute(_TEAMS).scalar()


def applied_trunks(engine: Engine) -> Sequence[Any]:
    """The trees of all trunks, the carrier's and the customers'. Raises DatabaseError's children."""
    with database_errors("reading the applied trunks"), engine.connect() as connection:
        return [each for row in connection.execute(_TRUNKS) for each in row.trunks or ()]
