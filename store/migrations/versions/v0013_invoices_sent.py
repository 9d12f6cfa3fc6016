"""Which invoices were handed over, to whom, when: by e-mail to customers, as rows to the bookkeeper."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"

_TABLE = """
CREATE TABLE invoice_sent (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    number TEXT NOT NULL,
    way TEXT NOT NULL,
    recipient TEXT NOT NULL,
    encrypted BOOLEAN NOT NULL,
    actor TEXT NOT NULL,
    CONSTRAINT invoice_sent_key PRIMARY KEY (id),
    CONSTRAINT invoice_sent_number_of_invoice FOREIGN KEY(number) REFERENCES invoice (number),
    CONSTRAINT invoice_sent_way CHECK (way IN ('email', 'bookkeeping')),
    CONSTRAINT invoice_sent_recipient_length CHECK (char_length(recipient) BETWEEN 1 AND 1000),
    CONSTRAINT invoice_sent_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256)
);
CREATE INDEX invoice_sent_by_number_way ON invoice_sent (number, way);
CREATE INDEX invoice_by_month_number ON invoice (month, number);
CREATE TRIGGER invoice_sent_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_sent
    EXECUTE FUNCTION refuse_booked_change();
ALTER TABLE invoice_sent ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute(_TABLE)


def downgrade() -> None:
    raise RuntimeError("0013 is not undone, that would delete what was sent: restore a backup instead")
