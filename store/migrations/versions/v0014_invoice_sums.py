"""What each invoice billed and what was credited of it; items for the next one; credit that pays first."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"

_INVOICE = """
ALTER TABLE invoice ADD COLUMN scope TEXT DEFAULT 'whole' NOT NULL;
ALTER TABLE invoice ADD COLUMN set_off_cents BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE invoice ADD CONSTRAINT invoice_scope
    CHECK (scope = 'whole' OR (scope = 'part' AND kind = 'credit_note'));
ALTER TABLE invoice ADD CONSTRAINT invoice_set_off
    CHECK (set_off_cents = 0 OR (kind = 'invoice' AND set_off_cents BETWEEN 0 AND gross_cents));
-- An invoice over 0.00 may still bill fractions of a cent: then it has an entry.
ALTER TABLE invoice DROP CONSTRAINT invoice_in_ledger;
ALTER TABLE invoice ADD CONSTRAINT invoice_in_ledger CHECK (gross_cents = 0 OR entry_id IS NOT NULL);
DROP INDEX invoice_once_corrected;
CREATE UNIQUE INDEX invoice_once_corrected ON invoice (corrects) WHERE scope = 'whole';
"""

_TABLES = """
CREATE TABLE invoice_usage (
    number TEXT NOT NULL,
    month DATE NOT NULL,
    zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    rounding TEXT NOT NULL,
    calls BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    bundle_s BIGINT NOT NULL,
    paid_s BIGINT NOT NULL,
    ticks BIGINT NOT NULL,
    cost_ticks BIGINT NOT NULL,
    without_cost BIGINT NOT NULL,
    CONSTRAINT invoice_usage_key PRIMARY KEY (number, month, zone, currency, rounding),
    CONSTRAINT invoice_usage_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT invoice_usage_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT invoice_usage_number_of_invoice FOREIGN KEY(number) REFERENCES invoice (number)
);
CREATE TABLE credited_line (
    number TEXT NOT NULL,
    position INTEGER NOT NULL,
    net_cents BIGINT NOT NULL,
    CONSTRAINT credited_line_key PRIMARY KEY (number, position),
    CONSTRAINT credited_line_position CHECK (position > 0),
    CONSTRAINT credited_line_number_of_invoice FOREIGN KEY(number) REFERENCES invoice (number)
);
CREATE TABLE invoice_item (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    price_ticks BIGINT NOT NULL,
    quantity INTEGER NOT NULL,
    done_on DATE NOT NULL,
    noted_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    withdrawn_at TIMESTAMP(3) WITH TIME ZONE,
    withdrawn_by TEXT,
    CONSTRAINT invoice_item_key PRIMARY KEY (id),
    CONSTRAINT invoice_item_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT invoice_item_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT invoice_item_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT invoice_item_reason_length CHECK (char_length(reason) BETWEEN 0 AND 1000),
    CONSTRAINT invoice_item_price CHECK (price_ticks <> 0 AND price_ticks % 60 = 0),
    CONSTRAINT invoice_item_quantity CHECK (quantity BETWEEN 1 AND 1000000),
    CONSTRAINT invoice_item_withdrawn_by_somebody CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE INDEX invoice_item_by_customer_id_done_on ON invoice_item (customer_id, done_on);
CREATE TABLE invoice_item_use (
    item_id BIGINT NOT NULL,
    number TEXT NOT NULL,
    CONSTRAINT invoice_item_use_key PRIMARY KEY (item_id, number),
    CONSTRAINT invoice_item_use_item_id_of_invoice_item FOREIGN KEY(item_id) REFERENCES invoice_item (id),
    CONSTRAINT invoice_item_use_number_of_invoice FOREIGN KEY(number) REFERENCES invoice (number)
);
"""

# What invoices of before have billed: charges as they were when each was booked.
_BILLED_BEFORE = """
INSERT INTO invoice_usage
SELECT invoice.number, now.month, coalesce(price.zone, ''), now.currency, now.rounding, count(*),
    sum(now.seconds)::bigint, sum(now.bundle_s)::bigint, sum(now.billed_s - now.bundle_s)::bigint,
    sum(now.ticks)::bigint,
    coalesce(sum(now.cost_ticks) FILTER (WHERE cost.currency = now.currency), 0)::bigint,
    count(*) FILTER (WHERE cost.currency IS DISTINCT FROM now.currency)
FROM invoice JOIN ledger_entry AS booked ON booked.id = invoice.entry_id
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (leg_id) * FROM (
        SELECT 0 AS number, leg_id, month, currency, rounding, seconds, billed_s, bundle_s, ticks, price_id,
            cost_price_id, cost_ticks, entry_id, rated_at
        FROM charge WHERE charge.customer_id = invoice.customer_id AND charge.month = invoice.month
        UNION ALL SELECT number, leg_id, month, currency, rounding, seconds, billed_s, bundle_s, ticks,
            price_id, cost_price_id, cost_ticks, entry_id, rated_at
        FROM charge_correction AS later
        WHERE later.customer_id = invoice.customer_id AND later.month = invoice.month
    ) AS every
    WHERE CASE WHEN entry_id IS NULL THEN rated_at <= booked.at ELSE entry_id < booked.id END
    ORDER BY leg_id, number DESC
) AS now
LEFT JOIN charged_price AS price ON price.id = now.price_id
LEFT JOIN charged_price AS cost ON cost.id = now.cost_price_id
WHERE invoice.kind = 'invoice'
GROUP BY 1, 2, 3, 4, 5;
INSERT INTO credited_line
SELECT note.number, line.position, line.net_cents
FROM invoice AS note JOIN invoice_line AS line ON line.number = note.corrects;
"""

_RULES = """
CREATE TRIGGER invoice_usage_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_usage
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER credited_line_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON credited_line
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER invoice_item_use_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_item_use
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER invoice_item_stays BEFORE DELETE OR TRUNCATE ON invoice_item
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER invoice_item_is_final BEFORE UPDATE OF id, customer_id, name, price_ticks, quantity, done_on,
    noted_at, actor, reason ON invoice_item
    EXECUTE FUNCTION refuse_booked_change();

CREATE FUNCTION credited_lines_are_within() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM credited_line AS credited
        JOIN invoice AS note ON note.number = credited.number
        LEFT JOIN invoice_line AS line
            ON line.number = note.corrects AND line.position = credited.position
        WHERE note.corrects IN (SELECT corrects FROM invoice WHERE number IN (SELECT number FROM fresh))
            OR note.number IN (SELECT number FROM fresh)
        GROUP BY note.corrects, credited.position, line.net_cents
        HAVING line.net_cents IS NULL OR abs(sum(credited.net_cents)) > abs(line.net_cents)
            OR sum(credited.net_cents) * line.net_cents < 0
    ) THEN
        RAISE EXCEPTION 'credit notes give back more than a line of the invoice has'
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER credited_line_within AFTER INSERT ON credited_line REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION credited_lines_are_within();

ALTER TABLE invoice_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE credited_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoice_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoice_item_use ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    for statements in (_INVOICE, _TABLES, _BILLED_BEFORE, _RULES):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0014 is not undone, that would delete what was billed: restore a backup instead")
