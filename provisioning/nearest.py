"""The nearest valid name for one that is not."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

#: Names compared; more than this is answered with none, so a message stays cheap.
_MAX_CHOICES: Final = 2_000
#: Characters of a name compared.
_MAX_LENGTH: Final = 60
#: Names listed in a message before "…".
_MAX_LISTED: Final = 8


def nearest_name(wanted: str, choices: Sequence[str]) -> str | None:
    """The choice most like `wanted`, or None when nothing is near (ratio of difflib below 0.6)."""
    if len(choices) > _MAX_CHOICES:
        return None
    near = difflib.get_close_matches(wanted[:_MAX_LENGTH], choices, n=1)
    return near[0] if near else None


def listed(names: Sequence[str]) -> str:
    """The names for a message: `a, b, c`, the first few of many."""
    if not names:
        return "none"
    text = ", ".join(names[:_MAX_LISTED])
    return f"{text}, …" if len(names) > _MAX_LISTED else text
