"""In which form the bank told a line, which account a debit was of (E9); legs without which invoices go."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"

_COLUMNS = """
ALTER TABLE bank_line ADD COLUMN form TEXT DEFAULT '' NOT NULL;
ALTER TABLE bank_line ADD CONSTRAINT bank_line_form CHECK (form IN ('', 'camt', 'mt940'));
CREATE INDEX bank_line_of_day ON bank_line (booked_on, cents);
ALTER TABLE sepa_collection ADD COLUMN iban TEXT DEFAULT '' NOT NULL;
ALTER TABLE sepa_collection
    ADD CONSTRAINT sepa_collection_iban_length CHECK (char_length(iban) BETWEEN 0 AND 34);
"""

#: A person said that invoices go without the leg; it can still be rated.
_ASIDE = """
ALTER TABLE rating_quarantine ADD COLUMN aside_by TEXT, ADD COLUMN aside_why TEXT;
ALTER TABLE rating_quarantine
    ADD CONSTRAINT rating_quarantine_aside_by_length CHECK (char_length(aside_by) BETWEEN 1 AND 256);
ALTER TABLE rating_quarantine
    ADD CONSTRAINT rating_quarantine_aside_why_length CHECK (char_length(aside_why) BETWEEN 1 AND 1000);
ALTER TABLE rating_quarantine
    ADD CONSTRAINT rating_quarantine_aside CHECK ((aside_by IS NULL) = (aside_why IS NULL));
"""

_RULES = """
CREATE TRIGGER bank_line_form_is_final BEFORE UPDATE OF form ON bank_line
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER sepa_collection_iban_is_final BEFORE UPDATE OF iban ON sepa_collection
    EXECUTE FUNCTION refuse_booked_change();
"""


def upgrade() -> None:
    for statements in (_COLUMNS, _ASIDE, _RULES):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0024 is not undone, that would delete what the bank said: restore a backup")
