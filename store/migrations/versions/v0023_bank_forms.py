"""In which form the bank told a line, and which account a debit was of (E9)."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"

_COLUMNS = """
ALTER TABLE bank_line ADD COLUMN form TEXT DEFAULT '' NOT NULL;
ALTER TABLE bank_line ADD CONSTRAINT bank_line_form CHECK (form IN ('', 'camt', 'mt940'));
CREATE INDEX bank_line_of_day ON bank_line (booked_on, cents);
ALTER TABLE sepa_collection ADD COLUMN iban TEXT DEFAULT '' NOT NULL;
ALTER TABLE sepa_collection
    ADD CONSTRAINT sepa_collection_iban_length CHECK (char_length(iban) BETWEEN 0 AND 34);
"""

_RULES = """
CREATE TRIGGER bank_line_form_is_final BEFORE UPDATE OF form ON bank_line
    EXECUTE FUNCTION refuse_booked_change();
CREATE TRIGGER sepa_collection_iban_is_final BEFORE UPDATE OF iban ON sepa_collection
    EXECUTE FUNCTION refuse_booked_change();
"""


def upgrade() -> None:
    for statements in (_COLUMNS, _RULES):
        op.execute(statements)


def downgrade() -> None:
    raise RuntimeError("0023 is not undone, that would delete what the bank said: restore a backup")
