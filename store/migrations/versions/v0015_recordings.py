"""Recorded conversations (C4)."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

_RECORDINGS = """
CREATE TABLE recording (
    id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    queue_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    consent_key TEXT NOT NULL,
    consented_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    started_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    duration_ms INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    expires_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    erased_at TIMESTAMP(3) WITH TIME ZONE,
    erased_by TEXT,
    erased_why TEXT,
    CONSTRAINT recording_key PRIMARY KEY (id),
    CONSTRAINT recording_id_length CHECK (char_length(id) BETWEEN 1 AND 128),
    CONSTRAINT recording_call_id_length CHECK (char_length(call_id) BETWEEN 1 AND 128),
    CONSTRAINT recording_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT recording_queue_id_length CHECK (char_length(queue_id) BETWEEN 1 AND 128),
    CONSTRAINT recording_agent_id_length CHECK (char_length(agent_id) BETWEEN 1 AND 128),
    CONSTRAINT recording_consent_key_length CHECK (char_length(consent_key) BETWEEN 1 AND 4),
    CONSTRAINT recording_erased_by_length CHECK (char_length(erased_by) BETWEEN 1 AND 256),
    CONSTRAINT recording_erased_why_length CHECK (char_length(erased_why) BETWEEN 1 AND 2000),
    CONSTRAINT recording_consent_first CHECK (consented_at <= started_at),
    CONSTRAINT recording_duration CHECK (duration_ms >= 0),
    CONSTRAINT recording_has_parts CHECK (parts > 0),
    CONSTRAINT recording_expires_later CHECK (expires_at > started_at),
    CONSTRAINT recording_erased_by_somebody
        CHECK ((erased_at IS NULL) = (erased_by IS NULL) AND (erased_at IS NULL) = (erased_why IS NULL))
);
CREATE INDEX recording_by_call_id ON recording (call_id);
CREATE INDEX recording_by_customer_id_started_at ON recording (customer_id, started_at);
CREATE INDEX recording_to_erase ON recording (expires_at) WHERE erased_at IS NULL;
CREATE TABLE recording_part (
    recording_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    sealed BYTEA NOT NULL,
    CONSTRAINT recording_part_key PRIMARY KEY (recording_id, number),
    CONSTRAINT recording_part_number CHECK (number > 0),
    CONSTRAINT recording_part_sealed_size CHECK (octet_length(sealed) BETWEEN 1 AND 1048640),
    CONSTRAINT recording_part_recording_id_of_recording FOREIGN KEY(recording_id) REFERENCES recording (id)
);
ALTER TABLE recording_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE recording ENABLE ROW LEVEL SECURITY;
CREATE POLICY recording_of_customer ON recording
    USING (customer_id = current_setting('fernamt.customer', true));
"""


def upgrade() -> None:
    op.execute(_RECORDINGS)


def downgrade() -> None:
    raise RuntimeError("0015 is not undone, that would delete recordings: restore a backup instead")
