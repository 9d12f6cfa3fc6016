"""Cases of abuse that rules found (B10); a throttle reaches the controllers as a block does."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_ABUSE_CASE = """
CREATE TABLE abuse_case (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    action TEXT NOT NULL,
    opened_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    sightings INTEGER NOT NULL,
    sentence TEXT NOT NULL,
    call_ids JSONB NOT NULL,
    throttle_calls INTEGER,
    throttle_window_ms INTEGER,
    throttle_until TIMESTAMP(3) WITH TIME ZONE,
    released_at TIMESTAMP(3) WITH TIME ZONE,
    released_by TEXT,
    release_reason TEXT,
    CONSTRAINT abuse_case_key PRIMARY KEY (id),
    CONSTRAINT abuse_case_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT abuse_case_rule_length CHECK (char_length(rule) BETWEEN 1 AND 128),
    CONSTRAINT abuse_case_sentence_length CHECK (char_length(sentence) BETWEEN 1 AND 1000),
    CONSTRAINT abuse_case_released_by_length CHECK (char_length(released_by) BETWEEN 1 AND 256),
    CONSTRAINT abuse_case_release_reason_length CHECK (char_length(release_reason) BETWEEN 1 AND 1000),
    CONSTRAINT abuse_case_action CHECK (action IN ('warn', 'throttle', 'block')),
    CONSTRAINT abuse_case_seen_after_opening CHECK (last_seen_at >= opened_at),
    CONSTRAINT abuse_case_released_after_opening CHECK (released_at >= opened_at),
    CONSTRAINT abuse_case_sightings CHECK (sightings > 0),
    CONSTRAINT abuse_case_call_ids_is_array CHECK (jsonb_typeof(call_ids) = 'array'),
    CONSTRAINT abuse_case_throttle_is_whole
        CHECK (num_nonnulls(throttle_calls, throttle_window_ms, throttle_until) IN (0, 3)),
    CONSTRAINT abuse_case_throttle CHECK (throttle_calls > 0 AND throttle_window_ms > 0),
    CONSTRAINT abuse_case_released_by_somebody_for_a_reason
        CHECK (num_nonnulls(released_at, released_by, release_reason) IN (0, 3))
);
CREATE UNIQUE INDEX abuse_case_open ON abuse_case (customer_id, rule) WHERE released_at IS NULL;
CREATE INDEX abuse_case_by_customer_id_id ON abuse_case (customer_id, id);
"""

_RULES = """
CREATE FUNCTION abuse_case_released_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_at IS NOT NULL
        OR (OLD.id, OLD.customer_id, OLD.rule, OLD.opened_at)
            IS DISTINCT FROM (NEW.id, NEW.customer_id, NEW.rule, NEW.opened_at) THEN
        RAISE EXCEPTION 'a released abuse case is never changed, and none becomes another one''s'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER abuse_case_is_final BEFORE UPDATE ON abuse_case
    FOR EACH ROW EXECUTE FUNCTION abuse_case_released_is_final();
CREATE TRIGGER abuse_case_stays BEFORE DELETE OR TRUNCATE ON abuse_case
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER abuse_case_counts AFTER INSERT OR UPDATE OF throttle_until, released_at ON abuse_case
    FOR EACH STATEMENT EXECUTE FUNCTION count_block();
"""


def upgrade() -> None:
    op.execute(_ABUSE_CASE)
    op.execute(_RULES)


def downgrade() -> None:
    raise RuntimeError("0005 is not undone, that would delete abuse cases: restore a backup instead")
