"""Ids that are used twice."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, MutableMapping

from provisioning.checks.references import PROFILES
from provisioning.errors import Finding, KeyPath
from provisioning.schema import AgentEntry, PhoneEntry
from provisioning.validate import Parts


def check_ids(parts: Parts) -> Iterator[Finding]:
    """Customers, trunks (the carrier's and all customers' together), phones, agents have own names each."""
    yield from _twice(
        "customers have the same", (((*_customer(i), "id"), each.id) for i, each in parts.customers.items())
    )
    yield from _twice("trunks have the same", _trunk_ids(parts))
    yield from _twice(
        "phones have the same",
        (
            ((*_customer(i), "phones", j, "id"), phone.id)
            for i, customer in parts.customers.items()
            for j, phone in enumerate(customer.phones)
        ),
    )
    yield from _twice(
        "agents have the same",
        (
            ((*_customer(i), "agents", j, "id"), agent.id)
            for i, customer in parts.customers.items()
            for j, agent in enumerate(customer.agents)
        ),
    )
    what = "phones, agents or trunks register with the same user"
    yield from _twice(what, _usernames(parts), skip_ids=True)
    yield from _profiles(parts)
    for i, customer in parts.customers.items():
        if len(customer.sites) > 1:
            paths = (((*_customer(i), "sites", k, "id"), site.id) for k, site in enumerate(customer.sites))
            yield from _twice("sites of a customer have the same", paths)


def _usernames(parts: Parts) -> Iterator[tuple[KeyPath, str]]:
    for i, customer in parts.customers.items():
        for key in ("phones", "agents"):
            each: PhoneEntry | AgentEntry
            for j, each in enumerate(getattr(customer, key)):
                yield (
                    (*_customer(i), key, j, "username" if each.username else "id"),
                    each.username or each.id,
                )
        for j, trunk in enumerate(customer.trunks):
            if trunk.login is not None:
                at: KeyPath = (*_customer(i), "trunks", j, "login")
                named = trunk.login.username
                yield (*at, "username") if named else at, named or trunk.id


def _profiles(parts: Parts) -> Iterator[Finding]:
    """A customer's own profiles have other names than the carrier's, so that a reference is clear."""
    for key, noun in PROFILES.items():
        what = f"{noun} entries have the same"
        shared: dict[str, KeyPath] = {}
        if parts.carrier is not None:
            yield from _twice(what, _ids(("carrier", key), getattr(parts.carrier, key)), shared)
        for i, customer in parts.customers.items():
            if own := getattr(customer, key):
                yield from _twice(what, _ids((*_customer(i), key), own), ChainMap({}, shared))


def _ids(path: KeyPath, entries: Iterable[object]) -> Iterator[tuple[KeyPath, str]]:
    for k, entry in enumerate(entries):
        yield (*path, k, "id"), str(getattr(entry, "id", ""))


def _trunk_ids(parts: Parts) -> Iterator[tuple[KeyPath, str]]:
    if parts.carrier is not None:
        for i, trunk in enumerate(parts.carrier.trunks):
            yield ("carrier", "trunks", i, "id"), trunk.id
    for i, customer in parts.customers.items():
        for j, each in enumerate(customer.trunks):
            yield (*_customer(i), "trunks", j, "id"), each.id
        for j, teams in enumerate(customer.teams_trunks):
            yield (*_customer(i), "teams_trunks", j, "id"), teams.id


def _twice(
    what: str,
    ids: Iterable[tuple[KeyPath, str]],
    seen: MutableMapping[str, KeyPath] | None = None,
    *,
    skip_ids: bool = False,
) -> Iterator[Finding]:
    """A finding for each id that came before, or is in `seen`, which gets the others.

    `skip_ids`: two plain ids were reported as such already.
    """
    seen = {} if seen is None else seen
    for path, name in ids:
        first = seen.setdefault(name, path)
        if first is path or (skip_ids and path[-1] == first[-1] == "id"):
            continue
        yield Finding(
            "config.id-twice",
            path,
            f"two {what} name",
            found=repr(name),
            allowed="a name of its own",
            other=first,
        )


def _customer(index: int) -> KeyPath:
    return ("customers", index)
