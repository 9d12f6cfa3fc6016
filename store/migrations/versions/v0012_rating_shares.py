"""Calls to rate know which share of the customers they are of, and references of charges are checked by
the statement: several workers rate at once, faster."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

# What it gives never changes: workers that share the customers must agree on it.
_SHARES = """
CREATE FUNCTION rating_share(customer_id text) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (get_byte(sha256(convert_to(coalesce(customer_id, ''), 'UTF8')), 0) & 63)::smallint
$$;
ALTER TABLE rating_due ADD COLUMN share SMALLINT DEFAULT -1 NOT NULL;
ALTER TABLE rating_due ADD CONSTRAINT rating_due_share CHECK (share BETWEEN -1 AND 63);

-- The share is that of the customer of the call's A leg; -1 when the call was noted without that leg.
-- DO UPDATE and not DO NOTHING: it waits for the worker that takes the call at this moment, or makes the
-- worker pass over it, so that no leg comes in unseen between the worker's two steps.
CREATE OR REPLACE FUNCTION note_rating_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rating_due (call_id, started_at, share)
    SELECT call_id, min(started_at), coalesce(max(rating_share(customer_id)) FILTER (WHERE side = 'a'), -1)
    FROM fresh GROUP BY call_id ORDER BY call_id
    ON CONFLICT (call_id) DO UPDATE
        SET started_at = least(rating_due.started_at, EXCLUDED.started_at), noted_at = EXCLUDED.noted_at,
            share = greatest(rating_due.share, EXCLUDED.share);
    RETURN NULL;
END $$;
"""

# A foreign key is looked up, and its row locked, for every charge alone: a fifth of the server's work for a
# charge. Prices and entries are never deleted (their triggers say so): what is left to refuse is a charge
# that names one that is not there.
_REFERENCES = """
ALTER TABLE charge DROP CONSTRAINT charge_price_id_of_charged_price;
ALTER TABLE charge DROP CONSTRAINT charge_cost_price_id_of_charged_price;
ALTER TABLE charge DROP CONSTRAINT charge_entry_id_of_ledger_entry;
CREATE FUNCTION charge_refers_to_what_is_there() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    missing text;
BEGIN
    SELECT CASE
        WHEN EXISTS (SELECT FROM (SELECT DISTINCT price_id AS id FROM fresh) AS named
            LEFT JOIN charged_price USING (id) WHERE named.id IS NOT NULL AND charged_price.id IS NULL)
            THEN 'charge_price_id_of_charged_price'
        WHEN EXISTS (SELECT FROM (SELECT DISTINCT cost_price_id AS id FROM fresh) AS named
            LEFT JOIN charged_price USING (id) WHERE named.id IS NOT NULL AND charged_price.id IS NULL)
            THEN 'charge_cost_price_id_of_charged_price'
        WHEN EXISTS (SELECT FROM (SELECT DISTINCT entry_id AS id FROM fresh) AS named
            LEFT JOIN ledger_entry USING (id) WHERE named.id IS NOT NULL AND ledger_entry.id IS NULL)
            THEN 'charge_entry_id_of_ledger_entry'
    END INTO missing;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'a charge names a price or an entry that is not there'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = missing, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER charge_references AFTER INSERT ON charge REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION charge_refers_to_what_is_there();
"""


def upgrade() -> None:
    for statements in (_SHARES, _REFERENCES):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0012 is not undone, older programs would not know the shares: restore a backup")
