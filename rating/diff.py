"""What a new version of a price list changes: added, removed, raised, lowered, mixed, and what conflicts.

The dry run of an import: nothing comes into force that somebody has not seen as a list of changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from rating.price import ListKind, Price, Version, Zone


class ChangeKind(StrEnum):
    """What happens to the price of a prefix. MIXED: dearer in one thing, cheaper in another."""

    ADDED = "added"
    REMOVED = "removed"
    RAISED = "raised"
    LOWERED = "lowered"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Change:
    """One prefix. `before` of an added one, and `after` of a removed one, is the price of the shorter prefix
    that its calls had or will have; None where there is none. `conflict`: why it must not come into force
    like that, or "".
    """

    kind: ChangeKind
    prefix: str
    destination: str
    before: Price | None
    after: Price | None
    conflict: str


def changes(old: Version, new: Version, today: date | None, notice_days: int) -> tuple[Change, ...]:
    """All changes from one version to another, by prefix; equal rows are left out.

    `today` is the day on which the new version would be taken, None: it is in force, and nothing can be in
    conflict any more.
    """
    before = {price.key: price for price in old.prices}
    after = {price.key: price for price in new.prices}
    covers = _by_prefix(new)
    gone = (price for key, price in before.items() if key not in after)
    found = list(_of_rows(before, after, old))
    found += [
        Change(
            ChangeKind.REMOVED, price.prefix, price.destination, price, _covering(covers, price.prefix), ""
        )
        for price in gone
    ]
    found.sort(key=lambda change: (change.prefix, change.kind.value))
    return tuple(
        change if _first_price(change, old, new) else _with_conflict(change, new, today, notice_days)
        for change in found
    )


def _of_rows(
    before: dict[tuple[str, bool, str], Price],
    after: dict[tuple[str, bool, str], Price],
    old: Version,
) -> Iterator[Change]:
    covered = _by_prefix(old)
    for key, price in after.items():
        was = before.get(key)
        if was is None:
            yield Change(ChangeKind.ADDED, key[0], price.destination, _covering(covered, key[0]), price, "")
        elif kind := _direction(was, price):
            yield Change(kind, key[0], price.destination, was, price, "")


def _direction(was: Price, price: Price) -> ChangeKind | None:
    if (was.currency, was.kind, was.zone) != (price.currency, price.kind, price.zone):
        return ChangeKind.MIXED
    pairs = list(zip(_dearness(was), _dearness(price), strict=True))
    dearer = any(new > old for old, new in pairs)
    cheaper = any(new < old for old, new in pairs)
    if dearer and cheaper:
        return ChangeKind.MIXED
    if dearer:
        return ChangeKind.RAISED
    return ChangeKind.LOWERED if cheaper else None


def _dearness(price: Price) -> tuple[int, ...]:
    """Figures of which each makes a call dearer when it grows."""
    steps = price.increments
    return price.price, price.fee, price.minimum, steps.first_s, steps.next_s, -price.free_s


def _by_prefix(version: Version) -> dict[str, Price]:
    return {each.prefix: each for each in version.prices if not each.exact and each.window is None}


def _covering(prices: dict[str, Price], prefix: str) -> Price | None:
    """The price of the longest shorter prefix."""
    shorter = (prefix[:length] for length in range(len(prefix) - 1, 0, -1))
    return next((prices[each] for each in shorter if each in prices), None)


def _with_conflict(change: Change, new: Version, today: date | None, notice_days: int) -> Change:
    conflict = _conflict(change, new, today, notice_days) if today else ""
    if not conflict:
        return change
    return Change(change.kind, change.prefix, change.destination, change.before, change.after, conflict)


def _first_price(change: Change, old: Version, new: Version) -> bool:
    """A price that a version gets for a destination that had none: its calls wait, and may have one backwards
    (rating/additions.py)."""
    added = change.kind is ChangeKind.ADDED and change.before is None
    return (
        added and new.kind is ListKind.STANDARD and (old.list_id, old.version) == (new.list_id, new.version)
    )


def _conflict(change: Change, new: Version, today: date, notice_days: int) -> str:
    if new.valid_from <= today:
        return f"valid from {new.valid_from}: prices never change backwards. Give it a later first day"
    price = change.after or change.before
    foreign = price is not None and price.zone is Zone.FOREIGN
    replaces = change.before is not None
    earliest = today + timedelta(days=notice_days + 1)
    if new.kind is ListKind.STANDARD and foreign and replaces and new.valid_from < earliest:
        return f"foreign prices need {notice_days} days of notice (E4): {earliest} at the earliest"
    return ""
