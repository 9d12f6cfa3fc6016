"""How long tests wait: the times in them are those of a quiet machine."""

from __future__ import annotations

import os

#: A machine that is busy may be so many times slower than a quiet one. Waiting costs nothing when what is
#: waited for comes.
PATIENCE = 4


def slowness() -> float:
    """How many times slower than a quiet machine this one is now, by what waits for its processors: 1 to
    PATIENCE. For limits that a requirement sets and that a test holds its results against."""
    return min(1 + os.getloadavg()[0] / (os.cpu_count() or 1), PATIENCE)
