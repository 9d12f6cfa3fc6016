"""The E.164 number as a value."""

from __future__ import annotations

import re
from typing import Final

_E164: Final = re.compile(r"\+[1-9][0-9]{1,14}\Z", re.ASCII)


class E164(str):
    """An international number: "+", country code, national significant number; 2 to 15 digits (ITU-T E.164).

    It is a `str` so that a million of them fit in one dictionary and look-ups need no conversion. Make one
    with `E164.parse`; the plain constructor is for values that were checked before (database, snapshot).
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> E164:
        """Raise `ValueError` unless `text` is "+" and 2 to 15 ASCII digits, the first not 0."""
        if not _E164.match(text):
            raise ValueError(f"not an E.164 number: {text[:40]!r}")
        return cls(text)

    @property
    def digits(self) -> str:
        """The number without "+"."""
        return self[1:]
