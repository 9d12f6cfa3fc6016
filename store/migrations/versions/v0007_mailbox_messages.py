"""Messages that callers leave (C3)."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

_MAILBOX_MESSAGE = """
CREATE TABLE mailbox_message (
    id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    mailbox_id TEXT NOT NULL,
    caller TEXT,
    called TEXT NOT NULL,
    received_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    duration_ms INTEGER NOT NULL,
    sealed BYTEA NOT NULL,
    expires_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    notify JSONB NOT NULL,
    notify_at TIMESTAMP(3) WITH TIME ZONE,
    notify_attempts INTEGER NOT NULL,
    notify_error TEXT,
    notified_at TIMESTAMP(3) WITH TIME ZONE,
    heard_at TIMESTAMP(3) WITH TIME ZONE,
    CONSTRAINT mailbox_message_key PRIMARY KEY (id),
    CONSTRAINT mailbox_message_id_length CHECK (char_length(id) BETWEEN 1 AND 128),
    CONSTRAINT mailbox_message_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT mailbox_message_mailbox_id_length CHECK (char_length(mailbox_id) BETWEEN 1 AND 128),
    CONSTRAINT mailbox_message_caller_length CHECK (char_length(caller) BETWEEN 1 AND 256),
    CONSTRAINT mailbox_message_called_length CHECK (char_length(called) BETWEEN 1 AND 256),
    CONSTRAINT mailbox_message_notify_error_length CHECK (char_length(notify_error) BETWEEN 1 AND 256),
    CONSTRAINT mailbox_message_duration CHECK (duration_ms >= 0),
    CONSTRAINT mailbox_message_sealed_size CHECK (octet_length(sealed) BETWEEN 1 AND 12582912),
    CONSTRAINT mailbox_message_expires_later CHECK (expires_at > received_at),
    CONSTRAINT mailbox_message_notify_is_array CHECK (jsonb_typeof(notify) = 'array'),
    CONSTRAINT mailbox_message_notify_attempts CHECK (notify_attempts >= 0)
);
CREATE INDEX mailbox_message_by_customer_id_mailbox_id_received_at
    ON mailbox_message (customer_id, mailbox_id, received_at);
CREATE INDEX mailbox_message_by_expires_at ON mailbox_message (expires_at);
CREATE INDEX mailbox_message_to_notify ON mailbox_message (notify_at) WHERE notify_at IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(_MAILBOX_MESSAGE)


def downgrade() -> None:
    raise RuntimeError("0007 is not undone, that would delete messages: restore a backup instead")
