"""The days on which the calendar's work on numbers was done."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

_NUMBER_SWEEP = """
CREATE TABLE number_sweep (
    day DATE NOT NULL,
    at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    numbers BIGINT NOT NULL,
    blocks_lifted BIGINT NOT NULL,
    CONSTRAINT number_sweep_key PRIMARY KEY (day)
);
ALTER TABLE number_sweep ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute(_NUMBER_SWEEP)


def downgrade() -> None:
    op.execute("DROP TABLE number_sweep")
