"""The clock by which things are deleted: asked each time, with the moment that they would be deleted by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import structlog
from sqlalchemy import Engine

from cli.errors import ClockDoubted, RestoreOpen
from cli.wiring.adapters import store_errors
from privacy.trusted_day import apart, doubt, unconfirmed
from store.work_days import clocks, debits_unconfirmed

#: What is to be done about a database that was brought back.
CONFIRM: Final = 'docs/operation.md, "After a restore", then `fernamt backup confirm`'
#: Of debits alone.
DEBITS: Final = "the database was restored from a backup of {}, and nobody has confirmed its debits"
_log = structlog.get_logger(__name__)


class TrustedClock:
    """For programs that delete by themselves."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        #: Why the clock was not believed when it was last asked for; "" when it was.
        self.doubted = ""

    def trusts(self, moment: datetime) -> bool:
        """Whether what is over at this moment, just read from the clock, may be deleted. Told in the log when
        that changes. Raises StoreAway."""
        with store_errors():
            why = doubt(clocks(self._engine, moment))
        if why and not self.doubted:
            _log.error("the clock is doubted and nothing is deleted", why=why, next_step="fernamt doctor")
        elif self.doubted and not why:
            _log.info("the clock is believed again")
        self.doubted = why
        return not why


def refuse_unconfirmed(engine: Engine, moment: datetime) -> None:
    """For what the lost database may have done already. Raises RestoreOpen; DatabaseError's children."""
    if why := unconfirmed(clocks(engine, moment)):
        raise RestoreOpen(f"{why}: {CONFIRM}")


def refuse_debits(engine: Engine) -> None:
    """For debits that the lost database may have made already. Raises RestoreOpen; DatabaseError's
    children."""
    if made_at := debits_unconfirmed(engine):
        raise RestoreOpen(f"{DEBITS.format(made_at)}: {CONFIRM}")


def believed_day(engine: Engine, moment: datetime, said: date | None) -> date:
    """The German day of a moment that was just read from the clock; `said` is what an operator says it is.

    Raises RestoreOpen; ClockDoubted, for the operator's word stands against the days of earlier work, not
    against a clock; DatabaseError's children.
    """
    found = clocks(engine, moment)
    if why := unconfirmed(found):
        raise RestoreOpen(f"{why}: {CONFIRM}")
    today = found.today
    if said is not None and said != today:
        raise ClockDoubted(f"you say {said}, this machine's clock says {today}: set it, then run this again")
    if why := apart(found):
        raise ClockDoubted(f"{why}: set the wrong one, then run this again")
    if said is None and (why := doubt(found)):
        raise ClockDoubted(
            f"{why}: set the clock when it is wrong; when today is {today}, "
            f"`fernamt privacy run --today {today}`"
        )
    return today
