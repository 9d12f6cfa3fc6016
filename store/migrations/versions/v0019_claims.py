"""Debits handed to the bank, what the bank says, what settles claims, return-debit fees, objections."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"

_LEDGER = """
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_kind;
ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_kind CHECK (kind IN (
    'usage', 'correction', 'invoice', 'credit_note', 'payment', 'return', 'collection', 'withdrawal'
));
CREATE INDEX invoice_by_corrects ON invoice (corrects);
INSERT INTO ledger_account (code, name) VALUES
    ('in_collection', 'Eingereichte Lastschriften'),
    ('bank_charges', 'Nebenkosten des Geldverkehrs');
"""

_TABLES = """
CREATE TABLE sepa_run (
    name TEXT NOT NULL,
    scheme TEXT NOT NULL,
    due_on DATE NOT NULL,
    made_at TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    document BYTEA NOT NULL,
    withdrawn_at TIMESTAMP(3) WITH TIME ZONE,
    CONSTRAINT sepa_run_key PRIMARY KEY (name),
    CONSTRAINT sepa_run_name_length CHECK (char_length(name) BETWEEN 1 AND 30),
    CONSTRAINT sepa_run_scheme CHECK (scheme IN ('CORE', 'B2B')),
    CONSTRAINT sepa_run_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT sepa_run_document_size CHECK (octet_length(document) BETWEEN 1 AND 268435456)
);
CREATE TABLE sepa_collection (
    end_to_end TEXT NOT NULL,
    run TEXT NOT NULL,
    batch TEXT NOT NULL,
    number TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    cents BIGINT NOT NULL,
    mandate TEXT NOT NULL,
    sequence TEXT NOT NULL,
    due_on DATE NOT NULL,
    credited_on DATE,
    back_on DATE,
    back_reason TEXT,
    CONSTRAINT sepa_collection_key PRIMARY KEY (end_to_end),
    CONSTRAINT sepa_collection_run_of_sepa_run FOREIGN KEY(run) REFERENCES sepa_run (name),
    CONSTRAINT sepa_collection_number_of_invoice FOREIGN KEY(number) REFERENCES invoice (number),
    CONSTRAINT sepa_collection_end_to_end_length CHECK (char_length(end_to_end) BETWEEN 1 AND 35),
    CONSTRAINT sepa_collection_batch_length CHECK (char_length(batch) BETWEEN 1 AND 35),
    CONSTRAINT sepa_collection_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT sepa_collection_mandate_length CHECK (char_length(mandate) BETWEEN 1 AND 35),
    CONSTRAINT sepa_collection_back_reason_length CHECK (char_length(back_reason) BETWEEN 0 AND 35),
    CONSTRAINT sepa_collection_cents CHECK (cents > 0),
    CONSTRAINT sepa_collection_sequence CHECK (sequence IN ('FRST', 'RCUR')),
    CONSTRAINT sepa_collection_back_with_reason CHECK ((back_on IS NULL) = (back_reason IS NULL))
);
CREATE INDEX sepa_collection_by_run ON sepa_collection (run);
CREATE INDEX sepa_collection_by_number ON sepa_collection (number);
CREATE INDEX sepa_collection_by_mandate ON sepa_collection (mandate);
CREATE UNIQUE INDEX sepa_collection_one_at_a_time ON sepa_collection (number)
    WHERE credited_on IS NULL AND back_on IS NULL;
CREATE TABLE bank_line (
    key TEXT NOT NULL,
    file TEXT NOT NULL,
    imported_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    actor TEXT NOT NULL,
    booked_on DATE NOT NULL,
    cents BIGINT NOT NULL,
    party TEXT NOT NULL,
    iban TEXT NOT NULL,
    purpose TEXT NOT NULL,
    end_to_end TEXT NOT NULL,
    mandate TEXT NOT NULL,
    batch TEXT NOT NULL,
    back_reason TEXT,
    collected_cents BIGINT,
    charges_cents BIGINT,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    CONSTRAINT bank_line_key PRIMARY KEY (key),
    CONSTRAINT bank_line_key_length CHECK (char_length(key) BETWEEN 1 AND 200),
    CONSTRAINT bank_line_file_length CHECK (char_length(file) BETWEEN 1 AND 256),
    CONSTRAINT bank_line_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT bank_line_party_length CHECK (char_length(party) BETWEEN 0 AND 140),
    CONSTRAINT bank_line_iban_length CHECK (char_length(iban) BETWEEN 0 AND 140),
    CONSTRAINT bank_line_purpose_length CHECK (char_length(purpose) BETWEEN 0 AND 1000),
    CONSTRAINT bank_line_end_to_end_length CHECK (char_length(end_to_end) BETWEEN 0 AND 140),
    CONSTRAINT bank_line_mandate_length CHECK (char_length(mandate) BETWEEN 0 AND 140),
    CONSTRAINT bank_line_batch_length CHECK (char_length(batch) BETWEEN 0 AND 140),
    CONSTRAINT bank_line_back_reason_length CHECK (char_length(back_reason) BETWEEN 0 AND 35),
    CONSTRAINT bank_line_why_length CHECK (char_length(why) BETWEEN 0 AND 1000),
    CONSTRAINT bank_line_state CHECK (state IN ('open', 'settled', 'left'))
);
CREATE INDEX bank_line_open ON bank_line (booked_on) WHERE state = 'open';
CREATE TABLE settlement (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    number TEXT NOT NULL,
    kind TEXT NOT NULL,
    cents BIGINT NOT NULL,
    settled_on DATE NOT NULL,
    end_to_end TEXT,
    bank_line TEXT,
    entry_id BIGINT NOT NULL,
    CONSTRAINT settlement_key PRIMARY KEY (id),
    CONSTRAINT settlement_number_of_invoice FOREIGN KEY(number) REFERENCES invoice (number),
    CONSTRAINT settlement_end_to_end_of_sepa_collection
        FOREIGN KEY(end_to_end) REFERENCES sepa_collection (end_to_end),
    CONSTRAINT settlement_bank_line_of_bank_line FOREIGN KEY(bank_line) REFERENCES bank_line (key),
    CONSTRAINT settlement_entry_id_of_ledger_entry FOREIGN KEY(entry_id) REFERENCES ledger_entry (id),
    CONSTRAINT settlement_kind CHECK (kind IN ('debit', 'withdrawn', 'returned', 'paid', 'set_off')),
    CONSTRAINT settlement_cents
        CHECK (cents <> 0 AND (kind = 'set_off' OR (cents > 0) = (kind IN ('debit', 'paid')))),
    CONSTRAINT settlement_end_to_end CHECK ((kind IN ('paid', 'set_off')) = (end_to_end IS NULL)),
    CONSTRAINT settlement_bank_line CHECK ((kind IN ('returned', 'paid')) = (bank_line IS NOT NULL))
);
CREATE INDEX settlement_by_number ON settlement (number);
CREATE TABLE return_fee (
    end_to_end TEXT NOT NULL,
    number TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    cents BIGINT NOT NULL,
    raised_on DATE NOT NULL,
    reason TEXT NOT NULL,
    billed_by TEXT,
    waived TEXT,
    CONSTRAINT return_fee_key PRIMARY KEY (end_to_end),
    CONSTRAINT return_fee_end_to_end_of_sepa_collection
        FOREIGN KEY(end_to_end) REFERENCES sepa_collection (end_to_end),
    CONSTRAINT return_fee_number_of_invoice FOREIGN KEY(number) REFERENCES invoice (number),
    CONSTRAINT return_fee_billed_by_of_invoice FOREIGN KEY(billed_by) REFERENCES invoice (number),
    CONSTRAINT return_fee_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT return_fee_cents CHECK (cents > 0),
    CONSTRAINT return_fee_reason_length CHECK (char_length(reason) BETWEEN 1 AND 1000),
    CONSTRAINT return_fee_waived_length CHECK (char_length(waived) BETWEEN 1 AND 1000),
    CONSTRAINT return_fee_billed_or_waived CHECK (billed_by IS NULL OR waived IS NULL)
);
CREATE INDEX return_fee_open ON return_fee (customer_id) WHERE billed_by IS NULL AND waived IS NULL;
CREATE INDEX return_fee_by_billed_by ON return_fee (billed_by);
CREATE TABLE objection (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    number TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    month DATE NOT NULL,
    raised_on DATE NOT NULL,
    positions INTEGER[] NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    settled_on DATE,
    outcome TEXT,
    answer TEXT,
    CONSTRAINT objection_key PRIMARY KEY (id),
    CONSTRAINT objection_number_of_invoice FOREIGN KEY(number) REFERENCES invoice (number),
    CONSTRAINT objection_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 128),
    CONSTRAINT objection_reason_length CHECK (char_length(reason) BETWEEN 1 AND 1000),
    CONSTRAINT objection_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT objection_answer_length CHECK (char_length(answer) BETWEEN 1 AND 1000),
    CONSTRAINT objection_outcome CHECK (outcome IN ('upheld', 'partly', 'rejected')),
    CONSTRAINT objection_settled
        CHECK ((settled_on IS NULL) = (outcome IS NULL) AND (settled_on IS NULL) = (answer IS NULL)),
    CONSTRAINT objection_settled_after_raised CHECK (settled_on >= raised_on)
);
CREATE INDEX objection_by_number ON objection (number);
CREATE INDEX objection_open ON objection (customer_id, month) WHERE settled_on IS NULL;
"""

_RULES = """
CREATE TRIGGER sepa_run_is_final BEFORE UPDATE OF name, scheme, due_on, made_at, actor, document ON sepa_run
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER sepa_run_stays BEFORE DELETE OR TRUNCATE ON sepa_run
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER sepa_collection_is_final BEFORE UPDATE OF
    end_to_end, run, batch, number, customer_id, cents, mandate, sequence, due_on ON sepa_collection
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER sepa_collection_stays BEFORE DELETE OR TRUNCATE ON sepa_collection
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER bank_line_is_final BEFORE UPDATE OF
    key, file, imported_at, actor, booked_on, cents, party, iban, purpose, end_to_end, mandate, batch,
    back_reason, collected_cents, charges_cents ON bank_line
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER bank_line_stays BEFORE DELETE OR TRUNCATE ON bank_line
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER settlement_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER return_fee_stays BEFORE DELETE OR TRUNCATE ON return_fee
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER objection_is_final BEFORE UPDATE OF
    id, number, customer_id, month, raised_on, positions, reason, actor ON objection
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER objection_stays BEFORE DELETE OR TRUNCATE ON objection
    EXECUTE FUNCTION refuse_booked_change();

-- E9: never twice the same claim. Debits beyond what is left of an invoice are refused, whoever makes them.
CREATE FUNCTION settlement_not_beyond_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(cents) FROM settlement WHERE number = NEW.number) > (
        SELECT gross_cents - (
            SELECT coalesce(sum(gross_cents), 0) FROM invoice AS credit WHERE credit.corrects = NEW.number
        ) FROM invoice WHERE number = NEW.number
    ) THEN
        RAISE EXCEPTION '% would be debited with more than is open of it', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER settlement_never_twice AFTER INSERT ON settlement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'debit')
    EXECUTE FUNCTION settlement_not_beyond_claim();

-- TDDDG 10(2), TKG 67: the records of a disputed month are kept until the dispute is settled.
CREATE FUNCTION disputed_records_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM objection WHERE settled_on IS NULL AND customer_id = OLD.customer_id
            AND OLD.started_at >= (month - 1)::timestamp AT TIME ZONE 'Europe/Berlin'
            AND OLD.started_at < (month + interval '1 month') AT TIME ZONE 'Europe/Berlin'
    ) THEN
        RAISE EXCEPTION 'an objection is open: its call records are kept until it is settled'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER cdr_of_a_dispute_stays BEFORE DELETE ON cdr
    FOR EACH ROW EXECUTE FUNCTION disputed_records_are_kept();
"""

_SEPARATION = """
ALTER TABLE sepa_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE sepa_collection ENABLE ROW LEVEL SECURITY;
ALTER TABLE bank_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE settlement ENABLE ROW LEVEL SECURITY;
ALTER TABLE return_fee ENABLE ROW LEVEL SECURITY;
ALTER TABLE objection ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    for statements in (_LEDGER, _TABLES, _RULES, _SEPARATION):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0019 is not undone, that would delete what was debited and paid: restore a backup")
