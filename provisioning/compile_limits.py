"""Limit profiles for the call path (B11)."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from dialplan.limits.agreed import ABROAD, MICRO_PER_EURO, CallLimits, Limits, SpendLimits
from provisioning.schema import Amount, CallLimitEntry, LimitProfileEntry


def limits_of(name: str | None, own: Sequence[LimitProfileEntry]) -> Limits | str | None:
    """The customer's own profile of this name, else the name: the carrier's profiles are in the snapshot."""
    found = next((each for each in own if each.id == name), None)
    return name if found is None else limits(found)


def limits(entry: LimitProfileEntry) -> Limits:
    """A profile as it is counted."""
    countries = {each.country: _calls(each) for each in entry.countries if _has_calls(each)}
    if entry.abroad is not None and _has_calls(entry.abroad):
        countries[ABROAD] = _calls(entry.abroad)
    spend = {each.country: _spend(each) for each in entry.countries if _has_spend(each)}
    if entry.abroad is not None and _has_spend(entry.abroad):
        spend[ABROAD] = _spend(entry.abroad)
    return Limits(
        CallLimits(entry.simultaneous_calls, entry.calls_per_second),
        MappingProxyType(countries),
        _micro(entry.spend_per_day),
        _micro(entry.spend_per_month),
        MappingProxyType(spend),
        entry.spend_action == "warn",
    )


def _has_spend(entry: CallLimitEntry) -> bool:
    return entry.spend_per_day is not None or entry.spend_per_month is not None


def _spend(entry: CallLimitEntry) -> SpendLimits:
    return SpendLimits(_micro(entry.spend_per_day), _micro(entry.spend_per_month))


def _has_calls(entry: CallLimitEntry) -> bool:
    return entry.simultaneous_calls is not None or entry.calls_per_second is not None


def _calls(entry: CallLimitEntry) -> CallLimits:
    return CallLimits(entry.simultaneous_calls, entry.calls_per_second)


def _micro(amount: Amount | None) -> int | None:
    """Exact: an amount has at most six digits behind the point."""
    return None if amount is None else int(amount.value * MICRO_PER_EURO)
