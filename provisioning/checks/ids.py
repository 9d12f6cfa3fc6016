"""Ids that are used twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioning.errors import Finding, KeyPath
from provisioning.validate import Parts


def check_ids(parts: Parts) -> Iterator[Finding]:
    """Customers, trunks (the carrier's and all customers' together) and phones have their own names each."""
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
        "phones register with the same user",
        (
            ((*_customer(i), "phones", j, "username" if phone.username else "id"), phone.username or phone.id)
            for i, customer in parts.customers.items()
            for j, phone in enumerate(customer.phones)
        ),
        skip_ids=True,
    )


def _trunk_ids(parts: Parts) -> Iterator[tuple[KeyPath, str]]:
    if parts.carrier is not None:
        for i, trunk in enumerate(parts.carrier.trunks):
            yield ("carrier", "trunks", i, "id"), trunk.id
    for i, customer in parts.customers.items():
        for j, each in enumerate(customer.trunks):
            yield (*_customer(i), "trunks", j, "id"), each.id


def _twice(what: str, ids: Iterable[tuple[KeyPath, str]], *, skip_ids: bool = False) -> Iterator[Finding]:
    """A finding for each id that came before. `skip_ids`: two plain ids were reported as such already."""
    seen: dict[str, KeyPath] = {}
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
