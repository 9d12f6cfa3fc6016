"""Barring profiles and lifted bars as the YAML has them, compiled for the call path (B6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dialplan.barring.bars import BarringProfile, LiftedBar, ProfileRef
from numbering.classes import NumberClass
from provisioning.schema import CustomerEntry, PhoneEntry
from provisioning.schema.policy import BarringProfileEntry
from provisioning.week_times import week_times


def profiles(entries: Iterable[BarringProfileEntry]) -> tuple[BarringProfile, ...]:
    """The profiles, ready for look-ups."""
    return tuple(
        BarringProfile.of(
            each.id,
            classes=map(NumberClass, each.classes),
            countries=each.countries,
            prefixes=each.prefixes,
            times=week_times(each.times),
        )
        for each in entries
    )


def of_customer(entry: CustomerEntry) -> tuple[ProfileRef, ...]:
    """What bars all lines of the customer."""
    return _refs(entry, entry.barring)


def of_phone(entry: CustomerEntry, phone: PhoneEntry) -> tuple[ProfileRef, ...]:
    """What bars the phone: its own profiles, and those of the agents who work with it."""
    return _refs(entry, tuple(dict.fromkeys(_names(entry, phone))))


def lifted_bars(entry: CustomerEntry) -> tuple[LiftedBar, ...]:
    """The default bars that are lifted for the customer."""
    return tuple(
        LiftedBar(NumberClass(each.number_class), each.lifted, each.until, each.operator, each.reason)
        for each in entry.lifted_bars
    )


def _names(entry: CustomerEntry, phone: PhoneEntry) -> Iterator[str]:
    yield from phone.barring
    for agent in entry.agents:
        if agent.phone == phone.id:
            yield from agent.barring


def _refs(entry: CustomerEntry, names: Sequence[str]) -> tuple[ProfileRef, ...]:
    """Own profiles as values; the carrier's by name, so that a change of one reaches everybody at once."""
    if not names:
        return ()
    own = {each.id: each for each in profiles(entry.barring_profiles)}
    return tuple(own.get(name, name) for name in names)
