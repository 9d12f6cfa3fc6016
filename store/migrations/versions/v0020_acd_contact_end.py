"""When the caller's leg ended: calls that went on after the agent (C9)."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("ALTER TABLE acd_contact ADD COLUMN ended_at TIMESTAMP(3) WITH TIME ZONE")


def downgrade() -> None:
    raise RuntimeError("0020 is not undone, that would delete figures: restore a backup")
