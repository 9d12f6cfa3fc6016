"""CDRs with their evidence and quarantine, and configuration versions."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

_CDR = """
CREATE TABLE cdr (
    leg_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    side TEXT NOT NULL,
    node TEXT NOT NULL,
    customer_id TEXT,
    direction TEXT NOT NULL,
    trunk_id TEXT,
    phone_id TEXT,
    a_network TEXT,
    a_presented TEXT,
    b_dialled TEXT NOT NULL,
    b_number TEXT,
    started_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    ringing_at TIMESTAMP(3) WITH TIME ZONE,
    answered_at TIMESTAMP(3) WITH TIME ZONE,
    ended_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    billed_ms BIGINT NOT NULL,
    q850 SMALLINT NOT NULL,
    cause TEXT NOT NULL,
    sip_code SMALLINT,
    hung_up_by TEXT NOT NULL,
    reason_id TEXT,
    config_version BIGINT,
    sip_call_id TEXT,
    mos DOUBLE PRECISION,
    jitter_ms DOUBLE PRECISION,
    packets_received BIGINT,
    packets_lost BIGINT,
    CONSTRAINT cdr_key PRIMARY KEY (leg_id),
    CONSTRAINT cdr_leg_id_length CHECK (char_length(leg_id) BETWEEN 1 AND 128),
    CONSTRAINT cdr_call_id_length CHECK (char_length(call_id) BETWEEN 1 AND 128),
    CONSTRAINT cdr_node_length CHECK (char_length(node) BETWEEN 1 AND 128),
    CONSTRAINT cdr_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT cdr_trunk_id_length CHECK (char_length(trunk_id) BETWEEN 1 AND 128),
    CONSTRAINT cdr_phone_id_length CHECK (char_length(phone_id) BETWEEN 1 AND 128),
    CONSTRAINT cdr_a_network_length CHECK (char_length(a_network) BETWEEN 0 AND 256),
    CONSTRAINT cdr_a_presented_length CHECK (char_length(a_presented) BETWEEN 0 AND 256),
    CONSTRAINT cdr_b_dialled_length CHECK (char_length(b_dialled) BETWEEN 0 AND 256),
    CONSTRAINT cdr_b_number_length CHECK (char_length(b_number) BETWEEN 0 AND 256),
    CONSTRAINT cdr_cause_length CHECK (char_length(cause) BETWEEN 1 AND 128),
    CONSTRAINT cdr_reason_id_length CHECK (char_length(reason_id) BETWEEN 1 AND 128),
    CONSTRAINT cdr_sip_call_id_length CHECK (char_length(sip_call_id) BETWEEN 1 AND 256),
    CONSTRAINT cdr_side CHECK (side IN ('a', 'b')),
    CONSTRAINT cdr_call_is_its_a_leg CHECK (side <> 'a' OR leg_id = call_id),
    CONSTRAINT cdr_direction CHECK (direction IN ('in', 'out', 'onnet', 'emergency', 'none')),
    CONSTRAINT cdr_hung_up_by CHECK (hung_up_by IN ('peer', 'switch')),
    CONSTRAINT cdr_ends_after_start CHECK (ended_at >= started_at),
    CONSTRAINT cdr_rings_within CHECK (ringing_at BETWEEN started_at AND ended_at),
    CONSTRAINT cdr_answered_within CHECK (answered_at BETWEEN started_at AND ended_at),
    CONSTRAINT cdr_billed_is_answer_to_end CHECK (billed_ms >= 0 AND CASE
        WHEN answered_at IS NULL THEN billed_ms = 0
        ELSE abs(billed_ms - 1000 * extract(epoch FROM ended_at - answered_at)) <= 1 END),
    CONSTRAINT cdr_q850 CHECK (q850 >= 0),
    CONSTRAINT cdr_sip_code CHECK (sip_code BETWEEN 100 AND 699),
    CONSTRAINT cdr_config_version CHECK (config_version > 0),
    CONSTRAINT cdr_mos CHECK (mos BETWEEN 0 AND 5),
    CONSTRAINT cdr_jitter_ms CHECK (jitter_ms BETWEEN 0 AND 1e9),
    CONSTRAINT cdr_packets_received CHECK (packets_received >= 0),
    CONSTRAINT cdr_packets_lost CHECK (packets_lost >= 0)
);
CREATE INDEX cdr_by_call_id ON cdr (call_id);
CREATE INDEX cdr_by_customer_id_started_at_leg_id ON cdr (customer_id, started_at, leg_id);
CREATE INDEX cdr_by_started_at_leg_id ON cdr (started_at, leg_id);
"""

_CDR_QUARANTINE = """
CREATE TABLE cdr_quarantine (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    file_name TEXT NOT NULL,
    received_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    reason_id TEXT NOT NULL,
    sentence TEXT NOT NULL,
    content BYTEA NOT NULL,
    content_sha256 BYTEA GENERATED ALWAYS AS (sha256(content)) STORED NOT NULL,
    full_size_bytes BIGINT NOT NULL,
    resolved_at TIMESTAMP(3) WITH TIME ZONE,
    CONSTRAINT cdr_quarantine_key PRIMARY KEY (id),
    CONSTRAINT cdr_quarantine_file_name_length CHECK (char_length(file_name) BETWEEN 1 AND 256),
    CONSTRAINT cdr_quarantine_reason_id_length CHECK (char_length(reason_id) BETWEEN 1 AND 128),
    CONSTRAINT cdr_quarantine_sentence_length CHECK (char_length(sentence) BETWEEN 1 AND 1000),
    CONSTRAINT cdr_quarantine_content_size CHECK (octet_length(content) <= 1048576),
    CONSTRAINT cdr_quarantine_full_size CHECK (full_size_bytes >= octet_length(content)),
    CONSTRAINT cdr_quarantine_unique_file_name_content_sha256 UNIQUE (file_name, content_sha256)
);
CREATE INDEX cdr_quarantine_open ON cdr_quarantine (received_at) WHERE resolved_at IS NULL;
"""

_CONFIG_VERSION = """
CREATE TABLE config_version (
    version BIGINT GENERATED ALWAYS AS IDENTITY,
    applied_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    author TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    content JSONB NOT NULL,
    content_sha256 BYTEA NOT NULL,
    CONSTRAINT config_version_key PRIMARY KEY (version),
    CONSTRAINT config_version_author_length CHECK (char_length(author) BETWEEN 1 AND 256),
    CONSTRAINT config_version_note_length CHECK (char_length(note) BETWEEN 0 AND 2000),
    CONSTRAINT config_version_content_sha256 CHECK (octet_length(content_sha256) = 32),
    CONSTRAINT config_version_content_is_object CHECK (jsonb_typeof(content) = 'object')
);
"""

_CDR_RAW = """
CREATE TABLE cdr_raw (
    leg_id TEXT NOT NULL,
    json_zlib BYTEA NOT NULL,
    received_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT cdr_raw_key PRIMARY KEY (leg_id),
    CONSTRAINT cdr_raw_size CHECK (octet_length(json_zlib) BETWEEN 1 AND 1048576),
    CONSTRAINT cdr_raw_leg_id_of_cdr FOREIGN KEY (leg_id) REFERENCES cdr (leg_id)
);
"""

# Statement triggers: an UPDATE, DELETE or TRUNCATE is refused even where it would find no row.
_EVIDENCE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: evidence is never changed (TKG 63)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER cdr_raw_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON cdr_raw
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cdr_is_final BEFORE UPDATE OF
    leg_id, call_id, side, node, customer_id, direction, trunk_id, phone_id, a_network, a_presented,
    b_dialled, b_number, started_at, ringing_at, answered_at, ended_at, billed_ms, q850, cause, sip_code,
    hung_up_by, reason_id, config_version, sip_call_id
    ON cdr EXECUTE FUNCTION refuse_change();
CREATE TRIGGER config_version_is_final BEFORE UPDATE ON config_version
    EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    for statements in (_CDR, _CDR_QUARANTINE, _CONFIG_VERSION, _CDR_RAW, _EVIDENCE):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0001 is not undone, that would delete call records: restore a backup instead")
