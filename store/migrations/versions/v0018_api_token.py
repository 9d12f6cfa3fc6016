"""Tokens of users of the HTTP interface (C8)."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

_USERS = """
CREATE TABLE api_token (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    agent_id TEXT,
    sha256 BYTEA NOT NULL,
    created_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP(3) WITH TIME ZONE,
    CONSTRAINT api_token_key PRIMARY KEY (id),
    CONSTRAINT api_token_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT api_token_name_length CHECK (char_length(name) BETWEEN 1 AND 256),
    CONSTRAINT api_token_agent_id_length CHECK (char_length(agent_id) BETWEEN 1 AND 128),
    CONSTRAINT api_token_role CHECK (role IN ('agent', 'supervisor', 'admin')),
    CONSTRAINT api_token_agent_is_somebody CHECK (role <> 'agent' OR agent_id IS NOT NULL),
    CONSTRAINT api_token_sha256_size CHECK (octet_length(sha256) = 32),
    CONSTRAINT api_token_expires_after_creation CHECK (expires_at > created_at),
    CONSTRAINT api_token_unique_sha256 UNIQUE (sha256)
);
CREATE INDEX api_token_by_customer_id_id ON api_token (customer_id, id);
ALTER TABLE api_token ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute(_USERS)


def downgrade() -> None:
    raise RuntimeError("0018 is not undone, that would delete users' tokens: restore a backup")
