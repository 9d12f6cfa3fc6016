"""What a customer claims for itself alone: by this it is known which customers a check compares.

Two customers that share no claim and no number are right together when each is right with the carrier.
Every check that compares customers with each other needs its claim here, and a case in
tests/unit/config/test_load_changed.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning.peers import accepted_peers
from provisioning.schema import CustomerEntry
from provisioning.spans import spans_of

#: Digits that extensions add to their number: 0 to 99.
_EXTENSION_DIGITS: Final = 2

#: First and last, as integers of their digits.
Numbers = tuple[int, int]


def claims_of(customer: CustomerEntry) -> Iterator[str]:
    """Names and addresses that are one customer's only, each as "kind value"."""
    yield f"customer {customer.id}"
    yield from (f"trunk {each.id}" for each in customer.trunks)
    yield from (f"trunk {each.id}" for each in customer.teams_trunks)
    yield from (f"tenant {each.tenant_id}" for each in customer.teams_trunks)
    for phone in customer.phones:
        yield f"phone {phone.id}"
        yield f"login {phone.username or phone.id}"
    for agent in customer.agents:
        yield f"agent {agent.id}"
        yield f"login {agent.username or agent.id}"
    yield from (f"login {each.login.username or each.id}" for each in customer.trunks if each.login)
    # The host without its port: what shares an address may still be told apart by ports.
    yield from (f"host {peer.ip}" for trunk in customer.trunks for peer in accepted_peers(trunk))
    yield from (f"extended {first}" for first, _ in extended_by(customer))
    if customer.mandate is not None:
        yield f"mandate {customer.mandate.reference}"


def numbers_of(customer: CustomerEntry) -> list[Numbers]:
    """The customer's numbers, sorted, without overlap."""
    return [(each.first, each.last) for each in spans_of([customer])]


def extended_by(customer: CustomerEntry) -> list[Numbers]:
    """The numbers that the extensions of its users make (A5)."""
    whole = {f"{entry.number}{user.extension}" for entry in customer.numbers for user in entry.users}
    return [(int(each[1:]), int(each[1:])) for each in whole]


def mains_of(numbers: Numbers) -> Iterator[Numbers]:
    """Numbers behind which these would be extensions."""
    for digits in range(1, _EXTENSION_DIGITS + 1):
        yield numbers[0] // 10**digits, numbers[1] // 10**digits
