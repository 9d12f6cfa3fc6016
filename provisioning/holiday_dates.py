"""Public holidays of the Länder, worked out once for many years: the call path looks days up (C2).

Only what the whole Land keeps: Mariä Himmelfahrt in parts of Bavaria, or the Augsburg Friedensfest, are named
by the customer (`days`, `closed_on`).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

import holidays

#: Past years for records looked at later, future ones so that a program that runs for long knows them.
YEARS: Final = range(2024, 2051)


@lru_cache(maxsize=32)
def public_holidays(land: str) -> frozenset[date]:
    """All public holidays of the Land ("NW") in `YEARS`. The first look takes some milliseconds."""
    return frozenset(holidays.country_holidays("DE", subdiv=land, years=YEARS))
