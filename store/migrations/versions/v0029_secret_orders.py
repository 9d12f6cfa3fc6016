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
# Nobody said of an open order whether the customer may know: what was told cannot be taken back. Holds are
# otherwise only released, never changed.
_UNSAID = """
ALTER TABLE privacy_hold DISABLE TRIGGER privacy_hold_is_final;
UPDATE privacy_hold SET secret = true WHERE kind = 'order' AND released_at IS NULL;
ALTER TABLE privacy_hold ENABLE TRIGGER privacy_hold_is_final;
"""


def upgrade() -> None:
    op.execute(_ORDERS)
    op.execute(_UNSAID)


def downgrade() -> None:
    raise RuntimeError("0029 is not undone, exports would tell of secret orders: restore a backup instead")
