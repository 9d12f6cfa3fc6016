"""The allocator of memory that FreeSWITCH is started with.

A leg has a thread of its own, and what one thread has allocated another one frees. The C library keeps eight
arenas a core for that and cannot give their holes back: with it FreeSWITCH needs a third more processor time
for each call and grows for hours by memory that nobody uses. jemalloc does neither (benchmarks/README.md,
"FreeSWITCH's allocator").
"""

from __future__ import annotations

import os
from ctypes.util import find_library
from typing import Final

#: Debian's package that has it.
PACKAGE: Final = "libjemalloc2"
_PRELOAD: Final = "LD_PRELOAD"


def jemalloc() -> str | None:
    """The name of the library, None where it is not installed."""
    return find_library("jemalloc")


def switch_environment() -> dict[str, str]:
    """Ours, for FreeSWITCH: with jemalloc where it is installed, unless something is preloaded already."""
    found = None if _PRELOAD in os.environ else jemalloc()
    return {**os.environ, _PRELOAD: found} if found else dict(os.environ)
