"""Microsoft's consents in PostgreSQL, and tenants whose numbers it does not list (A4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from sqlalchemy import Connection, select, text, update

from numbering.tenancy_orders import Trouble
from store.teams_tables import MAX_WORDS, teams_consent


def troubles(connection: Connection) -> Mapping[str, Trouble]:
    """Tenants in trouble, by their ids."""
    query = select(teams_consent).where(teams_consent.c.trouble_tries > 0)
    return {
        row["tenant_id"]: Trouble(
            row["tenant_id"],
            row["trouble_since"].astimezone(UTC),
            row["trouble_next_at"].astimezone(UTC),
            row["trouble_tries"],
            row["trouble_why"],
        )
        for row in connection.execute(query).mappings()
    }


def note_trouble(connection: Connection, trouble: Trouble) -> None:
    """One more try without a list."""
    values = {
        "tenant": trouble.tenant_id,
        "since": trouble.since,
        "next": trouble.next_at,
        "tries": trouble.tries,
        "why": trouble.why[:MAX_WORDS],
    }
    connection.execute(text(_TROUBLE), values)


def end_trouble(connection: Connection, tenant_id: str) -> None:
    """There is a list again, or nothing to ask for."""
    none = {"trouble_since": None, "trouble_next_at": None, "trouble_tries": 0, "trouble_why": ""}
    connection.execute(update(teams_consent).where(teams_consent.c.tenant_id == tenant_id).values(none))


def hurry_troubles(connection: Connection, tenant_id: str | None) -> None:
    """Those of one tenant or all are due."""
    waiting = update(teams_consent).where(teams_consent.c.trouble_tries > 0)
    if tenant_id is not None:
        waiting = waiting.where(teams_consent.c.tenant_id == tenant_id)
    connection.execute(waiting.values(trouble_next_at=teams_consent.c.trouble_since))


#: Whose tenant it is: by the applied configuration's Teams trunks and numbers.
TENANTS_OF: Final = """
SELECT DISTINCT ON (tenant_id) tenant_id, customer_id FROM (
    SELECT trunk ->> 'tenant_id' AS tenant_id, id AS customer_id FROM config_item CROSS JOIN LATERAL
        jsonb_array_elements(coalesce(content::jsonb -> 'teams_trunks', '[]')) AS trunk
    WHERE kind = 'customer' AND until_version IS NULL
    UNION ALL SELECT tenant_id, customer_id FROM number_state WHERE tenant_id IS NOT NULL
) AS linked ORDER BY tenant_id, customer_id
"""
#: All that Microsoft lists; tenants that are no longer listed become absent. The rows that changed.
CONSENTS: Final = f"""
WITH listed AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS row(tenant_id text, consent text, changed_at timestamptz)
), owner AS ({TENANTS_OF}), now AS (
    SELECT listed.tenant_id, owner.customer_id, listed.consent, listed.changed_at
    FROM (SELECT DISTINCT ON (tenant_id) * FROM listed ORDER BY tenant_id, changed_at DESC) AS listed
        LEFT JOIN owner USING (tenant_id)
    UNION ALL
    SELECT known.tenant_id, known.customer_id, 'absent', CAST(:at AS timestamptz) FROM teams_consent AS known
    WHERE known.consent <> 'absent'
        AND NOT EXISTS (SELECT FROM listed WHERE listed.tenant_id = known.tenant_id)
), before AS (SELECT tenant_id, consent FROM teams_consent), written AS (
    INSERT INTO teams_consent (tenant_id, customer_id, consent, changed_at, seen_at)
    SELECT tenant_id, customer_id, consent, changed_at, :at FROM now
    ON CONFLICT (tenant_id) DO UPDATE SET customer_id = EXCLUDED.customer_id, consent = EXCLUDED.consent,
        changed_at = EXCLUDED.changed_at, seen_at = EXCLUDED.seen_at
    RETURNING tenant_id, customer_id, consent, changed_at
)
SELECT written.* FROM written LEFT JOIN before USING (tenant_id)
WHERE before.consent IS DISTINCT FROM written.consent ORDER BY tenant_id
"""  # noqa: S608 - constant
#: A tenant that Microsoft's list of consents never had gets a row here: `absent`, as at its next reading.
_TROUBLE: Final = f"""
WITH owner AS ({TENANTS_OF})
INSERT INTO teams_consent (tenant_id, customer_id, consent, changed_at, seen_at,
    trouble_since, trouble_next_at, trouble_tries, trouble_why)
SELECT CAST(:tenant AS text), (SELECT customer_id FROM owner WHERE owner.tenant_id = :tenant), 'absent',
    CAST(:since AS timestamptz), CAST(:since AS timestamptz), CAST(:since AS timestamptz),
    CAST(:next AS timestamptz), CAST(:tries AS integer), CAST(:why AS text)
ON CONFLICT (tenant_id) DO UPDATE SET trouble_since = EXCLUDED.trouble_since,
    trouble_next_at = EXCLUDED.trouble_next_at, trouble_tries = EXCLUDED.trouble_tries,
    trouble_why = EXCLUDED.trouble_why
"""  # noqa: S608 - constant
