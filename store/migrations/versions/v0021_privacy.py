"""Holds, deletions, and the one way to delete evidence: in a transaction that writes the deletion down."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"

_TABLES = """
CREATE TABLE privacy_hold (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    month DATE,
    opened_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    released_at TIMESTAMP(3) WITH TIME ZONE,
    released_by TEXT,
    release_reason TEXT,
    CONSTRAINT privacy_hold_key PRIMARY KEY (id),
    CONSTRAINT privacy_hold_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT privacy_hold_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT privacy_hold_reason_length CHECK (char_length(reason) BETWEEN 1 AND 1000),
    CONSTRAINT privacy_hold_released_by_length CHECK (char_length(released_by) BETWEEN 1 AND 256),
    CONSTRAINT privacy_hold_release_reason_length CHECK (char_length(release_reason) BETWEEN 1 AND 1000),
    CONSTRAINT privacy_hold_kind CHECK (kind IN ('objection', 'order')),
    CONSTRAINT privacy_hold_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT privacy_hold_order_holds_all CHECK (month IS NULL OR kind = 'objection'),
    CONSTRAINT privacy_hold_released_by_somebody_for_a_reason CHECK (
        num_nonnulls(released_at, released_by, release_reason) IN (0, 3))
);
CREATE INDEX privacy_hold_open ON privacy_hold (customer_id) WHERE released_at IS NULL;
CREATE TABLE privacy_erasure (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    customer_id TEXT,
    month DATE,
    rows BIGINT NOT NULL,
    actor TEXT NOT NULL,
    made_in TEXT DEFAULT (pg_current_xact_id())::text NOT NULL,
    CONSTRAINT privacy_erasure_key PRIMARY KEY (id),
    CONSTRAINT privacy_erasure_kind_length CHECK (char_length(kind) BETWEEN 1 AND 128),
    CONSTRAINT privacy_erasure_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT privacy_erasure_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT privacy_erasure_rows CHECK (rows >= 0)
);
CREATE INDEX privacy_erasure_by_at ON privacy_erasure (at);
CREATE INDEX privacy_erasure_by_made_in ON privacy_erasure (made_in);
"""

# The functions keep their names, so that every trigger that calls them learns the exception, those of later
# migrations too. TRUNCATE is never excepted.
_RULES = """
CREATE FUNCTION erasing() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM privacy_erasure WHERE made_in = (pg_current_xact_id())::text)
$$;
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND erasing() THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is refused: evidence is never changed (TKG 63)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
CREATE OR REPLACE FUNCTION refuse_booked_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND TG_TABLE_NAME IN ('charge', 'charge_correction',
        'ledger_entry', 'ledger_posting'))) AND erasing()
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is refused: what is booked is corrected by another entry', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;

-- Even then what was booked stays: only who called whom and when is taken out.
CREATE FUNCTION booked_amounts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - ARRAY['called', 'begins_ms', 'customer_id', 'reference']
        <> to_jsonb(OLD) - ARRAY['called', 'begins_ms', 'customer_id', 'reference']
    THEN
        RAISE EXCEPTION 'a deletion leaves amounts as they were booked'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER charge_amounts_stay BEFORE UPDATE ON charge
    FOR EACH ROW EXECUTE FUNCTION booked_amounts_stay();
CREATE TRIGGER charge_correction_amounts_stay BEFORE UPDATE ON charge_correction
    FOR EACH ROW EXECUTE FUNCTION booked_amounts_stay();
CREATE TRIGGER ledger_entry_amounts_stay BEFORE UPDATE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION booked_amounts_stay();
CREATE TRIGGER ledger_posting_amounts_stay BEFORE UPDATE ON ledger_posting
    FOR EACH ROW EXECUTE FUNCTION booked_amounts_stay();

CREATE FUNCTION privacy_hold_only_released() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_at IS NOT NULL OR to_jsonb(NEW) - ARRAY['released_at', 'released_by', 'release_reason']
        <> to_jsonb(OLD) - ARRAY['released_at', 'released_by', 'release_reason']
    THEN
        RAISE EXCEPTION 'a hold is only released, never changed: release it and make a new one'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER privacy_hold_is_final BEFORE UPDATE ON privacy_hold
    FOR EACH ROW EXECUTE FUNCTION privacy_hold_only_released();
CREATE TRIGGER privacy_hold_stays BEFORE DELETE OR TRUNCATE ON privacy_hold
    EXECUTE FUNCTION refuse_change();
CREATE FUNCTION privacy_erasure_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.made_in <> (pg_current_xact_id())::text OR to_jsonb(NEW) - 'rows' <> to_jsonb(OLD) - 'rows' THEN
        RAISE EXCEPTION 'what was deleted is written down in its own transaction and not changed'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER privacy_erasure_is_final BEFORE UPDATE ON privacy_erasure
    FOR EACH ROW EXECUTE FUNCTION privacy_erasure_in_time();
CREATE TRIGGER privacy_erasure_stays BEFORE DELETE OR TRUNCATE ON privacy_erasure
    EXECUTE FUNCTION refuse_change();
"""

# No policy: no customer sees them.
_SEPARATION = """
ALTER TABLE privacy_hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE privacy_erasure ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    for statements in (_TABLES, _RULES, _SEPARATION):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0021 is not undone, that would delete holds: restore a backup instead")
