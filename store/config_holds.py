"""Which nodes are held at which version, while a newer one is rolled out node by node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, Engine, delete, func, insert, select

from store import audit
from store.foreign_errors import database_errors
from store.hold_tables import config_hold

#: More nodes than anybody has.
MAX_NODES: Final = 1_000
_Then = Callable[[Connection], None]


class ConfigHolds:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> dict[str, int]:
        """The version at which each held node stays."""
        wanted = select(config_hold.c.node, config_hold.c.version).order_by(config_hold.c.node)
        with database_errors("reading held nodes"), self._engine.connect() as connection:
            return {node: int(version) for node, version in connection.execute(wanted)}

    def release(self, node: str, *, actor: str, version: int) -> None:
        """The node takes the newest version, `version`, from now on."""
        with database_errors(f"letting {node} have version {version}"), self._engine.begin() as connection:
            connection.execute(delete(config_hold).where(config_hold.c.node == node))
            audit.record(
                connection,
                actor=actor,
                action="config.rollout",
                object_kind="node",
                object_id=node,
                details={"version": version},
            )

    def hold(self, node: str, version: int, *, actor: str) -> None:
        """Keep the node at this version, or let it go back there."""
        with database_errors(f"holding {node} at {version}"), self._engine.begin() as connection:
            connection.execute(delete(config_hold).where(config_hold.c.node == node))
            connection.execute(insert(config_hold).values(node=node, version=version))
            audit.record(
                connection,
                actor=actor,
                action="config.hold",
                object_kind="node",
                object_id=node,
                details={"version": version},
            )


def holding(nodes: Sequence[str], base_version: int) -> _Then:
    """For `ConfigStore.apply`: these nodes stay where they are, at `base_version` unless they are held at an
    earlier one; no other node is held."""

    def then(connection: Connection) -> None:
        held = {
            node: int(version)
            for node, version in connection.execute(select(config_hold.c.node, config_hold.c.version))
        }
        connection.execute(delete(config_hold))
        if nodes and base_version:  # before the first version no node has any
            rows = [{"node": each, "version": held.get(each, base_version)} for each in nodes[:MAX_NODES]]
            connection.execute(insert(config_hold), rows)

    return then


def version_of(connection: Connection, node: str, current: int) -> int:
    """What the node is to have: the current version, or the one at which it is held."""
    wanted = select(func.min(config_hold.c.version)).where(config_hold.c.node == node)
    held = connection.execute(wanted).scalar_one()
    return current if held is None else min(current, int(held))
