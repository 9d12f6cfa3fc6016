"""Attempts to call 110 and 112, with everything that was sent."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

_EMERGENCY_ATTEMPT = """
CREATE TABLE emergency_attempt (
    call_id TEXT NOT NULL,
    at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    node TEXT NOT NULL,
    customer_id TEXT,
    number TEXT,
    dialled TEXT NOT NULL,
    written TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason_id TEXT NOT NULL,
    config_version BIGINT NOT NULL,
    address TEXT,
    area_code TEXT,
    centre TEXT,
    sent JSONB NOT NULL,
    pre_empted JSONB NOT NULL,
    claimed_location TEXT,
    received_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT emergency_attempt_key PRIMARY KEY (call_id),
    CONSTRAINT emergency_attempt_call_id_length CHECK (char_length(call_id) BETWEEN 1 AND 128),
    CONSTRAINT emergency_attempt_node_length CHECK (char_length(node) BETWEEN 1 AND 128),
    CONSTRAINT emergency_attempt_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT emergency_attempt_number_length CHECK (char_length(number) BETWEEN 0 AND 256),
    CONSTRAINT emergency_attempt_written_length CHECK (char_length(written) BETWEEN 0 AND 256),
    CONSTRAINT emergency_attempt_reason_id_length CHECK (char_length(reason_id) BETWEEN 1 AND 128),
    CONSTRAINT emergency_attempt_address_length CHECK (char_length(address) BETWEEN 0 AND 16384),
    CONSTRAINT emergency_attempt_claimed_location_length
        CHECK (char_length(claimed_location) BETWEEN 0 AND 16384),
    CONSTRAINT emergency_attempt_dialled CHECK (dialled IN ('110', '112')),
    CONSTRAINT emergency_attempt_outcome CHECK (outcome IN ('route', 'refuse', 'announce')),
    CONSTRAINT emergency_attempt_sent_is_array CHECK (jsonb_typeof(sent) = 'array'),
    CONSTRAINT emergency_attempt_pre_empted_is_array CHECK (jsonb_typeof(pre_empted) = 'array')
);
CREATE INDEX emergency_attempt_by_at ON emergency_attempt (at);
CREATE INDEX emergency_attempt_by_customer_id_at ON emergency_attempt (customer_id, at);
CREATE TRIGGER emergency_attempt_is_final BEFORE UPDATE OR TRUNCATE ON emergency_attempt
    EXECUTE FUNCTION refuse_change();
ALTER TABLE emergency_attempt ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute(_EMERGENCY_ATTEMPT)


def downgrade() -> None:
    raise RuntimeError(
        "0006 is not undone, that would delete the record of emergency calls: restore a backup"
    )
