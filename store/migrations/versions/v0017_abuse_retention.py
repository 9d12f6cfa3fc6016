"""Released abuse cases are deleted when their time is over; open ones never."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

_RULES = """
DROP TRIGGER abuse_case_stays ON abuse_case;
CREATE FUNCTION abuse_case_open_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_at IS NULL THEN
        RAISE EXCEPTION 'an open abuse case is never deleted: release it first'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER abuse_case_open_stays BEFORE DELETE ON abuse_case
    FOR EACH ROW EXECUTE FUNCTION abuse_case_open_stays();
CREATE TRIGGER abuse_case_stays BEFORE TRUNCATE ON abuse_case
    EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.execute(_RULES)


def downgrade() -> None:
    raise RuntimeError("0017 is not undone: restore a backup instead")
