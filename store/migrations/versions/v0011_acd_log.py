"""The log of contact centres, without numbers of callers, for key figures (C9)."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

_ACD_LOG = """
CREATE TABLE acd_contact (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id TEXT NOT NULL,
    call_id TEXT,
    day DATE NOT NULL,
    caller BYTEA,
    CONSTRAINT acd_contact_key PRIMARY KEY (id),
    CONSTRAINT acd_contact_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT acd_contact_call_id_length CHECK (char_length(call_id) BETWEEN 1 AND 128),
    CONSTRAINT acd_contact_caller_size CHECK (octet_length(caller) = 16),
    CONSTRAINT acd_contact_once UNIQUE (customer_id, call_id)
);
CREATE INDEX acd_contact_by_customer_id_day ON acd_contact (customer_id, day);
CREATE INDEX acd_contact_linked ON acd_contact (day) WHERE call_id IS NOT NULL;
CREATE TABLE acd_log (
    customer_id TEXT NOT NULL,
    run BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    contact_id BIGINT,
    agent_id TEXT,
    details JSONB NOT NULL,
    CONSTRAINT acd_log_key PRIMARY KEY (customer_id, run, number),
    CONSTRAINT acd_log_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT acd_log_kind_length CHECK (char_length(kind) BETWEEN 1 AND 128),
    CONSTRAINT acd_log_agent_id_length CHECK (char_length(agent_id) BETWEEN 1 AND 128),
    CONSTRAINT acd_log_numbered CHECK (run > 0 AND number > 0),
    CONSTRAINT acd_log_details_is_object CHECK (jsonb_typeof(details) = 'object'),
    CONSTRAINT acd_log_details_name_nobody CHECK (NOT details ?| array['member_id', 'at', 'is']),
    CONSTRAINT acd_log_contact_id_of_acd_contact FOREIGN KEY(contact_id) REFERENCES acd_contact (id)
);
CREATE INDEX acd_log_by_customer_id_at ON acd_log (customer_id, at);
CREATE INDEX acd_log_by_contact_id ON acd_log (contact_id);
CREATE INDEX acd_log_of_agents ON acd_log (customer_id, agent_id, at) WHERE contact_id IS NULL;
CREATE TABLE acd_salt (
    customer_id TEXT NOT NULL,
    day DATE NOT NULL,
    salt BYTEA NOT NULL,
    CONSTRAINT acd_salt_key PRIMARY KEY (customer_id, day),
    CONSTRAINT acd_salt_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT acd_salt_salt_size CHECK (octet_length(salt) = 32)
);
ALTER TABLE acd_salt ENABLE ROW LEVEL SECURITY;
ALTER TABLE acd_contact ENABLE ROW LEVEL SECURITY;
CREATE POLICY acd_contact_of_customer ON acd_contact
    USING (customer_id = current_setting('fernamt.customer', true));
ALTER TABLE acd_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY acd_log_of_customer ON acd_log
    USING (customer_id = current_setting('fernamt.customer', true));
"""


def upgrade() -> None:
    op.execute(_ACD_LOG)


def downgrade() -> None:
    raise RuntimeError(
        "0011 is not undone, that would delete the log of the contact centres: restore a backup"
    )
