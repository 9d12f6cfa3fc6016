"""A caller may agree to be recorded by a yes to the agent, who confirms it (C4)."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"

_SPOKEN = """
ALTER TABLE recording
    ADD COLUMN consent_kind TEXT DEFAULT 'key' NOT NULL,
    ALTER COLUMN consent_key DROP NOT NULL,
    ADD CONSTRAINT recording_consent_kind CHECK (consent_kind IN ('key', 'spoken')),
    ADD CONSTRAINT recording_consent_has_key CHECK ((consent_kind = 'key') = (consent_key IS NOT NULL));
"""


def upgrade() -> None:
    op.execute(_SPOKEN)


def downgrade() -> None:
    raise RuntimeError("0027 is not undone, recordings would lose their consent: restore a backup instead")
