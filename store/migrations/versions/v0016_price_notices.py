"""Proof that customers were told of changed prices."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

_TABLE = """
CREATE TABLE price_notice (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id TEXT NOT NULL,
    list_id TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    notified_on DATE NOT NULL,
    proof TEXT NOT NULL,
    noted_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    actor TEXT NOT NULL,
    CONSTRAINT price_notice_key PRIMARY KEY (id),
    CONSTRAINT price_notice_once UNIQUE (customer_id, list_id, version, sha256),
    CONSTRAINT price_notice_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT price_notice_list_id_length CHECK (char_length(list_id) BETWEEN 1 AND 128),
    CONSTRAINT price_notice_version_length CHECK (char_length(version) BETWEEN 1 AND 128),
    CONSTRAINT price_notice_sha256 CHECK (octet_length(sha256) = 32),
    CONSTRAINT price_notice_proof_length CHECK (char_length(proof) BETWEEN 1 AND 200),
    CONSTRAINT price_notice_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256)
);
CREATE TRIGGER price_notice_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON price_notice
    EXECUTE FUNCTION refuse_booked_change();
ALTER TABLE price_notice ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute(_TABLE)


def downgrade() -> None:
    raise RuntimeError("0016 is not undone, that would delete proofs: restore a backup instead")
