"""What the database knows of the time: its own clock, the days on which the day's work was done, and whether
it was brought back from a time before."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import Engine, text

from numbering.german_time import GERMAN_TIME
from privacy.trusted_day import MOST_DAYS, Clocks
from store.foreign_errors import database_errors

#: Only what was done by a clock that was believed: the audit and calls are written by any clock.
_READ: Final = """
SELECT clock_timestamp() AS now,
    greatest((SELECT max(day) FROM number_sweep WHERE day < :day),
        (SELECT (max(at) AT TIME ZONE 'Europe/Berlin')::date FROM privacy_erasure
         WHERE at < :begin)) AS last,
    least((SELECT min(day) FROM number_sweep WHERE day >= :day),
        (SELECT (min(at) AT TIME ZONE 'Europe/Berlin')::date FROM privacy_erasure
         WHERE at >= :begin)) AS ahead,
    coalesce((SELECT details ->> 'made_at' FROM audit
         WHERE object_kind = 'backup' AND action IN ('backup.restore', 'backup.confirm')
         ORDER BY id DESC LIMIT 1), '') AS restored
"""
#: The same of debits alone, which `backup confirm --but-debits` leaves open.
_DEBITS: Final = """
SELECT coalesce(details ->> 'made_at', details ->> 'debits_since', '') FROM audit
WHERE object_kind = 'backup' AND action IN ('backup.restore', 'backup.confirm') ORDER BY id DESC LIMIT 1
"""


def debits_unconfirmed(engine: Engine) -> str:
    """When the backup was made that the database was brought back from, until somebody has confirmed that it
    knows its debits again, which may be later than all else; "" after that. Raises DatabaseError's
    children."""
    with database_errors("reading whether debits are confirmed"), engine.connect() as connection:
        return str(connection.scalar(text(_DEBITS)) or "")


def clocks(engine: Engine, here: datetime) -> Clocks:
    """The clocks at this moment; `here` is what this machine's says, with its zone. Raises DatabaseError's
    children."""
    day = here.astimezone(GERMAN_TIME).date() + timedelta(days=MOST_DAYS + 1)
    far = {"day": day, "begin": datetime.combine(day, time(), GERMAN_TIME)}
    with database_errors("reading the clock"), engine.connect() as connection:
        row = connection.execute(text(_READ), far).one()
    return Clocks(here, row.now, row.last, row.ahead, row.restored)
