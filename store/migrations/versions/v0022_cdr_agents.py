"""Records of legs name the queue and the agent (C9)."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"

_CDR = """
ALTER TABLE cdr
    ADD COLUMN queue_id TEXT,
    ADD COLUMN agent_id TEXT,
    ADD CONSTRAINT cdr_queue_id_length CHECK (char_length(queue_id) BETWEEN 1 AND 128),
    ADD CONSTRAINT cdr_agent_id_length CHECK (char_length(agent_id) BETWEEN 1 AND 128);
DROP TRIGGER cdr_is_final ON cdr;
CREATE TRIGGER cdr_is_final BEFORE UPDATE OF
    leg_id, call_id, side, node, customer_id, direction, trunk_id, phone_id, a_network, a_presented,
    b_dialled, b_number, started_at, ringing_at, answered_at, ended_at, billed_ms, q850, cause, sip_code,
    hung_up_by, reason_id, config_version, sip_call_id, queue_id, agent_id
    ON cdr EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.execute(_CDR)


def downgrade() -> None:
    raise RuntimeError("0022 is not undone, that would delete parts of call records: restore a backup")
