"""The number inventory with its history, blocked customers, and the counter of what is blocked."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBER_STATE = r"""
CREATE TABLE number_state (
    number TEXT COLLATE "C" NOT NULL,
    state TEXT NOT NULL,
    since TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    customer_id TEXT NOT NULL,
    site TEXT,
    tenant_id TEXT,
    ported BOOLEAN NOT NULL,
    configured BOOLEAN NOT NULL,
    active_from TIMESTAMP(3) WITH TIME ZONE,
    active_until TIMESTAMP(3) WITH TIME ZONE,
    contract_end DATE,
    until TIMESTAMP(3) WITH TIME ZONE,
    reason TEXT NOT NULL,
    CONSTRAINT number_state_key PRIMARY KEY (number),
    CONSTRAINT number_state_number_is_e164 CHECK (number ~ '^\+[1-9][0-9]{1,14}$'),
    CONSTRAINT number_state_state
        CHECK (state IN ('reserved', 'assigned', 'active', 'blocked', 'released', 'ported_in',
            'ported_out', 'quarantined')),
    CONSTRAINT number_state_until_where_it_ends
        CHECK ((until IS NOT NULL) = (state IN ('reserved', 'quarantined'))),
    CONSTRAINT number_state_quarantine_is_long_enough
        CHECK (state <> 'quarantined' OR until - since >= interval '744 hours'),
    CONSTRAINT number_state_assigned_has_activation
        CHECK (state NOT IN ('assigned', 'active', 'blocked') OR active_from IS NOT NULL),
    CONSTRAINT number_state_ends_after_activation CHECK (active_until >= active_from),
    CONSTRAINT number_state_blocked_has_reason CHECK (state <> 'blocked' OR reason <> ''),
    CONSTRAINT number_state_configured_is_assigned
        CHECK (NOT configured OR state IN ('assigned', 'active', 'blocked', 'ported_out')),
    CONSTRAINT number_state_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT number_state_site_length CHECK (char_length(site) BETWEEN 1 AND 128),
    CONSTRAINT number_state_tenant_id_length CHECK (char_length(tenant_id) BETWEEN 1 AND 128),
    CONSTRAINT number_state_reason_length CHECK (char_length(reason) BETWEEN 0 AND 1000)
);
CREATE INDEX number_state_by_customer_id_number ON number_state (customer_id, number);
CREATE INDEX number_state_by_customer_id_state_number ON number_state (customer_id, state, number);
CREATE INDEX number_state_by_state_number ON number_state (state, number);
CREATE INDEX number_state_ends ON number_state (until) WHERE until IS NOT NULL;
CREATE INDEX number_state_to_activate ON number_state (active_from) WHERE state = 'assigned';
CREATE INDEX number_state_to_release ON number_state (active_until)
    WHERE state IN ('assigned', 'active', 'blocked') AND active_until IS NOT NULL;
"""

_NUMBER_EVENT = r"""
CREATE TABLE number_event (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    number TEXT COLLATE "C" NOT NULL,
    at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    event TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    customer_id TEXT,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    details JSONB NOT NULL,
    CONSTRAINT number_event_key PRIMARY KEY (id),
    CONSTRAINT number_event_number_is_e164 CHECK (number ~ '^\+[1-9][0-9]{1,14}$'),
    CONSTRAINT number_event_details_is_object CHECK (jsonb_typeof(details) = 'object'),
    CONSTRAINT number_event_event_length CHECK (char_length(event) BETWEEN 1 AND 128),
    CONSTRAINT number_event_from_state_length CHECK (char_length(from_state) BETWEEN 1 AND 128),
    CONSTRAINT number_event_to_state_length CHECK (char_length(to_state) BETWEEN 1 AND 128),
    CONSTRAINT number_event_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT number_event_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT number_event_reason_length CHECK (char_length(reason) BETWEEN 0 AND 1000)
);
CREATE INDEX number_event_by_number_id ON number_event (number, id);
"""

_CUSTOMER_BLOCK = r"""
CREATE TABLE customer_block (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id TEXT NOT NULL,
    user_id TEXT DEFAULT '' NOT NULL,
    since TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    until TIMESTAMP(3) WITH TIME ZONE,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    lifted_at TIMESTAMP(3) WITH TIME ZONE,
    lifted_by TEXT,
    lift_reason TEXT,
    CONSTRAINT customer_block_key PRIMARY KEY (id),
    CONSTRAINT customer_block_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT customer_block_user_id_length CHECK (char_length(user_id) BETWEEN 0 AND 128),
    CONSTRAINT customer_block_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT customer_block_reason_length CHECK (char_length(reason) BETWEEN 1 AND 1000),
    CONSTRAINT customer_block_lifted_by_length CHECK (char_length(lifted_by) BETWEEN 1 AND 256),
    CONSTRAINT customer_block_lift_reason_length CHECK (char_length(lift_reason) BETWEEN 1 AND 1000),
    CONSTRAINT customer_block_ends_after_start CHECK (until > since),
    CONSTRAINT customer_block_lifted_after_start CHECK (lifted_at >= since),
    CONSTRAINT customer_block_lifted_by_somebody_for_a_reason
        CHECK (num_nonnulls(lifted_at, lifted_by, lift_reason) IN (0, 3)),
    CONSTRAINT customer_block_unique_customer_id_user_id_since UNIQUE (customer_id, user_id, since)
);
CREATE UNIQUE INDEX customer_block_open ON customer_block (customer_id, user_id) WHERE lifted_at IS NULL;
"""

_BLOCK_COUNTER = r"""
CREATE TABLE block_counter (
    id SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT block_counter_key PRIMARY KEY (id),
    CONSTRAINT block_counter_one_row CHECK (id = 1)
);
"""

_HISTORY_RULES = """
CREATE TRIGGER number_event_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON number_event
    EXECUTE FUNCTION refuse_change();
CREATE FUNCTION number_state_goes_only_when_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('reserved', 'quarantined') THEN
        RAISE EXCEPTION 'a number that is % does not become free without quarantine', OLD.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER number_state_not_free_at_once BEFORE DELETE ON number_state
    FOR EACH ROW EXECUTE FUNCTION number_state_goes_only_when_over();
CREATE TRIGGER number_state_stays BEFORE TRUNCATE ON number_state EXECUTE FUNCTION refuse_change();
CREATE FUNCTION customer_block_only_lifted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL
        OR (OLD.id, OLD.customer_id, OLD.user_id, OLD.since, OLD.until, OLD.actor, OLD.reason)
            IS DISTINCT FROM
            (NEW.id, NEW.customer_id, NEW.user_id, NEW.since, NEW.until, NEW.actor, NEW.reason) THEN
        RAISE EXCEPTION 'a block is only lifted, never changed: lift it and make a new one'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customer_block_is_final BEFORE UPDATE ON customer_block
    FOR EACH ROW EXECUTE FUNCTION customer_block_only_lifted();
CREATE TRIGGER customer_block_stays BEFORE DELETE OR TRUNCATE ON customer_block
    EXECUTE FUNCTION refuse_change();
"""

# Controllers poll the counter. It is counted up where something blocked comes, goes or changes, whoever does
# it and however many rows it does it to.
_COUNTER = """
INSERT INTO block_counter (id, version) VALUES (1, 1);
CREATE TRIGGER block_counter_stays BEFORE DELETE OR TRUNCATE ON block_counter
    EXECUTE FUNCTION refuse_change();
CREATE FUNCTION count_block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE block_counter SET version = version + 1;
    RETURN NULL;
END $$;
CREATE FUNCTION count_blocked_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows WHERE state = 'blocked') THEN
        UPDATE block_counter SET version = version + 1;
    ELSIF TG_OP = 'UPDATE' THEN  -- old_rows is known there only
        IF EXISTS (SELECT FROM old_rows WHERE state = 'blocked') THEN
            UPDATE block_counter SET version = version + 1;
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER number_state_counts_new AFTER INSERT ON number_state
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_blocked_number();
CREATE TRIGGER number_state_counts_changed AFTER UPDATE ON number_state
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_blocked_number();
CREATE TRIGGER customer_block_counts AFTER INSERT OR UPDATE ON customer_block
    FOR EACH STATEMENT EXECUTE FUNCTION count_block();
"""

# Guarantee 8, as in 0002.
_SEPARATION = """
ALTER TABLE number_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY number_state_of_customer ON number_state
    USING (customer_id = current_setting('fernamt.customer', true));
ALTER TABLE number_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY number_event_of_customer ON number_event
    USING (customer_id = current_setting('fernamt.customer', true));
ALTER TABLE customer_block ENABLE ROW LEVEL SECURITY;
CREATE POLICY customer_block_of_customer ON customer_block
    USING (customer_id = current_setting('fernamt.customer', true));
"""


def upgrade() -> None:
    for statements in (
        _NUMBER_STATE,
        _NUMBER_EVENT,
        _CUSTOMER_BLOCK,
        _BLOCK_COUNTER,
        _HISTORY_RULES,
        _COUNTER,
        _SEPARATION,
    ):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0003 is not undone, that would delete the numbers' history: restore a backup instead")
