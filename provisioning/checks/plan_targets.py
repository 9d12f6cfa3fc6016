"""Numbers that plans forward to: such that the customer may call them (B5, B6)."""

from __future__ import annotations

from collections.abc import Iterator

from numbering.classes import DEFAULT_POLICY, Policy
from numbering.dial import Dialled, Line, normalise
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.schema import BarringProfileEntry, CarrierEntry, CustomerEntry, NodeEntry, NumberEntry

_ALLOWED = "a number that the customer may call"


def check_forward(
    path: KeyPath, node: NodeEntry, customer: CustomerEntry, carrier: CarrierEntry | None
) -> Iterator[Finding]:
    """The call path asks again for every call; here the configuration is told before."""
    if node.forward is not None:
        yield from check_number((*path, "forward", "number"), node.forward.number, customer, carrier)


def check_forwarding(
    path: KeyPath, entry: NumberEntry, customer: CustomerEntry, carrier: CarrierEntry | None
) -> Iterator[Finding]:
    """Call forwarding of a number: to numbers that the customer may call, and not to itself."""
    if entry.forward is None:
        return
    for key, number in entry.forward.numbers():
        at = (*path, "forward", key)
        yield from check_number(at, number, customer, carrier)
        if any(first <= int(number[1:]) <= last for first, last in entry.spans()):
            message = "a number that is forwarded to itself"
            yield Finding("config.forward-loop", at, message, repr(number), "another number")


def check_number(
    at: KeyPath, number: str, customer: CustomerEntry, carrier: CarrierEntry | None
) -> Iterator[Finding]:
    """A number that calls of the customer are to be sent to."""
    dialled = normalise(number, Line(None))
    if not isinstance(dialled, Dialled):
        yield Finding("config.plan-barred-target", at, dialled.sentence, repr(number), _ALLOWED)
        return
    policy = DEFAULT_POLICY[dialled.number_class]
    lifted = any(each.number_class == dialled.number_class for each in customer.lifted_bars)
    if policy is Policy.NEVER or (policy is Policy.BARRED and not lifted):
        message = f"{dialled.number_class.value} is barred" + (
            "" if policy is Policy.BARRED else " and cannot be lifted"
        )
        yield Finding("config.plan-barred-target", at, message, repr(number), _ALLOWED)
        return
    for profile in _profiles(customer, carrier):
        if (
            dialled.number_class.value in profile.classes
            or number.startswith(profile.prefixes)
            or dialled.country in profile.countries
        ):
            yield Finding(
                "config.plan-barred-target",
                at,
                f"the barring profile {profile.id!r} bars the number"
                + (" at times" if profile.times else ""),
                repr(number),
                _ALLOWED,
                severity=Severity.WARNING if profile.times else Severity.ERROR,
            )


def _profiles(customer: CustomerEntry, carrier: CarrierEntry | None) -> Iterator[BarringProfileEntry]:
    shared = carrier.barring_profiles if carrier is not None else ()
    yield from (each for each in (*customer.barring_profiles, *shared) if each.id in customer.barring)
