"""A node can be held at a version of the configuration while others have a newer one already."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"

_HOLD = """
CREATE TABLE config_hold (
    node TEXT NOT NULL,
    version BIGINT NOT NULL,
    held_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT config_hold_key PRIMARY KEY (node),
    CONSTRAINT config_hold_version_of_config_version
        FOREIGN KEY (version) REFERENCES config_version (version),
    CONSTRAINT config_hold_node_length CHECK (char_length(node) BETWEEN 1 AND 128)
);
"""


def upgrade() -> None:
    op.execute(_HOLD)


def downgrade() -> None:
    op.execute("DROP TABLE config_hold")
