"""Which control centre takes 110 and 112 from which place: the directory of emergency areas.

NotrufV § 2 and § 3: an area of origin (Notrufursprungsbereich) is named by its community key (AGS; with a
lower-case letter, AGS_N, where parts of a community lie apart), and every area has for 110 and for 112 one
emergency connection with its code (Notrufcodierung): digits among which at least one is hexadecimal A to F.
Changes hold from a switch-over time on, so every row has one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from numbering.german_time import GERMAN_TIME

DIALLED: Final = ("110", "112")
#: Lengths of keys: Land, Regierungsbezirk, Kreis, community; a community's part has a letter more.
_KEY: Final = re.compile(r"[0-9]{2}|[0-9]{3}|[0-9]{5}|[0-9]{8}[a-z]?", re.ASCII)
#: 3 to 24 digits, at least one of them A to F (NotrufV § 2).
CODE: Final = re.compile(r"(?=[0-9]*[A-F])[0-9A-F]{3,24}", re.ASCII)
_PROVIDER: Final = re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?", re.ASCII)
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-2][0-9]:[0-5][0-9])?", re.ASCII)


class AreaUnreadable(ValueError):
    """A row that is no area: `field` says which of its fields, the message what is wrong and allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True, slots=True)
class Area:
    """One row of the directory: from `valid_from` (UTC) on, `dialled` from `key` goes to `code`.

    `key`: community key (AGS) of 8 digits, one with a letter (AGS_N), or its first 5, 3 or 2 digits for all
    communities of a Kreis, Regierungsbezirk or Land. `centre`: what the directory says of the control centre,
    "" when nothing.
    """

    key: str
    dialled: str
    code: str
    valid_from: datetime
    centre: str = ""

    def __str__(self) -> str:
        """As it stands in the configuration; `parse_area` reads it."""
        local = self.valid_from.astimezone(GERMAN_TIME)
        moment = f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%dT%H:%M}"
        return " ".join(filter(None, (self.key, self.dialled, self.code, moment, self.centre)))


def area_of(key: str, dialled: str, code: str, valid_from: str, centre: str = "") -> Area:
    """An area from its fields as text; `valid_from` is German time. Raise AreaUnreadable."""
    if not _KEY.fullmatch(key):
        raise AreaUnreadable("ags", "8 digits, with a letter for a part; 5, 3 or 2 for a larger area")
    if dialled not in DIALLED:
        raise AreaUnreadable("dialled", "110 or 112")
    if not CODE.fullmatch(code.upper()):
        raise AreaUnreadable("code", "3 to 24 digits 0-9 and A-F, at least one of them A-F")
    if centre and not _PROVIDER.fullmatch(centre):
        raise AreaUnreadable("centre", "at most 64 characters of ASCII")
    return Area(key, dialled, code.upper(), _moment(valid_from), centre)


def parse_area(text: str) -> Area:
    """`AGS DIALLED CODE VALID_FROM [CENTRE]`, separated by spaces. Raise AreaUnreadable."""
    fields = text.split(None, 4)
    if len(fields) < 4:
        raise AreaUnreadable("area", '"05315000 112 49CC221112 2026-01-01": AGS, dialled, code, valid from')
    return area_of(*fields)


def _moment(text: str) -> datetime:
    if _MOMENT.fullmatch(text):
        try:
            return datetime.fromisoformat(text).replace(tzinfo=GERMAN_TIME).astimezone(UTC)
        except ValueError:
            pass  # no such day
    raise AreaUnreadable("valid_from", "a day or a time in Germany: 2026-01-31 or 2026-01-31T10:00")


class AreaTable:
    """All areas, for look-up at a call's time: a few dictionary look-ups and one search among the dates."""

    __slots__ = ("_by_key", "_count", "_moments")

    def __init__(self, areas: Iterable[Area] = ()) -> None:
        found: dict[tuple[str, str], list[Area]] = {}
        self._count = 0
        for area in areas:
            found.setdefault((area.key, area.dialled), []).append(area)
            self._count += 1
        moments = {area.valid_from for rows in found.values() for area in rows}
        self._moments = tuple(sorted(moments))
        self._by_key = {
            name: tuple(sorted(rows, key=lambda each: each.valid_from)) for name, rows in found.items()
        }

    def __len__(self) -> int:
        return self._count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AreaTable) and self._by_key == other._by_key

    def __hash__(self) -> int:
        return hash(self._count)

    def find(self, key: str, dialled: str, at: datetime) -> Area | None:
        """The area in force at `at` for a key of any length: its own row first, then larger areas'."""
        for name in _wider(key):
            rows = self._by_key.get((name, dialled))
            if rows:
                position = bisect_right(rows, at, key=lambda each: each.valid_from)
                if position:
                    return rows[position - 1]
        return None

    def changes(self, after: datetime, until: datetime) -> bool:
        """Whether an area begins to hold after `after` and not after `until`."""
        position = bisect_right(self._moments, after)
        return position < len(self._moments) and self._moments[position] <= until

    def knows(self, key: str, dialled: str) -> bool:
        """Whether there is an area for the key at any time."""
        return any((name, dialled) in self._by_key for name in _wider(key))


def _wider(key: str) -> tuple[str, ...]:
    """The key and those of the larger areas that it lies in."""
    return tuple(dict.fromkeys(key[:length] for length in (9, 8, 5, 3, 2) if len(key) >= min(length, 8)))
