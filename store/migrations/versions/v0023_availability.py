"""Probes of trunks, and times that count or do not count for the availability (F1)."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"

_AVAILABILITY = """
CREATE TABLE trunk_probe (
    minute TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    node TEXT NOT NULL,
    trunk_id TEXT NOT NULL,
    reached BOOLEAN NOT NULL,
    cause TEXT NOT NULL,
    took_ms INTEGER NOT NULL,
    CONSTRAINT trunk_probe_key PRIMARY KEY (minute, node, trunk_id),
    CONSTRAINT trunk_probe_node_length CHECK (char_length(node) BETWEEN 1 AND 128),
    CONSTRAINT trunk_probe_trunk_id_length CHECK (char_length(trunk_id) BETWEEN 1 AND 128),
    CONSTRAINT trunk_probe_cause_length CHECK (char_length(cause) BETWEEN 1 AND 128),
    CONSTRAINT trunk_probe_whole_minute CHECK (date_trunc('minute', minute, 'UTC') = minute),
    CONSTRAINT trunk_probe_took CHECK (took_ms >= 0)
);
CREATE TABLE availability_entry (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    begin_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    end_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    entered_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    withdrawn_at TIMESTAMP(3) WITH TIME ZONE,
    withdrawn_by TEXT,
    CONSTRAINT availability_entry_key PRIMARY KEY (id),
    CONSTRAINT availability_entry_reason_length CHECK (char_length(reason) BETWEEN 1 AND 1000),
    CONSTRAINT availability_entry_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT availability_entry_withdrawn_by_length CHECK (char_length(withdrawn_by) BETWEEN 1 AND 256),
    CONSTRAINT availability_entry_kind
        CHECK (kind IN ('maintenance', 'customer', 'beyond-control', 'measurement', 'outage')),
    CONSTRAINT availability_entry_ends_after_begin CHECK (end_at > begin_at),
    CONSTRAINT availability_entry_maintenance_is_announced
        CHECK (kind <> 'maintenance' OR entered_at < begin_at),
    CONSTRAINT availability_entry_withdrawn_by_somebody
        CHECK (num_nonnulls(withdrawn_at, withdrawn_by) IN (0, 2))
);
CREATE INDEX availability_entry_by_begin_at ON availability_entry (begin_at);
CREATE FUNCTION availability_entry_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL
       AND (NEW.begin_at, NEW.end_at, NEW.kind, NEW.reason, NEW.actor, NEW.entered_at)
         = (OLD.begin_at, OLD.end_at, OLD.kind, OLD.reason, OLD.actor, OLD.entered_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what was entered is withdrawn, never changed or deleted'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER availability_entry_is_final BEFORE UPDATE OR DELETE ON availability_entry
    FOR EACH ROW EXECUTE FUNCTION availability_entry_is_final();
ALTER TABLE trunk_probe ENABLE ROW LEVEL SECURITY;
ALTER TABLE availability_entry ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute(_AVAILABILITY)


def downgrade() -> None:
    raise RuntimeError("0023 is not undone, that would delete what was measured: restore a backup")
