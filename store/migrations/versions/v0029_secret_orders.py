"""Orders of which the customer must not know: an export to the customer does not tell of them (F4, F6)."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"

_ORDERS = """
ALTER TABLE privacy_hold
    ADD COLUMN secret BOOLEAN DEFAULT false NOT NULL,
    ADD CONSTRAINT privacy_hold_only_orders_are_secret CHECK (kind = 'order' OR NOT secret);
"""


def upgrade() -> None:
    op.execute(_ORDERS)


def downgrade() -> None:
    raise RuntimeError("0029 is not undone, exports would tell of secret orders: restore a backup instead")
