"""Ranges of numbers with an owner, and what two states of them mean for each other.

A number is the integer of its digits without "+". Within one state no two ranges overlap (the checks see
to it), so sorted ranges can be walked side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from provisioning.schema import CustomerEntry


class OwnedSpan(NamedTuple):
    """Numbers first to last of a customer; `tenant` is their Microsoft tenant (A4), where they have one."""

    first: int
    last: int
    customer_id: str
    tenant: str | None = None

    @property
    def size(self) -> int:
        """How many numbers."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"+{self.first}" if self.first == self.last else f"+{self.first} to +{self.last}"


def spans_of(customers: Sequence[CustomerEntry]) -> list[OwnedSpan]:
    """All numbers of these customers, sorted, without overlap; those of phones that no entry has, too."""
    spans = [
        OwnedSpan(first, last, customer.id, entry.tenant_id)
        for customer in customers
        for entry in customer.numbers
        for first, last in entry.spans()
    ]
    spans.sort()
    phones = {
        OwnedSpan(int(phone.number[1:]), int(phone.number[1:]), customer.id)
        for customer in customers
        for phone in customer.phones
    }
    apart = [piece for phone in sorted(phones) for piece in without([phone], spans)]
    return sorted([*spans, *apart]) if apart else spans


def without(spans: Sequence[OwnedSpan], others: Sequence[OwnedSpan]) -> list[OwnedSpan]:
    """The parts of `spans` that no span of `others` covers. Both sorted and without overlap."""
    left: list[OwnedSpan] = []
    index = _from(others, spans[0].first) if len(spans) == 1 else 0
    for span in spans:
        first = span.first
        while index < len(others) and others[index].last < first:
            index += 1
        at = index
        while at < len(others) and others[at].first <= span.last:
            if others[at].first > first:
                left.append(span._replace(first=first, last=others[at].first - 1))
            first = others[at].last + 1
            at += 1
        if first <= span.last:
            left.append(span._replace(first=first))
    return left


def shared(spans: Sequence[OwnedSpan], others: Sequence[OwnedSpan]) -> Iterator[tuple[OwnedSpan, OwnedSpan]]:
    """Every pair of parts that cover the same numbers, each cut to them. Both sorted and without overlap."""
    index = 0
    for span in spans:
        while index < len(others) and others[index].last < span.first:
            index += 1
        at = index
        while at < len(others) and others[at].first <= span.last:
            first, last = max(span.first, others[at].first), min(span.last, others[at].last)
            yield span._replace(first=first, last=last), others[at]._replace(first=first, last=last)
            at += 1


def joined(spans: Iterable[OwnedSpan]) -> list[OwnedSpan]:
    """Spans of one customer that touch put together, for people to read."""
    found: list[OwnedSpan] = []
    for span in spans:
        last = found[-1] if found else None
        if last is not None and last.last + 1 == span.first and last.customer_id == span.customer_id:
            found[-1] = last._replace(last=span.last)
        else:
            found.append(span)
    return found


def _from(spans: Sequence[OwnedSpan], first: int) -> int:
    """The index of the first span that may reach `first`, by bisection."""
    low, high = 0, len(spans)
    while low < high:
        middle = (low + high) // 2
        if spans[middle].last < first:
            low = middle + 1
        else:
            high = middle
    return low
