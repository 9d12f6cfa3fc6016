"""All tables, however many files there are of them: for whoever must not miss any."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

from store.tables import metadata


def every_table() -> MetaData:
    """The metadata with every module of ours read whose name ends with `_tables`."""
    for path in sorted(Path(__file__).parent.glob("*_tables.py")):
        import_module(f"store.{path.stem}")
    return metadata
