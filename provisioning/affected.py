"""What a change touches: numbers that stop working or move, and calls that are in progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from dialplan.live import LiveCall
from provisioning.schema import CarrierEntry, CustomerEntry
from provisioning.spans import OwnedSpan, joined, shared, spans_of, without
from store.config_items import CARRIER_KEY, CUSTOMER, ItemKey

#: Ranges named in one sentence; the rest is counted.
_MAX_RANGES: Final = 5

Entry = CarrierEntry | CustomerEntry
#: Sentences for people, by the part they belong to.
Effects = Mapping[ItemKey, tuple[str, ...]]


def effects_of(old: Iterable[Entry], new: Iterable[Entry], calls: Sequence[LiveCall]) -> Effects:
    """The effects of replacing the parts `old` by the parts `new` (those that differ, before and after)."""
    before, after = list(old), list(new)
    had = spans_of([each for each in before if isinstance(each, CustomerEntry)])
    have = spans_of([each for each in after if isinstance(each, CustomerEntry)])
    found: dict[ItemKey, list[str]] = {}
    for key, sentence in (*_numbers(had, have), *_calls(before, after, calls)):
        found.setdefault(key, []).append(sentence)
    return {key: tuple(sentences) for key, sentences in found.items()}


def summary_of(entry: Entry) -> str:
    """What a part consists of: "100 numbers, 2 trunks"."""
    counted = {"trunk": len(entry.trunks)}
    if isinstance(entry, CustomerEntry):
        counted = {
            "number": sum(span.size for span in spans_of([entry])),
            **counted,
            "phone": len(entry.phones),
            "agent": len(entry.agents),
            "site": len(entry.sites),
        }
    else:
        counted["number block"] = len(entry.number_blocks)
    return (
        ", ".join(counted_words(count, noun) for noun, count in counted.items() if count) or "nothing in it"
    )


def counted_words(count: int, noun: str) -> str:
    """ "1 number", "2 numbers"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _numbers(had: list[OwnedSpan], have: list[OwnedSpan]) -> Iterator[tuple[ItemKey, str]]:
    for owner, spans in _by_owner(without(had, have)).items():
        yield ItemKey(CUSTOMER, owner), f"{_told(spans)} no longer reach anybody"
    moved: dict[tuple[str, str], list[OwnedSpan]] = {}
    for was, now in shared(had, have):
        if was.customer_id != now.customer_id:
            moved.setdefault((was.customer_id, now.customer_id), []).append(now)
    for (giver, taker), spans in moved.items():
        yield ItemKey(CUSTOMER, taker), f"{_told(spans)} come from customer {giver}"
    if had:
        for owner, spans in _by_owner(without(have, had)).items():
            if any(each.customer_id == owner for each in had):
                yield ItemKey(CUSTOMER, owner), f"{_told(spans)} are new"


def _by_owner(spans: Iterable[OwnedSpan]) -> dict[str, list[OwnedSpan]]:
    found: dict[str, list[OwnedSpan]] = {}
    for span in spans:
        found.setdefault(span.customer_id, []).append(span)
    return found


def _told(spans: list[OwnedSpan]) -> str:
    ranges = joined(sorted(spans))
    listed = ", ".join(map(str, ranges[:_MAX_RANGES])) + (", …" if len(ranges) > _MAX_RANGES else "")
    return f"{counted_words(sum(span.size for span in spans), 'number')} ({listed})"


def _calls(
    before: Sequence[Entry], after: Sequence[Entry], calls: Sequence[LiveCall]
) -> Iterator[tuple[ItemKey, str]]:
    """Calls in progress keep what was decided for them: nothing here ends one."""
    of_customers = Counter(call.customer_id for call in calls)
    of_trunks = Counter(trunk for call in calls for trunk in set(call.trunk_ids))
    later = {_key(each): {trunk.id: trunk for trunk in each.trunks} for each in after}
    for entry in before:
        key = _key(entry)
        if isinstance(entry, CustomerEntry) and of_customers[entry.id]:
            yield key, f"{_running(of_customers[entry.id])} of this customer: they go on as they began"
        for trunk in entry.trunks:
            if of_trunks[trunk.id] and later.get(key, {}).get(trunk.id) != trunk:
                yield (
                    key,
                    f"{_running(of_trunks[trunk.id])} on the trunk {trunk.id}: they go on as they began",
                )


def _running(count: int) -> str:
    return f"{counted_words(count, 'call')} in progress"


def _key(entry: Entry) -> ItemKey:
    return ItemKey(CUSTOMER, entry.id) if isinstance(entry, CustomerEntry) else CARRIER_KEY
