"""Double entry, numbers without gaps, issued invoices: nothing of it is changed or deleted."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

_TABLES = """
CREATE TABLE ledger_account (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT ledger_account_key PRIMARY KEY (code),
    CONSTRAINT ledger_account_code_length CHECK (char_length(code) BETWEEN 1 AND 40),
    CONSTRAINT ledger_account_name_length CHECK (char_length(name) BETWEEN 1 AND 256)
);
CREATE TABLE ledger_entry (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    made_in TEXT DEFAULT (pg_current_xact_id())::text NOT NULL,
    CONSTRAINT ledger_entry_key PRIMARY KEY (id),
    CONSTRAINT ledger_entry_kind
        CHECK (kind IN ('usage', 'correction', 'invoice', 'credit_note', 'payment', 'return')),
    CONSTRAINT ledger_entry_reference_length CHECK (char_length(reference) BETWEEN 1 AND 256)
);
CREATE TABLE ledger_posting (
    entry_id BIGINT NOT NULL,
    line INTEGER NOT NULL,
    account TEXT NOT NULL,
    customer_id TEXT,
    month DATE,
    currency TEXT NOT NULL,
    ticks BIGINT NOT NULL,
    CONSTRAINT ledger_posting_key PRIMARY KEY (entry_id, line),
    CONSTRAINT ledger_posting_ticks CHECK (ticks <> 0),
    CONSTRAINT ledger_posting_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ledger_posting_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT ledger_posting_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT ledger_posting_entry_id_of_ledger_entry FOREIGN KEY(entry_id) REFERENCES ledger_entry (id),
    CONSTRAINT ledger_posting_account_of_ledger_account
        FOREIGN KEY(account) REFERENCES ledger_account (code)
);
CREATE INDEX ledger_posting_by_customer_id_month_account ON ledger_posting (customer_id, month, account);
CREATE TABLE number_sequence (
    name TEXT NOT NULL,
    next BIGINT NOT NULL,
    CONSTRAINT number_sequence_key PRIMARY KEY (name),
    CONSTRAINT number_sequence_name_length CHECK (char_length(name) BETWEEN 1 AND 40),
    CONSTRAINT number_sequence_next CHECK (next > 0)
);
CREATE TABLE invoice (
    number TEXT NOT NULL,
    kind TEXT NOT NULL,
    corrects TEXT,
    customer_id TEXT NOT NULL,
    month DATE NOT NULL,
    issued_on DATE NOT NULL,
    net_cents BIGINT NOT NULL,
    vat_cents BIGINT NOT NULL,
    gross_cents BIGINT NOT NULL,
    document TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    entry_id BIGINT,
    CONSTRAINT invoice_key PRIMARY KEY (number),
    CONSTRAINT invoice_number_length CHECK (char_length(number) BETWEEN 1 AND 40),
    CONSTRAINT invoice_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT invoice_kind CHECK (kind IN ('invoice', 'credit_note')),
    CONSTRAINT invoice_credit_note_corrects CHECK ((kind = 'credit_note') = (corrects IS NOT NULL)),
    CONSTRAINT invoice_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT invoice_sum CHECK (net_cents + vat_cents = gross_cents),
    CONSTRAINT invoice_in_ledger CHECK ((gross_cents = 0) = (entry_id IS NULL)),
    CONSTRAINT invoice_document_size CHECK (octet_length(document) <= 16777216),
    CONSTRAINT invoice_sha256 CHECK (sha256 = sha256(convert_to(document, 'UTF8'))),
    CONSTRAINT invoice_corrects_of_invoice FOREIGN KEY(corrects) REFERENCES invoice (number),
    CONSTRAINT invoice_entry_id_of_ledger_entry FOREIGN KEY(entry_id) REFERENCES ledger_entry (id)
);
CREATE INDEX invoice_by_customer_id_month ON invoice (customer_id, month);
CREATE UNIQUE INDEX invoice_once_corrected ON invoice (corrects);
CREATE TABLE invoice_line (
    number TEXT NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    net_cents BIGINT NOT NULL,
    CONSTRAINT invoice_line_key PRIMARY KEY (number, position),
    CONSTRAINT invoice_line_position CHECK (position > 0),
    CONSTRAINT invoice_line_name_length CHECK (char_length(name) BETWEEN 1 AND 1000),
    CONSTRAINT invoice_line_number_of_invoice FOREIGN KEY(number) REFERENCES invoice (number)
);
"""

# Statement triggers where no row may ever change: they refuse even what would find no row.
_RULES = """
CREATE FUNCTION refuse_booked_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what is booked is corrected by another entry', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER ledger_entry_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER ledger_posting_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER invoice_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER invoice_line_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_line
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER number_sequence_stays BEFORE DELETE OR TRUNCATE ON number_sequence
    EXECUTE FUNCTION refuse_booked_change();

CREATE FUNCTION ledger_entry_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM ledger_posting WHERE entry_id = NEW.id) < 2 OR EXISTS (
        SELECT FROM ledger_posting WHERE entry_id = NEW.id GROUP BY currency HAVING sum(ticks) <> 0
    ) THEN
        RAISE EXCEPTION 'the postings of entry % do not sum to zero', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entry_is_balanced AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_sums_to_zero();

-- The sum is checked when the entry's transaction ends: nothing may be posted to it afterwards.
CREATE FUNCTION ledger_posting_comes_with_its_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM ledger_entry WHERE id IN (SELECT entry_id FROM fresh)
        AND made_in <> pg_current_xact_id()::text
    ) THEN
        RAISE EXCEPTION 'an entry of an earlier transaction gets no further posting'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_posting_in_time AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_posting_comes_with_its_entry();

CREATE FUNCTION invoice_line_comes_with_its_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT net_cents FROM invoice WHERE number = NEW.number) IS DISTINCT FROM
        (SELECT coalesce(sum(net_cents), 0) FROM invoice_line WHERE number = NEW.number) THEN
        RAISE EXCEPTION 'the lines of % do not sum to its net amount', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER invoice_is_sum_of_lines AFTER INSERT ON invoice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_line_comes_with_its_invoice();
CREATE CONSTRAINT TRIGGER invoice_line_sums_up AFTER INSERT ON invoice_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION invoice_line_comes_with_its_invoice();

CREATE FUNCTION number_sequence_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.name, NEW.next) IS DISTINCT FROM (OLD.name, OLD.next + 1) THEN
        RAISE EXCEPTION 'the sequence % goes on by one, not from % to %', OLD.name, OLD.next, NEW.next
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER number_sequence_without_gaps BEFORE UPDATE ON number_sequence
    FOR EACH ROW EXECUTE FUNCTION number_sequence_goes_on();
"""

_SEPARATION = """
-- Forgotten in steps 0005 and 0007: no customer's session reads these.
ALTER TABLE abuse_case ENABLE ROW LEVEL SECURITY;
ALTER TABLE mailbox_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_account ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE number_sequence ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_posting ENABLE ROW LEVEL SECURITY;
CREATE POLICY ledger_posting_of_customer ON ledger_posting
    USING (customer_id = current_setting('fernamt.customer', true));
ALTER TABLE invoice ENABLE ROW LEVEL SECURITY;
CREATE POLICY invoice_of_customer ON invoice
    USING (customer_id = current_setting('fernamt.customer', true));
ALTER TABLE invoice_line ENABLE ROW LEVEL SECURITY;
CREATE POLICY invoice_line_of_customer ON invoice_line
    USING (EXISTS (SELECT FROM invoice WHERE invoice.number = invoice_line.number));
"""

_ACCOUNTS = """
INSERT INTO ledger_account (code, name) VALUES
    ('unbilled', 'Leistungen, noch nicht berechnet'),
    ('receivable', 'Forderungen'),
    ('usage', 'Erlöse Verbindungen'),
    ('fees', 'Erlöse Entgelte'),
    ('vat', 'Umsatzsteuer'),
    ('rounding', 'Rundungs- und Kursdifferenzen'),
    ('bank', 'Bank');
"""


def upgrade() -> None:
    for statements in (_TABLES, _RULES, _SEPARATION, _ACCOUNTS):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0008 is not undone, that would delete what is booked: restore a backup instead")
