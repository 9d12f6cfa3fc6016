"""Tariffs by revision, charges and their corrections, and what waits to be rated."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

_TARIFFS = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE tariff_revision (
    revision BIGINT GENERATED ALWAYS AS IDENTITY,
    imported_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    author TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    CONSTRAINT tariff_revision_key PRIMARY KEY (revision),
    CONSTRAINT tariff_revision_author_length CHECK (char_length(author) BETWEEN 1 AND 256),
    CONSTRAINT tariff_revision_note_length CHECK (char_length(note) BETWEEN 0 AND 2000)
);
CREATE TABLE tariff_file (
    name TEXT NOT NULL,
    from_revision BIGINT NOT NULL,
    until_revision BIGINT,
    content_zlib BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    CONSTRAINT tariff_file_key PRIMARY KEY (name, from_revision),
    CONSTRAINT tariff_file_name_length CHECK (char_length(name) BETWEEN 1 AND 128),
    CONSTRAINT tariff_file_until_after_from CHECK (until_revision > from_revision),
    CONSTRAINT tariff_file_sha256 CHECK (octet_length(sha256) = 32),
    CONSTRAINT tariff_file_from_revision_of_tariff_revision
        FOREIGN KEY(from_revision) REFERENCES tariff_revision (revision),
    CONSTRAINT tariff_file_until_revision_of_tariff_revision
        FOREIGN KEY(until_revision) REFERENCES tariff_revision (revision)
);
CREATE UNIQUE INDEX tariff_file_in_force ON tariff_file (name) WHERE until_revision IS NULL;
CREATE TABLE price_list_version (
    list_id TEXT NOT NULL,
    version TEXT NOT NULL,
    kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE,
    sha256 BYTEA NOT NULL,
    since_revision BIGINT NOT NULL,
    CONSTRAINT price_list_version_key PRIMARY KEY (list_id, version),
    CONSTRAINT price_list_version_kind CHECK (kind IN ('standard', 'individual', 'cost')),
    CONSTRAINT price_list_version_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT price_list_version_until_after_from CHECK (valid_until >= valid_from),
    CONSTRAINT price_list_version_sha256 CHECK (octet_length(sha256) = 32),
    CONSTRAINT price_list_version_no_overlap EXCLUDE USING gist (
        list_id WITH =, daterange(valid_from, COALESCE(valid_until, valid_from), '[]') WITH &&),
    CONSTRAINT price_list_version_since_revision_of_tariff_revision
        FOREIGN KEY(since_revision) REFERENCES tariff_revision (revision)
);
CREATE TABLE exchange_rate (
    currency TEXT NOT NULL,
    day DATE NOT NULL,
    per_euro NUMERIC(18, 9) NOT NULL,
    CONSTRAINT exchange_rate_key PRIMARY KEY (currency, day),
    CONSTRAINT exchange_rate_currency CHECK (currency ~ '^[A-Z]{3}$' AND currency <> 'EUR'),
    CONSTRAINT exchange_rate_per_euro CHECK (per_euro > 0)
);
"""

_CHARGES = """
CREATE TABLE charged_price (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    list_id TEXT NOT NULL,
    version TEXT NOT NULL,
    currency TEXT NOT NULL,
    prefix TEXT NOT NULL,
    exact BOOLEAN NOT NULL,
    destination TEXT NOT NULL,
    zone TEXT NOT NULL,
    kind TEXT NOT NULL,
    price BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    minimum BIGINT NOT NULL,
    first_s INTEGER NOT NULL,
    next_s INTEGER NOT NULL,
    free_s INTEGER NOT NULL,
    time_window TEXT NOT NULL,
    line INTEGER NOT NULL,
    CONSTRAINT charged_price_key PRIMARY KEY (id),
    CONSTRAINT charged_price_once UNIQUE (list_id, version, prefix, exact, time_window),
    CONSTRAINT charged_price_amounts CHECK (price >= 0 AND fee >= 0 AND minimum >= 0 AND free_s >= 0),
    CONSTRAINT charged_price_increments CHECK (first_s > 0 AND next_s > 0)
);
CREATE TABLE charge (
    leg_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    month DATE NOT NULL,
    begins_ms BIGINT NOT NULL,
    direction TEXT NOT NULL,
    called TEXT NOT NULL,
    billed_ms BIGINT NOT NULL,
    free TEXT,
    price_id BIGINT,
    currency TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    blocks INTEGER NOT NULL,
    billed_s INTEGER NOT NULL,
    bundle TEXT,
    bundle_blocks INTEGER NOT NULL,
    bundle_s INTEGER NOT NULL,
    pieces JSONB,
    exact_ticks BIGINT NOT NULL,
    ticks BIGINT NOT NULL,
    rounding TEXT NOT NULL,
    carrier_id TEXT,
    carrier_ms BIGINT NOT NULL,
    cost_price_id BIGINT,
    cost_s INTEGER NOT NULL,
    cost_ticks BIGINT NOT NULL,
    tariff_revision BIGINT NOT NULL,
    entry_id BIGINT,
    rated_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT charge_key PRIMARY KEY (leg_id),
    CONSTRAINT charge_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT charge_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT charge_durations
        CHECK (billed_ms >= 0 AND seconds >= 0 AND carrier_ms >= 0 AND cost_ticks >= 0),
    CONSTRAINT charge_bundle_within
        CHECK (blocks >= bundle_blocks AND billed_s >= bundle_s AND bundle_blocks >= 0 AND bundle_s >= 0),
    CONSTRAINT charge_bundle_named CHECK ((bundle IS NULL) = (bundle_blocks = 0)),
    CONSTRAINT charge_ticks CHECK (exact_ticks >= 0 AND ticks >= 0),
    CONSTRAINT charge_free_or_priced CHECK ((free IS NULL) = (price_id IS NOT NULL)),
    CONSTRAINT charge_free_costs_nothing CHECK (free IS NULL OR ticks = 0),
    CONSTRAINT charge_in_ledger CHECK ((ticks = 0) = (entry_id IS NULL)),
    CONSTRAINT charge_price_id_of_charged_price FOREIGN KEY(price_id) REFERENCES charged_price (id),
    CONSTRAINT charge_cost_price_id_of_charged_price
        FOREIGN KEY(cost_price_id) REFERENCES charged_price (id),
    CONSTRAINT charge_entry_id_of_ledger_entry FOREIGN KEY(entry_id) REFERENCES ledger_entry (id)
);
CREATE INDEX charge_by_customer_id_month_begins_ms ON charge (customer_id, month, begins_ms);
CREATE TABLE charge_correction (
    leg_id TEXT NOT NULL,
    number SMALLINT NOT NULL,
    reason TEXT NOT NULL,
    reversed_ticks BIGINT NOT NULL,
    reversed_currency TEXT NOT NULL,
    call_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    month DATE NOT NULL,
    begins_ms BIGINT NOT NULL,
    direction TEXT NOT NULL,
    called TEXT NOT NULL,
    billed_ms BIGINT NOT NULL,
    free TEXT,
    price_id BIGINT,
    currency TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    blocks INTEGER NOT NULL,
    billed_s INTEGER NOT NULL,
    bundle TEXT,
    bundle_blocks INTEGER NOT NULL,
    bundle_s INTEGER NOT NULL,
    pieces JSONB,
    exact_ticks BIGINT NOT NULL,
    ticks BIGINT NOT NULL,
    rounding TEXT NOT NULL,
    carrier_id TEXT,
    carrier_ms BIGINT NOT NULL,
    cost_price_id BIGINT,
    cost_s INTEGER NOT NULL,
    cost_ticks BIGINT NOT NULL,
    tariff_revision BIGINT NOT NULL,
    entry_id BIGINT,
    rated_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT charge_correction_key PRIMARY KEY (leg_id, number),
    CONSTRAINT charge_correction_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT charge_correction_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT charge_correction_durations
        CHECK (billed_ms >= 0 AND seconds >= 0 AND carrier_ms >= 0 AND cost_ticks >= 0),
    CONSTRAINT charge_correction_bundle_within
        CHECK (blocks >= bundle_blocks AND billed_s >= bundle_s AND bundle_blocks >= 0 AND bundle_s >= 0),
    CONSTRAINT charge_correction_bundle_named CHECK ((bundle IS NULL) = (bundle_blocks = 0)),
    CONSTRAINT charge_correction_ticks CHECK (exact_ticks >= 0 AND ticks >= 0),
    CONSTRAINT charge_correction_free_or_priced CHECK ((free IS NULL) = (price_id IS NOT NULL)),
    CONSTRAINT charge_correction_free_costs_nothing CHECK (free IS NULL OR ticks = 0),
    CONSTRAINT charge_correction_number CHECK (number BETWEEN 1 AND 1000),
    CONSTRAINT charge_correction_reason_length CHECK (char_length(reason) BETWEEN 1 AND 1000),
    CONSTRAINT charge_correction_leg_id_of_charge FOREIGN KEY(leg_id) REFERENCES charge (leg_id),
    CONSTRAINT charge_correction_price_id_of_charged_price
        FOREIGN KEY(price_id) REFERENCES charged_price (id),
    CONSTRAINT charge_correction_cost_price_id_of_charged_price
        FOREIGN KEY(cost_price_id) REFERENCES charged_price (id),
    CONSTRAINT charge_correction_entry_id_of_ledger_entry FOREIGN KEY(entry_id) REFERENCES ledger_entry (id)
);
CREATE INDEX charge_correction_by_customer_id_month ON charge_correction (customer_id, month);
"""

_WAITING = """
CREATE TABLE rating_due (
    call_id TEXT NOT NULL,
    started_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    noted_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT rating_due_key PRIMARY KEY (call_id)
);
CREATE INDEX rating_due_by_started_at_call_id ON rating_due (started_at, call_id);
CREATE TABLE rating_quarantine (
    leg_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    month DATE NOT NULL,
    why TEXT NOT NULL,
    sentence TEXT NOT NULL,
    since TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    tried_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT rating_quarantine_key PRIMARY KEY (leg_id),
    CONSTRAINT rating_quarantine_why_length CHECK (char_length(why) BETWEEN 1 AND 128),
    CONSTRAINT rating_quarantine_sentence_length CHECK (char_length(sentence) BETWEEN 1 AND 1000)
);
CREATE INDEX rating_quarantine_by_customer_id_month ON rating_quarantine (customer_id, month);
CREATE TABLE rating_month (
    customer_id TEXT NOT NULL,
    month DATE NOT NULL,
    used_s BIGINT[] NOT NULL,
    cut BOOLEAN[] NOT NULL,
    last_ms BIGINT[] NOT NULL,
    last_leg TEXT[] NOT NULL,
    CONSTRAINT rating_month_key PRIMARY KEY (customer_id, month)
);
"""

_RULES = """
CREATE TRIGGER charge_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON charge
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER charge_correction_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON charge_correction
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER charged_price_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON charged_price
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER exchange_rate_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_rate
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER tariff_revision_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON tariff_revision
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER tariff_file_is_final BEFORE UPDATE OF name, from_revision, content_zlib, sha256 ON tariff_file
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER tariff_file_stays BEFORE DELETE OR TRUNCATE ON tariff_file
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER price_list_version_stays BEFORE TRUNCATE ON price_list_version
    EXECUTE FUNCTION refuse_booked_change();

-- E4: never backwards. A version that is valid keeps its prices; only a future day may become its last.
CREATE FUNCTION price_list_version_not_backwards() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Europe/Berlin')::date;
BEGIN
    IF OLD.valid_from > today THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'valid_until') <> (to_jsonb(OLD) - 'valid_until')
        OR coalesce(OLD.valid_until, 'infinity') < today OR coalesce(NEW.valid_until, 'infinity') < today THEN
        RAISE EXCEPTION 'the version % of % is valid since %: it does not change backwards',
            OLD.version, OLD.list_id, OLD.valid_from
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER price_list_version_is_final BEFORE UPDATE OR DELETE ON price_list_version
    FOR EACH ROW EXECUTE FUNCTION price_list_version_not_backwards();

-- DO UPDATE and not DO NOTHING: it waits for the worker that takes the call at this moment, or makes the
-- worker pass over it, so that no leg comes in unseen between the worker's two steps.
CREATE FUNCTION note_rating_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rating_due SELECT call_id, min(started_at) FROM fresh GROUP BY call_id ORDER BY call_id
    ON CONFLICT (call_id) DO UPDATE
        SET started_at = least(rating_due.started_at, EXCLUDED.started_at), noted_at = EXCLUDED.noted_at;
    RETURN NULL;
END $$;
CREATE TRIGGER cdr_is_due AFTER INSERT ON cdr REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION note_rating_due();
INSERT INTO rating_due SELECT call_id, min(started_at) FROM cdr GROUP BY call_id;
"""

_SEPARATION = """
ALTER TABLE tariff_revision ENABLE ROW LEVEL SECURITY;
ALTER TABLE tariff_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE price_list_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE exchange_rate ENABLE ROW LEVEL SECURITY;
ALTER TABLE charged_price ENABLE ROW LEVEL SECURITY;
ALTER TABLE rating_due ENABLE ROW LEVEL SECURITY;
ALTER TABLE rating_quarantine ENABLE ROW LEVEL SECURITY;
ALTER TABLE rating_month ENABLE ROW LEVEL SECURITY;
ALTER TABLE charge ENABLE ROW LEVEL SECURITY;
CREATE POLICY charge_of_customer ON charge
    USING (customer_id = current_setting('fernamt.customer', true));
ALTER TABLE charge_correction ENABLE ROW LEVEL SECURITY;
CREATE POLICY charge_correction_of_customer ON charge_correction
    USING (customer_id = current_setting('fernamt.customer', true));
"""


def upgrade() -> None:
    for statements in (_TARIFFS, _CHARGES, _WAITING, _RULES, _SEPARATION):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0009 is not undone, that would delete charges: restore a backup instead")
