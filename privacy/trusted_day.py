"""Whether a clock may be believed when what is over is deleted by it (F4): a wrong one deletes for good.

A machine whose clock says 2037 for a minute would find nearly everything over its time. So the day's work and
every deletion by age ask here first, each with the very moment that it would delete by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from numbering.german_time import GERMAN_TIME

#: How far this machine's clock and the database's may be apart.
MOST_APART: Final = timedelta(minutes=5)
#: Days that may lie between a day's work and the last one before it: what a wrong clock may delete too early.
MOST_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class Clocks:
    """What two clocks say, read together, and the days whose work was done.

    `here`, `database`: with their zone. `last`: the newest German day of the day's work or of a deletion that
    is not more than MOST_DAYS ahead of `here`; `ahead`: the first that is. None: there is no such day.
    `restored`: when the backup was made that the database was brought back from, until somebody has confirmed
    that what must be kept is known to it again; "" after that.
    """

    here: datetime
    database: datetime
    last: date | None
    ahead: date | None
    restored: str = ""

    @property
    def today(self) -> date:
        """The German day by this machine's clock."""
        return self.here.astimezone(GERMAN_TIME).date()


def apart(clocks: Clocks) -> str:
    """Why two clocks cannot both be right, as a sentence; "" when they agree."""
    between = abs(clocks.here - clocks.database)
    if between <= MOST_APART:
        return ""
    return f"this machine's clock says {_said(clocks.here)}, the database's says {_said(clocks.database)}"


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(GERMAN_TIME):%Y-%m-%d %H:%M}"


def unconfirmed(clocks: Clocks) -> str:
    """Why a database may not know what must be kept, as a sentence; "" when it does. Holds, orders and
    objections that came after the backup are not in it, and what they keep would go at once."""
    if not clocks.restored:
        return ""
    return f"the database was restored from a backup of {clocks.restored}, and nobody has confirmed it"


def doubt(clocks: Clocks) -> str:
    """Why nothing is to be deleted by this clock, as a sentence; "" when it may be believed.

    A day far ahead that was worked on by mistake counts for nothing as long as there is a nearer one. Where
    nothing was ever done there is nothing to lose, and the clock is believed.
    """
    if why := apart(clocks) or unconfirmed(clocks):
        return why
    today, last, ahead = clocks.today, clocks.last, clocks.ahead
    if last is not None and (today - last).days > MOST_DAYS:
        return f"the clock says {today}, and the day's work was last done on {last}"
    if last is None and ahead is not None:
        return f"the clock says {today}, and the day's work was done for {ahead} already"
    return ""
