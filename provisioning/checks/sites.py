"""Sites: numbers in the area code of their site, evidence for it, and addresses that 110 and 112 can use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from numbering.e164 import E164
from numbering.plan import area_code_of
from provisioning.checks.numbers import phones_apart
from provisioning.checks.paths import number_path
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.schema import CustomerEntry, NumberEntry, SiteEntry
from provisioning.service import Service, of_contract, of_number
from provisioning.validate import Parts


@dataclass(frozen=True, slots=True)
class _Line:
    """Numbers with one site and the same days of service, and where they stand."""

    path: KeyPath
    numbers: tuple[tuple[KeyPath, E164], ...]
    site: str | None
    service: Service


@dataclass(frozen=True, slots=True)
class _Proof:
    """Of a site's evidence: the earliest day, and the last day if all of it was withdrawn, with indices."""

    dated: tuple[date, int]
    withdrawn: tuple[date, int] | None

    @classmethod
    def of(cls, site: SiteEntry) -> _Proof | None:
        if not site.evidence:
            return None
        dated = min((each.dated, m) for m, each in enumerate(site.evidence))
        ends = [(each.withdrawn, m) for m, each in enumerate(site.evidence) if each.withdrawn is not None]
        return cls(dated, max(ends) if len(ends) == len(site.evidence) else None)


def check_sites(parts: Parts) -> Iterator[Finding]:
    """Area codes (A2), evidence (A3) and emergency addresses (B8) of every line."""
    for i, customer in parts.customers.items():
        lines = list(_lines(i, customer))
        if not lines:
            continue
        if not customer.sites:
            yield Finding(
                "config.no-site",
                ("customers", i),
                "the customer has numbers but no site: no area code is proven (A3), and emergency calls "
                "have no address (B8)",
                allowed="sites with address, area_code and evidence",
                severity=Severity.WARNING,
            )
            continue
        yield from _customer(i, customer, lines)


def _customer(i: int, customer: CustomerEntry, lines: list[_Line]) -> Iterator[Finding]:
    sites = {each.id: k for k, each in reversed(list(enumerate(customer.sites)))}
    only = customer.sites[0].id if len(customer.sites) == 1 else None
    proofs = {k: proof for k, each in enumerate(customer.sites) if (proof := _Proof.of(each)) is not None}
    used: dict[int, KeyPath] = {}
    for line in lines:
        name = line.site or only
        if name is None:
            yield Finding(
                "config.number-without-site",
                line.path,
                "it does not say at which of the customer's sites: no area code is proven (A3), and "
                "emergency calls have no address (B8)",
                allowed="site with the id of one of sites",
                severity=Severity.WARNING,
            )
        elif name in sites:
            k = sites[name]
            path: KeyPath = ("customers", i, "sites", k)
            yield from _area_codes(line, customer.sites[k], path)
            if any(area_code_of(number) is not None for _, number in line.numbers[:1]):
                if k in proofs:
                    yield from _evidence(line, proofs[k], path, _severity(customer))
                used.setdefault(k, line.path)
    for k, first in sorted(used.items()):
        path = ("customers", i, "sites", k)
        yield from _no_evidence(customer.sites[k], path, first, _severity(customer))
        yield from _address(customer.sites[k], path)


def _severity(customer: CustomerEntry) -> Severity:
    """A3: without evidence numbers are blocked; those of a blocked customer are already."""
    return Severity.WARNING if customer.blocked else Severity.ERROR


def _lines(i: int, customer: CustomerEntry) -> Iterator[_Line]:
    contract = of_contract(customer.contract)
    for j, entry in enumerate(customer.numbers):
        path: KeyPath = ("customers", i, "numbers", j)
        yield _Line(path, tuple(_numbers(i, j, entry)), entry.site, of_number(entry, contract))
    for k, _ in phones_apart(customer):
        phone = customer.phones[k]
        path = ("customers", i, "phones", k)
        yield _Line(path, (((*path, "number"), phone.number),), phone.site, contract)


def _numbers(i: int, j: int, entry: NumberEntry) -> Iterator[tuple[KeyPath, E164]]:
    """The numbers of the entry; of a range its ends, which are in one area code when both are."""
    if entry.list is not None:
        for item, number in enumerate(entry.list):
            yield number_path(i, j, entry, item), number
    elif entry.number is not None:
        yield number_path(i, j, entry), entry.number
    elif entry.first is not None and entry.last is not None:
        yield number_path(i, j, entry), entry.first
        if area_code_of(entry.last) != area_code_of(entry.first):
            yield ("customers", i, "numbers", j, "last"), entry.last


def _area_codes(line: _Line, site: SiteEntry, path: KeyPath) -> Iterator[Finding]:
    for at, number in line.numbers:
        code = area_code_of(number)
        if code is not None and code != site.area_code:
            yield Finding(
                "config.wrong-area-code",
                at,
                f"the number's area code 0{code} is not that of its site {site.id!r} (A2)",
                repr(str(number)),
                f"numbers that begin with +49{site.area_code}, or another site",
                other=(*path, "area_code"),
            )


def _evidence(line: _Line, proof: _Proof, path: KeyPath, severity: Severity) -> Iterator[Finding]:
    """Evidence that was withdrawn before the line ends, or came after it began."""
    first = line.service.first
    dated, at = proof.dated
    if first is not None and first < dated:
        yield Finding(
            "config.evidence-late",
            line.path,
            f"in service from {first} on, before the first evidence for its area code ({dated}) (A3)",
            allowed="evidence dated on or before the first day of service",
            severity=Severity.WARNING,
            other=(*path, "evidence", at, "dated"),
        )
    if proof.withdrawn is None:
        return
    last, at = proof.withdrawn
    if line.service.end is None or line.service.end > last:
        yield Finding(
            "config.evidence-withdrawn",
            line.path,
            f"in service after the last evidence for its area code was withdrawn on {last} (A3)",
            allowed=f"new evidence, or deactivated: {last}",
            severity=severity,
            other=(*path, "evidence", at, "withdrawn"),
        )


def _no_evidence(site: SiteEntry, path: KeyPath, first: KeyPath, severity: Severity) -> Iterator[Finding]:
    if not site.evidence:
        yield Finding(
            "config.evidence-missing",
            path,
            f"the site {site.id!r} has numbers and no evidence for its area code (A3)",
            allowed="evidence with kind, dated and document",
            severity=severity,
            other=first,
        )


def _address(site: SiteEntry, path: KeyPath) -> Iterator[Finding]:
    if missing := site.address.missing():
        yield Finding(
            "config.emergency-address",
            (*path, "address"),
            f"calls to 110 and 112 cannot be routed with certainty by this address: {' and '.join(missing)} "
            "missing (B8)",
            allowed="street, house_number, postcode, town, and state or ags",
            severity=Severity.WARNING,
        )
