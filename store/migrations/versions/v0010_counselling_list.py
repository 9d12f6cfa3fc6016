"""Counselling lines that no itemised bill may show: lists as they were imported."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

_TABLE = """
CREATE TABLE counselling_list (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    imported_at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    author TEXT NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT counselling_list_key PRIMARY KEY (id),
    CONSTRAINT counselling_list_author_length CHECK (char_length(author) BETWEEN 1 AND 256),
    CONSTRAINT counselling_list_content_size CHECK (octet_length(content) <= 4194304)
);
CREATE TRIGGER counselling_list_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON counselling_list
    EXECUTE FUNCTION refuse_change();
ALTER TABLE counselling_list ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute(_TABLE)


def downgrade() -> None:
    raise RuntimeError("0010 is not undone: restore a backup instead")
