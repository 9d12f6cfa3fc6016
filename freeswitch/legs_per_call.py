"""How many attempts one decision may carry: the rendered dialplan has one `bridge` for each."""

from typing import Final

MAX_LEGS: Final = 8
