"""Country and class of a foreign number, from prefix tables made of libphonenumber's metadata.

How the tables are derived, and what is approximate about them: tools/generate_numbering.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from numbering.classes import NumberClass
from numbering.data_countries import CALLING_CODES

#: Country of numbers that belong to none (+800, +882 ...), as ITU and libphonenumber write it.
WORLD: Final = "001"

_CLASS_OF_LETTER: Final = {
    "P": NumberClass.FOREIGN_PREMIUM,
    "C": NumberClass.FOREIGN_SHARED_COST,
    "N": NumberClass.FOREIGN_PERSONAL,
    "G": NumberClass.FOREIGN_PAGING,
    "U": NumberClass.FOREIGN_CORPORATE,
    "V": NumberClass.FOREIGN_VOIP,
    "M": NumberClass.FOREIGN_MOBILE,
    "X": NumberClass.FOREIGN_FIXED_OR_MOBILE,
    "F": NumberClass.FOREIGN_FIXED,
    "T": NumberClass.FOREIGN_FREEPHONE,
}
#: Calling codes of no country, each of one class whatever follows (ITU-T E.164 annex, ITU-T E.169 series).
WORLD_CODES: Final = {
    "800": NumberClass.UIFN,
    "808": NumberClass.INTERNATIONAL_SHARED_COST,
    "870": NumberClass.SATELLITE,
    "878": NumberClass.INTERNATIONAL_PERSONAL,
    "881": NumberClass.SATELLITE,
    "882": NumberClass.INTERNATIONAL_NETWORK,
    "883": NumberClass.INTERNATIONAL_NETWORK,
    "888": NumberClass.INTERNATIONAL_NETWORK,
    "979": NumberClass.INTERNATIONAL_PREMIUM,
}


@dataclass(frozen=True, slots=True)
class Range:
    """What a prefix says: the country (ISO 3166-1 alpha-2, or `WORLD`) and the class."""

    country: str
    number_class: NumberClass


@dataclass(frozen=True, slots=True)
class CallingCode:
    """A country code of E.164 and its ranges.

    `ranges` maps prefixes of the national number, none of which begins another; `lengths` are the prefixes'
    lengths, ascending. `shortest` is the least number of digits of a national number, `trunk_prefix` what
    callers inside the country dial first (it is no part of the number). `elsewhere` is the range of
    everything that no prefix covers.
    """

    code: str
    shortest: int
    trunk_prefix: str
    elsewhere: Range
    ranges: dict[str, Range]
    lengths: tuple[int, ...]

    def find(self, nsn: str) -> Range | None:
        """The range of a national number; None when the country has no such range."""
        ranges = self.ranges
        for length in self.lengths:
            if found := ranges.get(nsn[:length]):
                return found
        return None


def find_code(digits: str) -> CallingCode | None:
    """The calling code that an international number without "+" begins with."""
    get = _CODES.get
    return get(digits[:2]) or get(digits[:3]) or get(digits[:1])


def countries_of(code: str) -> frozenset[str]:
    """The countries that share a calling code (1: US, CA and 23 more); empty when there is no such code."""
    calling_code = _CODES.get(code)
    if calling_code is None:
        return frozenset()
    return frozenset(found.country for found in calling_code.ranges.values()) | {
        calling_code.elsewhere.country
    }


def _load(table: str) -> dict[str, CallingCode]:
    codes: dict[str, CallingCode] = {}
    for block in table.removeprefix("+").split("\n+"):
        head, *lines = block.splitlines()
        code, country, shortest, trunk_prefix = head.split(" ")
        if code in WORLD_CODES:
            codes[code] = CallingCode(code, int(shortest), "", Range(WORLD, WORLD_CODES[code]), {}, ())
        else:
            elsewhere = Range(country, NumberClass.FOREIGN_UNASSIGNED)
            ranges = _ranges(lines)
            lengths = tuple(sorted({len(prefix) for prefix in ranges}))
            codes[code] = CallingCode(
                code, int(shortest), trunk_prefix.replace("-", ""), elsewhere, ranges, lengths
            )
    return codes


def _ranges(lines: list[str]) -> dict[str, Range]:
    ranges: dict[str, Range] = {}
    for line in lines:
        country, letter, *prefixes = line.split(" ")
        ranges |= dict.fromkeys(prefixes, Range(country, _CLASS_OF_LETTER[letter]))
    return ranges


_CODES: Final = _load(CALLING_CODES.rstrip())
