"""Names that refer to something: sites, phones of agents, barring profiles, limits, opening hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from provisioning.errors import Finding, KeyPath
from provisioning.nearest import listed
from provisioning.schema import CustomerEntry
from provisioning.validate import Parts

#: Keys of the lists of profiles, both the carrier's and a customer's, and what one of them is called.
PROFILES = {
    "barring_profiles": "barring profile",
    "limit_profiles": "limit profile",
    "opening_hours": "opening hours",
}


class _Known(NamedTuple):
    """The names that may be referred to, in their order and for look-up."""

    noun: str
    names: tuple[str, ...]
    set: frozenset[str]

    @classmethod
    def of(cls, noun: str, *lists: Iterable[_Named]) -> _Known:
        names = tuple(each.id for entries in lists for each in entries)
        return cls(noun, names, frozenset(names))


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def check_references(parts: Parts) -> Iterator[Finding]:
    """Everything that is referred to is there. The carrier's profiles are known once it is valid."""
    shared = {key: _Known.of(noun, getattr(parts.carrier, key, ())) for key, noun in PROFILES.items()}
    for i, customer in parts.customers.items():
        path: KeyPath = ("customers", i)
        sites = _Known.of("site", customer.sites)
        for at, name in _site_names(path, customer):
            yield from _known(at, name, sites)
        if customer.agents:
            phones = _Known.of("phone", customer.phones)
            for k, agent in enumerate(customer.agents):
                if agent.phone is not None:
                    yield from _known((*path, "agents", k, "phone"), agent.phone, phones)
        if parts.carrier is not None:
            known = {key: _with_own(each, getattr(customer, key)) for key, each in shared.items()}
            for key, at, name in _profile_names(path, customer):
                yield from _known(at, name, known[key])


def _with_own(shared: _Known, own: Sequence[_Named]) -> _Known:
    if not own:
        return shared
    mine = _Known.of(shared.noun, own)
    return _Known(shared.noun, mine.names + shared.names, mine.set | shared.set)


def _site_names(path: KeyPath, customer: CustomerEntry) -> Iterator[tuple[KeyPath, str]]:
    for key in ("numbers", "phones", "agents"):
        for k, entry in enumerate(getattr(customer, key)):
            if entry.site is not None:
                yield (*path, key, k, "site"), entry.site


def _profile_names(path: KeyPath, customer: CustomerEntry) -> Iterator[tuple[str, KeyPath, str]]:
    if customer.limits is not None:
        yield "limit_profiles", (*path, "limits"), customer.limits
    if customer.hours is not None:
        yield "opening_hours", (*path, "hours"), customer.hours
    for m, name in enumerate(customer.barring):
        yield "barring_profiles", (*path, "barring", m), name
    for k, phone in enumerate(customer.phones):
        if phone.limits is not None:
            yield "limit_profiles", (*path, "phones", k, "limits"), phone.limits
    for key in ("phones", "agents"):
        for k, entry in enumerate(getattr(customer, key)):
            for m, name in enumerate(entry.barring):
                yield "barring_profiles", (*path, key, k, "barring", m), name


def _known(at: KeyPath, name: str, known: _Known) -> Iterator[Finding]:
    if name not in known.set:
        id_ = f"config.unknown-{known.noun.replace(' ', '-')}"
        said = "are no such" if known.noun == "opening hours" else "is no such"
        message = f"there {said} {known.noun}"
        yield Finding(id_, at, message, repr(name), listed(known.names), known.names)
