"""Where numbers' calls go: trunks and phones that exist and are the customer's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from provisioning.errors import Finding, KeyPath
from provisioning.nearest import listed
from provisioning.schema import CustomerEntry
from provisioning.validate import Parts


@dataclass(frozen=True, slots=True)
class _Kind:
    """Trunks or phones: whose they are (None: the carrier's); its customer's own in order and as a set."""

    noun: str
    owners: Mapping[str, int | None]
    own: tuple[str, ...]
    names: frozenset[str]


def check_targets(parts: Parts) -> Iterator[Finding]:
    """A target is a trunk, Teams trunk or phone of the customer, each once per entry."""
    trunks: dict[str, int | None] = {each.id: None for each in parts.carrier.trunks} if parts.carrier else {}
    phones: dict[str, int | None] = {}
    for i, customer in parts.customers.items():
        for trunk_id in _trunk_ids(customer):
            trunks.setdefault(trunk_id, i)
        for phone in customer.phones:
            phones.setdefault(phone.id, i)
    for i, customer in parts.customers.items():
        own_trunks = _kind("trunk", trunks, _trunk_ids(customer))
        own_phones = _kind("phone", phones, tuple(each.id for each in customer.phones))
        for j, entry in enumerate(customer.numbers):
            path = ("customers", i, "numbers", j)
            yield from _targets((*path, "trunks"), entry.trunks or (), own_trunks)
            yield from _targets((*path, "phones"), entry.phones or (), own_phones)
            for k, user in enumerate(entry.users):
                if user.phone is not None:
                    yield from _targets((*path, "users", k, "phone"), user.phone, own_phones)


def _kind(noun: str, owners: Mapping[str, int | None], own: tuple[str, ...]) -> _Kind:
    return _Kind(noun, owners, own, frozenset(own))


def _trunk_ids(customer: CustomerEntry) -> tuple[str, ...]:
    return (*(each.id for each in customer.trunks), *(each.id for each in customer.teams_trunks))


def _targets(path: KeyPath, ids: Sequence[str] | str, kind: _Kind) -> Iterator[Finding]:
    """For the names of a list, or one name at the path itself."""
    names = (ids,) if isinstance(ids, str) else ids
    for index, name in enumerate(names):
        at = path if isinstance(ids, str) else (*path, index)
        if name in names[:index]:
            yield Finding(
                "config.listed-twice", at, f"a {kind.noun} is listed twice", repr(name), "each once"
            )
        elif name in kind.names:
            continue
        elif name in kind.owners:
            owner = "the carrier" if kind.owners[name] is None else "another customer"
            yield Finding(
                f"config.foreign-{kind.noun}",
                at,
                f"the {kind.noun} belongs to {owner}",
                repr(name),
                f"{kind.noun}s of this customer ({listed(kind.own)})",
            )
        else:
            yield Finding(
                f"config.unknown-{kind.noun}",
                at,
                f"there is no such {kind.noun}",
                repr(name),
                f"{kind.noun}s of this customer ({listed(kind.own)})",
                kind.own,
            )
