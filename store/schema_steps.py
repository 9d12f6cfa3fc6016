"""Alembic takes the schema from step to step; imported by whoever has to (store/schema.py)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def alembic_config(connection: Connection | None = None) -> Config:
    """What Alembic works with; `connection` for what changes or reads tables, in its transaction."""
    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def climb(connection: Connection, step: str = "head") -> None:
    """Take every step up to this one."""
    command.upgrade(alembic_config(connection), step)
