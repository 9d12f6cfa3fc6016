"""The time that numbers, opening hours, limits and laws of Germany go by."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

GERMAN_TIME: Final = ZoneInfo("Europe/Berlin")
