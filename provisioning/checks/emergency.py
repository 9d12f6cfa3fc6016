"""Lines whose address no emergency area is known for, trunks that want codes where there are none, and those
that need the DNS (B8)."""

from __future__ import annotations

from collections.abc import Iterator

from numbering.emergency_areas import DIALLED, AreaTable
from provisioning.emergency import line_address
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.schema import CarrierEntry
from provisioning.schema.address import is_ip
from provisioning.validate import Parts


def check_emergency(parts: Parts) -> Iterator[Finding]:
    """Every site against the directory, if there is one; a default for what it does not know."""
    carrier = parts.carrier
    if carrier is None:
        return
    yield from _named(carrier)
    areas = AreaTable(carrier.emergency.areas if carrier.emergency else ())
    coded = [k for k, trunk in enumerate(carrier.trunks) if _wants_codes(carrier, k)]
    if not areas and not coded:
        return
    yield from _defaults(carrier, coded)
    for i, customer in parts.customers.items():
        for k, site in enumerate(customer.sites):
            key = line_address(site).area_key
            lacking = [each for each in DIALLED if key is None or not areas.knows(key, each)]
            if lacking and not site.abroad:
                yield Finding(
                    "config.emergency-no-area",
                    ("customers", i, "sites", k, "address"),
                    f"no emergency area is known for it: {' and '.join(lacking)} from there take the default",
                    allowed="an ags that the directory has, or a newer directory (fernamt emergency areas "
                    "import)",
                    severity=Severity.WARNING,
                )


def _named(carrier: CarrierEntry) -> Iterator[Finding]:
    """SIP's timer does not run while FreeSWITCH asks for a name's address; the limit of progress does."""
    for k, trunk in enumerate(carrier.trunks):
        if trunk.emergency and trunk.address is not None and not is_ip(trunk.address.host):
            yield Finding(
                "config.emergency-host-name",
                ("carrier", "trunks", k, "address"),
                "calls to 110 and 112 over it need the DNS: while that does not answer, the next trunk is "
                "tried after 10 s and not after 3 s",
                found=trunk.address.host,
                allowed="an IP address; a trunk for each where the peer has several",
                severity=Severity.WARNING,
            )


def _wants_codes(carrier: CarrierEntry, k: int) -> bool:
    trunk = carrier.trunks[k]
    invite = trunk.emergency_invite
    return trunk.emergency and invite is not None and invite.request_uri == "code"


def _defaults(carrier: CarrierEntry, coded: list[int]) -> Iterator[Finding]:
    entry = carrier.emergency
    lacking = [
        f"default_{dialled}"
        for dialled, code in (("110", entry and entry.default_110), ("112", entry and entry.default_112))
        if code is None
    ]
    if not lacking:
        return
    path: KeyPath = ("carrier", "trunks", coded[0]) if coded else ("carrier", "emergency")
    yield Finding(
        "config.emergency-no-default",
        path,
        "calls to 110 and 112 from addresses without an area leave with what was dialled, because there "
        "is no " + " and no ".join(lacking),
        allowed="carrier.emergency with default_110 and default_112",
        severity=Severity.WARNING,
    )
