"""What people see: as wide as their terminal, and wide enough to read where there is none."""

from __future__ import annotations

import sys
from typing import Final

from rich.console import Console

_WIDTH_ELSEWHERE: Final = 140


def console() -> Console:
    """Standard output for tables."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_ELSEWHERE)
