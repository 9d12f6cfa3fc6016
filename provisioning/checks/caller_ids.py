"""Caller ids: rights to numbers that nobody may show, and headers that do not fit whose trunk it is."""

from __future__ import annotations

from collections.abc import Iterator

from dialplan.caller.header_map import Preset
from dialplan.caller.rules import FORBIDDEN_CLASSES, STATES_OF_VFG_44_2022
from numbering.dial import Dialled, Line, normalise
from numbering.e164 import E164
from provisioning.caller_ids import header_map
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.schema import CallerNumberEntry, CarrierTrunkEntry, CustomerEntry
from provisioning.validate import Parts


def check_caller_ids(parts: Parts) -> Iterator[Finding]:
    """Rights of use are such as the law allows (TKG § 120, Vfg 44/2022); identities go to whom they may."""
    if parts.carrier is not None:
        for i, trunk in enumerate(parts.carrier.trunks):
            yield from _emergency_identity(("carrier", "trunks", i), trunk)
    for i, customer in parts.customers.items():
        yield from _rights(("customers", i, "caller_numbers"), customer)
        for k, each in enumerate(customer.trunks):
            if each.headers is not None and each.headers.trusted:
                yield Finding(
                    "config.headers-trusted-customer",
                    ("customers", i, "trunks", k, "headers", "trusted"),
                    "a customer's equipment would be told numbers that callers withhold (TDDDG § 15(1))",
                    allowed="false, but for a customer who is a carrier",
                    severity=Severity.WARNING,
                )


def _rights(path: KeyPath, customer: CustomerEntry) -> Iterator[Finding]:
    seen: set[str] = set()
    for k, entry in enumerate(customer.caller_numbers):
        at = (*path, k, "number")
        if entry.number in seen:
            yield Finding("config.listed-twice", at, "a number is listed twice", entry.number, "each once")
        seen.add(entry.number)
        yield from _right(at, entry)


def _right(at: KeyPath, entry: CallerNumberEntry) -> Iterator[Finding]:
    read = normalise(entry.number, Line(None))
    number_class = read.number_class
    if (
        not isinstance(read, Dialled)
        or not isinstance(read.number, E164)
        or number_class in FORBIDDEN_CLASSES
    ):
        named = f": {number_class.value}" if number_class else ""
        yield Finding(
            "config.caller-number-forbidden",
            at,
            f"nobody may call as this number{named} (TKG § 120)",
            entry.number,
            "a whole number that is not 0900, 118xy, 0137 or a short code",
        )
    elif not entry.number.startswith("+49") and (
        entry.exception is None or read.country not in STATES_OF_VFG_44_2022
    ):
        yield Finding(
            "config.caller-number-foreign",
            at,
            f"a foreign number ({read.country}) may not be shown (TKG § 120(2))",
            entry.number,
            "a German number; with exception: vfg-44-2022 also one of EU, EFTA, Andorra, Monaco, San Marino, "
            "Vatican",
        )


def _emergency_identity(path: KeyPath, trunk: CarrierTrunkEntry) -> Iterator[Finding]:
    headers = header_map(trunk.headers, Preset.STANDARD)
    if trunk.emergency and headers is not None and headers.asserted is None:
        yield Finding(
            "config.emergency-not-asserted",
            (*path, "headers"),
            "emergency calls leave without P-Asserted-Identity: the control centre may see no number (B8)",
            allowed="asserted_number: network or shown",
            severity=Severity.WARNING,
        )
