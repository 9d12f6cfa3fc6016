"""What people see: as wide as their terminal, and wide enough to read where there is none."""

from __future__ import annotations

import sys
from typing import Any, Final

from rich.console import Console
from rich.text import Text

_WIDTH_ELSEWHERE: Final = 140


class _Plain(Console):
    """Text is text: what a caller writes into a SIP header neither styles a table nor commands a terminal."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


def console() -> Console:
    """Standard output for tables."""
    width = None if sys.stdout.isatty() else _WIDTH_ELSEWHERE
    return _Plain(width=width, markup=False, emoji=False)


def visible(text: str) -> str:
    """Control characters, writing directions and the like as their escapes; not line ends and tabs."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in "\n\t" else each.encode("unicode_escape").decode()
        for each in text
    )
