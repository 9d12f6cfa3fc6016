"""Alembic's entry: runs on the connection, and in the transaction, that store.schema hands over."""

from __future__ import annotations

from alembic import context

import store.abuse_tables
import store.acd_tables
import store.api_tables
import store.claim_tables
import store.counselling_tables
import store.emergency_tables
import store.ledger_tables
import store.mailbox_tables
import store.notice_tables
import store.number_tables
import store.privacy_tables
import store.rating_tables
import store.recording_tables  # noqa: F401 - each adds its tables to the metadata
from store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
