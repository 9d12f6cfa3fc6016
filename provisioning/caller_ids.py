"""The configured caller ids as the call path reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from dialplan.caller.header_map import PRESETS, HeaderMap, NumberFormat, Preset, Which
from dialplan.caller.policy import NO_POLICY, CallerPolicy, RightOfUse
from numbering.e164 import E164
from provisioning.schema import (
    CallerNumberEntry,
    CustomerEntry,
    HeadersEntry,
    NumberEntry,
    PhoneCallerIdEntry,
    TeamsTrunkEntry,
    TrunkCallerIdEntry,
)


def header_map(entry: HeadersEntry | None, default: Preset) -> HeaderMap | None:
    """The preset with what is changed of it; None where nothing is configured."""
    if entry is None:
        return None
    made = PRESETS[Preset(entry.preset) if entry.preset else default]
    if entry.from_number is not None:
        made = replace(made, from_header=Which(entry.from_number))
    if entry.asserted_number is not None:
        made = replace(made, asserted=_which(entry.asserted_number))
    if entry.preferred_number is not None:
        made = replace(made, preferred=_which(entry.preferred_number))
    if entry.number_format is not None:
        made = replace(made, number_format=NumberFormat(entry.number_format))
    return replace(
        made,
        diversion=made.diversion if entry.diversion is None else entry.diversion,
        history_info=made.history_info if entry.history_info is None else entry.history_info,
        trusted=made.trusted if entry.trusted is None else entry.trusted,
        host=entry.host,
    )


def teams_header_map(entry: TeamsTrunkEntry) -> HeaderMap:
    """What Microsoft wants, with the trunk's own host name, and what is changed of it."""
    made = replace(PRESETS[Preset.CUSTOMER], host=entry.fqdn)
    if (wanted := entry.headers) is None:
        return made
    return replace(
        made,
        from_header=Which(wanted.from_number),
        asserted=_which(wanted.asserted_number),
        diversion=wanted.diversion,
        history_info=wanted.history_info,
        number_format=NumberFormat(wanted.number_format),
    )


def _which(name: str) -> Which | None:
    return None if name == "none" else Which(name)


def caller_policy(entry: PhoneCallerIdEntry | None) -> CallerPolicy:
    """What holds for the caller id of a phone or a customer's trunk."""
    if entry is None:
        return NO_POLICY
    trunk = entry if isinstance(entry, TrunkCallerIdEntry) else None
    return CallerPolicy(
        withhold=entry.withhold,
        advertising=entry.advertising,
        refuse=trunk is not None and trunk.wrong_number == "refuse",
        forwards=trunk is not None and trunk.forwards,
    )


def rights_of_use(customer: CustomerEntry) -> Mapping[E164, RightOfUse]:
    """The customer's rights by number; days are looked at when a call comes, not here."""
    return MappingProxyType({E164(each.number): _right(each) for each in customer.caller_numbers})


def _right(entry: CallerNumberEntry) -> RightOfUse:
    return RightOfUse(entry.dated, entry.until, entry.exception is not None)


def rejecting_anonymous(customer: CustomerEntry) -> frozenset[E164]:
    """The customer's numbers that take no anonymous calls."""
    entries = (each for each in customer.numbers if each.rejects_anonymous)
    return frozenset(number for each in entries for number in _numbers_of(each))


def _numbers_of(entry: NumberEntry) -> Iterator[E164]:
    for first, last in entry.spans():
        yield from (E164(f"+{digits}") for digits in range(first, last + 1))
