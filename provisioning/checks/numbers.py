"""Numbers: blocks that overlap, numbers given twice, outside the blocks, or not the customer's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from provisioning.checks.paths import number_path
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.schema import CarrierEntry, CustomerEntry, NumberEntry
from provisioning.validate import Parts

#: Numbers of all customers together: what a snapshot holds in memory.
MAX_NUMBERS: Final = 2_000_000


class Span(NamedTuple):
    """Consecutive numbers as integers of their digits, and where they were given.

    Two numbers of different length are different integers (no country code begins with 0), and both ends
    are of one length. `item` is the index in `list`, -1 for the other forms; `entry` -1 - n is phone n.
    """

    first: int
    last: int
    customer: int
    entry: int
    item: int


def check_numbers(parts: Parts) -> Iterator[Finding]:
    """All number checks. Blocks are not looked at while the carrier is not valid."""
    spans = all_spans(parts)
    total = sum(span.last - span.first + 1 for span in spans)
    if total > MAX_NUMBERS:
        yield Finding(
            "config.too-many-numbers",
            ("customers",),
            "too many numbers",
            f"{total}",
            f"at most {MAX_NUMBERS}",
        )
    yield from _twice(spans, parts)
    yield from _main_numbers(spans, parts)
    if parts.carrier is not None:
        yield from _overlapping_blocks(parts.carrier)
        yield from _outside_blocks(spans, parts, _Ranges.of(parts.carrier))


def all_spans(parts: Parts) -> list[Span]:
    """The numbers of all customers in order."""
    return sorted(span for i, customer in parts.customers.items() for span in _spans(i, customer))


def _spans(index: int, customer: CustomerEntry) -> Iterator[Span]:
    """The customer's numbers, and those of phones that no entry has."""
    entries = list(enumerate(customer.numbers))
    for j, entry in entries:
        listed = entry.list is not None
        for item, (first, last) in enumerate(entry.spans()):
            yield Span(first, last, index, j, item if listed else -1)
    seen: set[int] = set()
    for k, number in phones_apart(customer):
        if number not in seen:
            seen.add(number)
            yield Span(number, number, index, -1 - k, -1)


def phones_apart(customer: CustomerEntry) -> Iterator[tuple[int, int]]:
    """Index and number of each phone whose number no entry of `numbers` has: it rings the phone."""
    if not customer.phones:
        return
    given = sorted(span for entry in customer.numbers for span in entry.spans())
    starts = [first for first, _ in given]
    for k, phone in enumerate(customer.phones):
        number = int(phone.number[1:])
        at = bisect_right(starts, number) - 1
        if at < 0 or given[at][1] < number:
            yield k, number


def _twice(spans: list[Span], parts: Parts) -> Iterator[Finding]:
    """A finding for each span that shares a number with one before it, at the later place."""
    reach: Span | None = None
    for span in spans:
        if reach is not None and span.first <= reach.last:
            first, second = sorted((reach, span), key=lambda each: (each.customer, each.entry < 0, each[3:]))
            ours, theirs = max(first.first, second.first), min(first.last, second.last)
            yield Finding(
                "config.number-twice",
                span_path(second, parts),
                "a number is given twice",
                _range(ours, theirs),
                "each number once",
                other=span_path(first, parts),
            )
            yield from _second_tenant(first, second, parts)
        if reach is None or span.last > reach.last:
            reach = span


def _second_tenant(first: Span, second: Span, parts: Parts) -> Iterator[Finding]:
    """A4: a number is linked to one tenant id."""
    one, other = _entry(first, parts), _entry(second, parts)
    if one is None or other is None or one.tenant_id is None or other.tenant_id is None:
        return
    if one.tenant_id != other.tenant_id:
        yield Finding(
            "config.second-tenant",
            ("customers", second.customer, "numbers", second.entry, "tenant_id"),
            "a number is linked to two tenants (A4)",
            other.tenant_id,
            f"tenant_id: {one.tenant_id}",
            other=("customers", first.customer, "numbers", first.entry, "tenant_id"),
        )


def _main_numbers(spans: list[Span], parts: Parts) -> Iterator[Finding]:
    starts = [span.first for span in spans]
    for i, customer in parts.customers.items():
        number = int(customer.main_number[1:])
        at = bisect_right(starts, number) - 1
        if at >= 0 and spans[at].last >= number and spans[at].customer == i:
            continue
        if any(s.first <= number <= s.last for s in _spans(i, customer)):
            continue  # given twice: that is reported
        yield Finding(
            "config.main-number",
            ("customers", i, "main_number"),
            "the main number is not one of the customer's numbers",
            repr(str(customer.main_number)),
            "a number under numbers or phones of this customer",
        )


def _overlapping_blocks(carrier: CarrierEntry) -> Iterator[Finding]:
    blocks = sorted(
        (int(each.first[1:]), int(each.last[1:]), i) for i, each in enumerate(carrier.number_blocks)
    )
    reach: tuple[int, int, int] | None = None
    for block in blocks:
        if reach is not None and block[0] <= reach[1]:
            early, late = sorted((reach[2], block[2]))
            yield Finding(
                "config.blocks-overlap",
                ("carrier", "number_blocks", late),
                "two blocks share numbers",
                _range(block[0], min(block[1], reach[1])),
                "each number in one block",
                other=("carrier", "number_blocks", early),
            )
        if reach is None or block[1] > reach[1]:
            reach = block


@dataclass(frozen=True, slots=True)
class _Ranges:
    """The blocks as integer ranges, those that touch put together."""

    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, carrier: CarrierEntry) -> _Ranges:
        starts: list[int] = []
        ends: list[int] = []
        for first, last in sorted(
            (int(each.first[1:]), int(each.last[1:])) for each in carrier.number_blocks
        ):
            if ends and first <= ends[-1] + 1:
                ends[-1] = max(ends[-1], last)
            else:
                starts.append(first)
                ends.append(last)
        return cls(starts, ends)

    def holds(self, first: int, last: int) -> bool:
        at = bisect_right(self.starts, first) - 1
        return at >= 0 and last <= self.ends[at]

    def meets(self, first: int, last: int) -> bool:
        at = bisect_right(self.starts, last) - 1
        return at >= 0 and first <= self.ends[at]


def _outside_blocks(spans: list[Span], parts: Parts, blocks: _Ranges) -> Iterator[Finding]:
    for span in spans:
        entry = _entry(span, parts)
        ported = entry is not None and entry.ported_in
        if ported and blocks.meets(span.first, span.last):
            yield Finding(
                "config.ported-in-own-block",
                span_path(span, parts),
                "a number that was ported in lies in one of our blocks",
                _range(span.first, span.last),
                "ported_in for numbers outside our blocks only",
                severity=Severity.WARNING,
            )
        elif not ported and not blocks.holds(span.first, span.last):
            yield Finding(
                "config.number-outside-blocks",
                span_path(span, parts),
                "a number is outside the carrier's blocks",
                _range(span.first, span.last),
                "numbers of carrier.number_blocks, or ported_in: true",
            )


def _entry(span: Span, parts: Parts) -> NumberEntry | None:
    return parts.customers[span.customer].numbers[span.entry] if span.entry >= 0 else None


def span_path(span: Span, parts: Parts) -> KeyPath:
    """Where the span stands."""
    entry = _entry(span, parts)
    if entry is None:
        return ("customers", span.customer, "phones", -1 - span.entry, "number")
    return number_path(span.customer, span.entry, entry, span.item)


def _range(first: int, last: int) -> str:
    return f"'+{first}'" if first == last else f"'+{first}' to '+{last}'"
