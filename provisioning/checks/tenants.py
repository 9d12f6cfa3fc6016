"""Microsoft tenants: a number is linked to one, with its consent, and never moves to another (A4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from provisioning.errors import Finding, KeyPath, Severity
from provisioning.schema import Config, CustomerEntry, NumberEntry
from provisioning.validate import Parts


def check_tenants(parts: Parts) -> Iterator[Finding]:
    """Numbers that go to Teams have a tenant id and consent, and it is the tenant they go to."""
    for i, customer in parts.customers.items():
        teams = {each.id: k for k, each in enumerate(customer.teams_trunks)}
        for j, entry in enumerate(customer.numbers):
            path: KeyPath = ("customers", i, "numbers", j)
            if entry.tenant_id is not None and entry.consent is None:
                yield Finding(
                    "config.consent-missing",
                    (*path, "tenant_id"),
                    "a number with a tenant, and without the tenant's consent to its upload (A4)",
                    allowed="consent with the day it was given",
                )
            if teams and entry.trunks is not None:
                yield from _targets(path, i, customer, entry, teams)
                yield from _reachable(path, entry, teams, parts)
    yield from _of_one_customer(parts)


def _targets(
    path: KeyPath, i: int, customer: CustomerEntry, entry: NumberEntry, teams: dict[str, int]
) -> Iterator[Finding]:
    named = [(index, teams[name]) for index, name in enumerate(entry.trunks or ()) if name in teams]
    for index, k in named:
        at = (*path, "trunks", index)
        trunk: KeyPath = ("customers", i, "teams_trunks", k, "tenant_id")
        if entry.tenant_id is None:
            yield Finding(
                "config.tenant-missing",
                at,
                "a number goes to Teams without a tenant id (A4)",
                allowed=f"tenant_id: {customer.teams_trunks[k].tenant_id}, with consent",
                other=trunk,
            )
        elif entry.tenant_id != customer.teams_trunks[k].tenant_id:
            yield Finding(
                "config.second-tenant",
                at,
                "a number is linked to one tenant and goes to another (A4)",
                customer.teams_trunks[k].tenant_id,
                f"trunks of the tenant {entry.tenant_id}",
                other=trunk,
            )


def _reachable(path: KeyPath, entry: NumberEntry, teams: dict[str, int], parts: Parts) -> Iterator[Finding]:
    named = [index for index, name in enumerate(entry.trunks or ()) if name in teams]
    if named and parts.carrier is not None and parts.carrier.teams is None:
        yield Finding(
            "config.teams-missing",
            (*path, "trunks", named[0]),
            "a number goes to Teams, and the carrier has no `teams`: its calls do not get there",
            allowed="carrier.teams with our host name",
            severity=Severity.WARNING,
        )


def _of_one_customer(parts: Parts) -> Iterator[Finding]:
    """A tenant is one customer's: by it we know whose call it is."""
    seen: dict[str, tuple[int, KeyPath]] = {}
    for i, customer in parts.customers.items():
        for k, each in enumerate(customer.teams_trunks):
            path: KeyPath = ("customers", i, "teams_trunks", k, "tenant_id")
            owner, first = seen.setdefault(each.tenant_id, (i, path))
            if owner != i:
                yield Finding(
                    "config.tenant-twice",
                    path,
                    "a Microsoft tenant belongs to two customers",
                    each.tenant_id,
                    "each tenant with one customer",
                    other=first,
                )


class _Linked(NamedTuple):
    first: int
    last: int
    tenant: str | None
    customer: int
    entry: int


def moved_tenants(old: Config, new: Config) -> Iterator[Finding]:
    """Numbers whose tenant id in `old` is another one in `new`, or gone: one finding each run of numbers.

    Another tenant id is an error (`config.tenant-moved`). One that was taken away is a warning
    (`config.tenant-removed`): the number may still not go to another tenant later (A4). Numbers that are
    no longer in `new` are not looked at. Paths are those of `new`.
    """
    before = [each for each in _linked(old) if each.tenant is not None]
    after = _linked(new)
    at = 0
    for was in before:
        while at < len(after) and after[at].last < was.first:
            at += 1
        here = at
        while here < len(after) and after[here].first <= was.last:
            now = after[here]
            if now.tenant != was.tenant:
                yield _moved(was, now, new)
            here += 1


def _linked(config: Config) -> list[_Linked]:
    return sorted(
        (
            _Linked(first, last, entry.tenant_id, i, j)
            for i, customer in enumerate(config.customers)
            for j, entry in enumerate(customer.numbers)
            for first, last in entry.spans()
        ),
        key=lambda each: each[:2],
    )


def _moved(was: _Linked, now: _Linked, new: Config) -> Finding:
    first, last = max(was.first, now.first), min(was.last, now.last)
    numbers = f"+{first}" if first == last else f"+{first} to +{last}"
    path: KeyPath = ("customers", now.customer, "numbers", now.entry)
    if now.tenant is None:
        return Finding(
            "config.tenant-removed",
            path,
            f"{numbers} is no longer linked to the tenant {was.tenant}; it can never go to another one (A4)",
            allowed=f"tenant_id: {was.tenant}",
            severity=Severity.WARNING,
        )
    return Finding(
        "config.tenant-moved",
        (*path, "tenant_id"),
        f"{numbers} was linked to another tenant and can never be moved (A4)",
        now.tenant,
        f"tenant_id: {was.tenant}, or another number",
    )
