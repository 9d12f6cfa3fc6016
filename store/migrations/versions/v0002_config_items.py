"""Configuration as one row for each part and the versions it is valid for; audit; customers kept apart.

What 0001 kept as one document for each version is taken apart into rows. Their text is as canonical as the
document was; a plan compares what is in it, not this text.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from alembic import op
from sqlalchemy import Connection, text

revision = "0002"
down_revision = "0001"

_CONFIG_ITEM = """
CREATE TABLE config_item (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    from_version BIGINT NOT NULL,
    until_version BIGINT,
    content TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    CONSTRAINT config_item_key PRIMARY KEY (kind, id, from_version),
    CONSTRAINT config_item_from_version_of_config_version
        FOREIGN KEY (from_version) REFERENCES config_version (version),
    CONSTRAINT config_item_until_version_of_config_version
        FOREIGN KEY (until_version) REFERENCES config_version (version),
    CONSTRAINT config_item_kind CHECK (kind IN ('carrier', 'customer')),
    CONSTRAINT config_item_one_carrier CHECK (kind <> 'carrier' OR id = 'carrier'),
    CONSTRAINT config_item_id_length CHECK (char_length(id) BETWEEN 1 AND 128),
    CONSTRAINT config_item_until_after_from CHECK (until_version > from_version),
    CONSTRAINT config_item_content_size CHECK (octet_length(content) <= 16777216),
    CONSTRAINT config_item_content_is_object CHECK (jsonb_typeof(content::jsonb) = 'object'),
    CONSTRAINT config_item_sha256 CHECK (octet_length(sha256) = 32)
);
CREATE UNIQUE INDEX config_item_in_force ON config_item (kind, id) WHERE until_version IS NULL;
CREATE INDEX config_item_by_from_version ON config_item (from_version);
CREATE INDEX config_item_by_until_version ON config_item (until_version);
"""

# A row is written once; the one change allowed is to end it. Deleting or overlapping is refused.
_CONFIG_ITEM_RULES = """
CREATE FUNCTION config_item_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.until_version IS NOT NULL OR NEW.until_version IS NULL
        OR (OLD.kind, OLD.id, OLD.from_version, OLD.content, OLD.sha256)
            IS DISTINCT FROM (NEW.kind, NEW.id, NEW.from_version, NEW.content, NEW.sha256) THEN
        RAISE EXCEPTION 'an applied configuration is never changed: apply a new version'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER config_item_is_final BEFORE UPDATE ON config_item
    FOR EACH ROW EXECUTE FUNCTION config_item_only_ends();
CREATE TRIGGER config_item_stays BEFORE DELETE OR TRUNCATE ON config_item EXECUTE FUNCTION refuse_change();
CREATE FUNCTION config_item_after_the_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM config_item WHERE kind = NEW.kind AND id = NEW.id
        AND (until_version IS NULL OR until_version > NEW.from_version)) THEN
        RAISE EXCEPTION 'two contents of one part in one version'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER config_item_no_overlap BEFORE INSERT ON config_item
    FOR EACH ROW EXECUTE FUNCTION config_item_after_the_last();
CREATE TRIGGER config_version_stays BEFORE DELETE OR TRUNCATE ON config_version
    EXECUTE FUNCTION refuse_change();
"""

_AUDIT = """
CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP(3) WITH TIME ZONE DEFAULT now() NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    details JSONB NOT NULL,
    CONSTRAINT audit_key PRIMARY KEY (id),
    CONSTRAINT audit_actor_length CHECK (char_length(actor) BETWEEN 1 AND 256),
    CONSTRAINT audit_action_length CHECK (char_length(action) BETWEEN 1 AND 128),
    CONSTRAINT audit_object_kind_length CHECK (char_length(object_kind) BETWEEN 1 AND 128),
    CONSTRAINT audit_object_id_length CHECK (char_length(object_id) BETWEEN 1 AND 256),
    CONSTRAINT audit_details_is_object CHECK (jsonb_typeof(details) = 'object')
);
CREATE INDEX audit_by_object_kind_object_id_id ON audit (object_kind, object_id, id);
CREATE INDEX audit_by_at ON audit (at);
CREATE TRIGGER audit_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION refuse_change();
"""

# Guarantee 8, kept by the database: who is not the tables' owner sees the rows of the customer that the
# session names, and none without one. The owner (this program) is not bound by them.
_SEPARATION = """
ALTER TABLE cdr ENABLE ROW LEVEL SECURITY;
CREATE POLICY cdr_of_customer ON cdr USING (customer_id = current_setting('fernamt.customer', true));
ALTER TABLE cdr_raw ENABLE ROW LEVEL SECURITY;
CREATE POLICY cdr_raw_of_customer ON cdr_raw
    USING (EXISTS (SELECT FROM cdr WHERE cdr.leg_id = cdr_raw.leg_id));
ALTER TABLE config_item ENABLE ROW LEVEL SECURITY;
CREATE POLICY config_item_of_customer ON config_item
    USING (kind = 'customer' AND id = current_setting('fernamt.customer', true));
ALTER TABLE cdr_quarantine ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute(_CONFIG_ITEM)
    _take_apart(op.get_bind())
    op.execute("ALTER TABLE config_version DROP COLUMN content, DROP COLUMN content_sha256")
    for statements in (_CONFIG_ITEM_RULES, _AUDIT, _SEPARATION):
        op.execute(statements)


def _take_apart(connection: Connection) -> None:
    """The documents of 0001 as rows: a part that stays the same over several versions is one row."""
    begin = text(
        "INSERT INTO config_item (kind, id, from_version, content, sha256)"
        " VALUES (:kind, :id, :version, :content, :sha256)"
    )
    end = text(
        "UPDATE config_item SET until_version = :version"
        " WHERE kind = :kind AND id = :id AND until_version IS NULL"
    )
    known: dict[tuple[str, str], str] = {}
    for version in connection.scalars(text("SELECT version FROM config_version ORDER BY version")).all():
        document = connection.execute(
            text("SELECT content FROM config_version WHERE version = :version"), {"version": version}
        ).scalar_one()
        parts = _parts(document)
        for kind, id_ in known:
            if parts.get((kind, id_)) != known[kind, id_]:
                connection.execute(end, {"kind": kind, "id": id_, "version": version})
        for (kind, id_), content in parts.items():
            if known.get((kind, id_)) != content:
                sha256 = hashlib.sha256(content.encode()).digest()
                row = {"kind": kind, "id": id_, "version": version, "content": content, "sha256": sha256}
                connection.execute(begin, row)
        known = parts


def _parts(document: dict[str, Any]) -> dict[tuple[str, str], str]:
    parts = {}
    if isinstance(document.get("carrier"), dict):
        parts["carrier", "carrier"] = _text(document["carrier"])
    for customer in document.get("customers") or ():
        parts["customer", str(customer["id"])] = _text(customer)
    return parts


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def downgrade() -> None:
    raise RuntimeError("0002 is not undone, that would delete configurations: restore a backup instead")
