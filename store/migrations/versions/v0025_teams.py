"""Operator Connect: consents, numbers at Microsoft, orders. A number never moves to another tenant (A4)."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"

_TABLES = """
CREATE INDEX number_state_by_tenant ON number_state (tenant_id) WHERE tenant_id IS NOT NULL;
CREATE TABLE teams_consent (
    tenant_id TEXT NOT NULL,
    customer_id TEXT,
    consent TEXT NOT NULL,
    changed_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    CONSTRAINT teams_consent_key PRIMARY KEY (tenant_id),
    CONSTRAINT teams_consent_tenant_id_length CHECK (char_length(tenant_id) BETWEEN 1 AND 128),
    CONSTRAINT teams_consent_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT teams_consent_consent CHECK (
        consent IN ('signed', 'pending', 'declined', 'terminated', 'absent'))
);
CREATE TABLE teams_order (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    state TEXT NOT NULL,
    round INTEGER NOT NULL,
    operation TEXT,
    made_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    next_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    attempts INTEGER NOT NULL,
    why TEXT NOT NULL,
    ended_at TIMESTAMP(3) WITH TIME ZONE,
    actor TEXT NOT NULL,
    count INTEGER NOT NULL,
    CONSTRAINT teams_order_key PRIMARY KEY (id),
    CONSTRAINT teams_order_id_length CHECK (char_length(id) BETWEEN 1 AND 128),
    CONSTRAINT teams_order_tenant_id_length CHECK (char_length(tenant_id) BETWEEN 1 AND 128),
    CONSTRAINT teams_order_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT teams_order_operation_length CHECK (char_length(operation) BETWEEN 1 AND 128),
    CONSTRAINT teams_order_why_length CHECK (char_length(why) BETWEEN 0 AND 500),
    CONSTRAINT teams_order_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT teams_order_kind CHECK (kind IN ('upload', 'release', 'report')),
    CONSTRAINT teams_order_state CHECK (state IN ('planned', 'accepted', 'ended', 'refused')),
    CONSTRAINT teams_order_ended CHECK ((ended_at IS NOT NULL) = (state IN ('ended', 'refused'))),
    CONSTRAINT teams_order_accepted_has_operation CHECK (state <> 'accepted' OR operation IS NOT NULL),
    CONSTRAINT teams_order_counts CHECK (round >= 0 AND attempts >= 0 AND count > 0)
);
CREATE INDEX teams_order_due ON teams_order (next_at) WHERE state IN ('planned', 'accepted');
CREATE INDEX teams_order_by_tenant_id_made_at ON teams_order (tenant_id, made_at);
CREATE INDEX teams_order_by_customer_id ON teams_order (customer_id);
CREATE TABLE teams_number (
    number TEXT COLLATE "C" NOT NULL,
    tenant_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    place TEXT NOT NULL,
    since TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    linked_event BIGINT NOT NULL,
    order_id TEXT,
    problem TEXT,
    what TEXT DEFAULT '' NOT NULL,
    retry_at TIMESTAMP(3) WITH TIME ZONE,
    assigned_to TEXT DEFAULT '' NOT NULL,
    CONSTRAINT teams_number_key PRIMARY KEY (number),
    CONSTRAINT teams_number_number_is_e164 CHECK (number ~ '^\\+[1-9][0-9]{1,14}$'),
    CONSTRAINT teams_number_tenant_id_length CHECK (char_length(tenant_id) BETWEEN 1 AND 128),
    CONSTRAINT teams_number_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT teams_number_problem_length CHECK (char_length(problem) BETWEEN 1 AND 128),
    CONSTRAINT teams_number_what_length CHECK (char_length(what) BETWEEN 0 AND 500),
    CONSTRAINT teams_number_assigned_to_length CHECK (char_length(assigned_to) BETWEEN 0 AND 128),
    CONSTRAINT teams_number_place CHECK (place IN ('away', 'uploading', 'uploaded', 'releasing')),
    CONSTRAINT teams_number_order_under_way CHECK (
        (order_id IS NOT NULL) = (place IN ('uploading', 'releasing'))),
    CONSTRAINT teams_number_order_id_of_teams_order FOREIGN KEY (order_id) REFERENCES teams_order (id)
);
CREATE INDEX teams_number_by_tenant_id_number ON teams_number (tenant_id, number);
CREATE INDEX teams_number_by_customer_id ON teams_number (customer_id);
CREATE INDEX teams_number_by_order_id ON teams_number (order_id);
CREATE TABLE teams_order_number (
    order_id TEXT NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    outcome TEXT,
    what TEXT DEFAULT '' NOT NULL,
    CONSTRAINT teams_order_number_key PRIMARY KEY (order_id, number),
    CONSTRAINT teams_order_number_outcome_length CHECK (char_length(outcome) BETWEEN 1 AND 128),
    CONSTRAINT teams_order_number_what_length CHECK (char_length(what) BETWEEN 0 AND 500),
    CONSTRAINT teams_order_number_order_id_of_teams_order FOREIGN KEY (order_id) REFERENCES teams_order (id)
);
CREATE INDEX teams_order_number_by_number ON teams_order_number (number);
CREATE TABLE teams_call (
    leg_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    CONSTRAINT teams_call_key PRIMARY KEY (leg_id),
    CONSTRAINT teams_call_leg_id_of_cdr FOREIGN KEY (leg_id) REFERENCES cdr (leg_id) ON DELETE CASCADE,
    CONSTRAINT teams_call_order_id_of_teams_order FOREIGN KEY (order_id) REFERENCES teams_order (id)
);
CREATE INDEX teams_call_by_order_id ON teams_call (order_id);
"""

# Whatever a program does: only a number that is not at Microsoft, and whose life ended and began anew since
# it was linked, gets another tenant.
_RULES = """
CREATE FUNCTION teams_number_keeps_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.place <> 'away' OR NOT EXISTS (
        SELECT FROM number_event AS event WHERE event.number = OLD.number AND event.id > OLD.linked_event
            AND event.to_state IN ('free', 'ported_out'))
    THEN
        RAISE EXCEPTION 'a number never moves to another Microsoft tenant (A4)'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER teams_number_tenant_stays BEFORE UPDATE ON teams_number
    FOR EACH ROW WHEN (OLD.tenant_id <> NEW.tenant_id OR OLD.number <> NEW.number)
    EXECUTE FUNCTION teams_number_keeps_tenant();
"""

# No policy: no customer sees them.
_SEPARATION = """
ALTER TABLE teams_consent ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams_order ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams_number ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams_order_number ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams_call ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    for statements in (_TABLES, _RULES, _SEPARATION):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0025 is not undone, that would delete what was ordered: restore a backup instead")
