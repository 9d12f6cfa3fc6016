"""Numbers that are no E.164 numbers: 110, 112, 115, 116xyz, 118xy, 124124."""

from __future__ import annotations

import re
from typing import Final

_SHORT_CODE: Final = re.compile(r"[1-9][0-9]{2,5}\Z", re.ASCII)


class ShortCode(str):
    """A number of 3 to 6 digits that exists inside Germany only and has no international form.

    Make one with `ShortCode.parse`; the plain constructor is for values that were checked before.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> ShortCode:
        """Raise `ValueError` unless `text` is 3 to 6 ASCII digits, the first not 0."""
        if not _SHORT_CODE.match(text):
            raise ValueError(f"not a short code: {text[:40]!r}")
        return cls(text)

    @property
    def digits(self) -> str:
        """The digits, as `E164.digits` gives them."""
        return str(self)
