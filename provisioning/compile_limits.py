"""Limit profiles for the call path (B11)."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from dialplan.limits.agreed import ABROAD, MICRO_PER_EURO, CallLimits, Limits
from provisioning.schema import Amount, CallLimitEntry, LimitProfileEntry


def limits_of(name: str | None, own: Sequence[LimitProfileEntry]) -> Limits | str | None:
    """The customer's own profile of this name, else the name: the carrier's profiles are in the snapshot."""
    found = next((each for each in own if each.id == name), None)
    return name if found is None else limits(found)


def limits(entry: LimitProfileEntry) -> Limits:
    """A profile as it is counted."""
    countries = {each.country: _calls(each) for each in entry.countries}
    if entry.abroad is not None:
        countries[ABROAD] = _calls(entry.abroad)
    return Limits(
        CallLimits(entry.simultaneous_calls, entry.calls_per_second),
        MappingProxyType(countries),
        _micro(entry.spend_per_day),
        _micro(entry.spend_per_month),
    )


def _calls(entry: CallLimitEntry) -> CallLimits:
    return CallLimits(entry.simultaneous_calls, entry.calls_per_second)


def _micro(amount: Amount | None) -> int | None:
    """Exact: an amount has at most six digits behind the point."""
    return None if amount is None else int(amount.value * MICRO_PER_EURO)
