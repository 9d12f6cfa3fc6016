"""A tenant whose numbers Microsoft does not list is asked again by itself, and told of (A4)."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"

_TROUBLE = """
ALTER TABLE teams_consent
    ADD COLUMN trouble_since TIMESTAMP(3) WITH TIME ZONE,
    ADD COLUMN trouble_next_at TIMESTAMP(3) WITH TIME ZONE,
    ADD COLUMN trouble_tries INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN trouble_why TEXT DEFAULT '' NOT NULL,
    ADD CONSTRAINT teams_consent_trouble_why_length CHECK (char_length(trouble_why) BETWEEN 0 AND 500),
    ADD CONSTRAINT teams_consent_trouble CHECK (
        trouble_tries >= 0 AND (trouble_tries > 0) = (trouble_since IS NOT NULL)
        AND (trouble_tries > 0) = (trouble_next_at IS NOT NULL));
"""


def upgrade() -> None:
    op.execute(_TROUBLE)


def downgrade() -> None:
    raise RuntimeError("0028 is not undone: restore a backup instead")
