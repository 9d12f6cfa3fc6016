"""Alembic's migrations; run by store.schema.upgrade, no alembic.ini needed."""
