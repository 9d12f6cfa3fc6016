"""Users (direct-dial extensions) of numbers: how many at a time, and none over another or over a number."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from numbering.plan import LONGEST_NSN
from provisioning.checks.numbers import Span, all_spans, span_path
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.schema import NumberEntry, UserEntry
from provisioning.validate import Parts

#: TC 7.2.
MAX_USERS: Final = 99
_COUNTRY_DIGITS: Final = len("+49")


def check_users(parts: Parts) -> Iterator[Finding]:
    """At most 99 users at a time (A5), each extension one user's at a time, no extension another number."""
    entries = [
        (("customers", i, "numbers", j), entry)
        for i, customer in parts.customers.items()
        for j, entry in enumerate(customer.numbers)
        if entry.users
    ]
    if not entries:
        return
    spans = all_spans(parts)
    starts = [span.first for span in spans]
    yield from _same_whole(entries)
    for path, entry in entries:
        yield from _too_many(path, entry.users)
        yield from _overlaps(path, entry.users)
        yield from _prefixes(path, entry.users)
        yield from _numbers(path, entry, spans, starts, parts)


def _together(one: UserEntry, other: UserEntry) -> bool:
    """Whether both are active on some day."""
    return _until(one) >= other.active_from and _until(other) >= one.active_from


def _until(user: UserEntry) -> date:
    return user.active_until or date.max


def _too_many(path: KeyPath, users: tuple[UserEntry, ...]) -> Iterator[Finding]:
    steps = [(each.active_from, 1) for each in users]
    steps += [(each.active_until + timedelta(days=1), -1) for each in users if each.active_until is not None]
    active = most = 0
    when = date.min
    for day, step in sorted(steps):
        active += step
        if active > most:
            most, when = active, day
    if most > MAX_USERS:
        yield Finding(
            "config.too-many-users",
            (*path, "users"),
            f"more users of a number than the contract allows on {when} (A5)",
            str(most),
            f"at most {MAX_USERS} at a time",
        )


def _overlaps(path: KeyPath, users: tuple[UserEntry, ...]) -> Iterator[Finding]:
    before: dict[int, tuple[int, UserEntry]] = {}
    for k, user in sorted(enumerate(users), key=lambda each: (each[1].active_from, each[0])):
        earlier = before.get(user.extension)
        if earlier is not None and _together(earlier[1], user):
            first, second = sorted((earlier[0], k))
            yield Finding(
                "config.extension-overlap",
                (*path, "users", second, "extension"),
                "an extension has two users at the same time (A5)",
                str(user.extension),
                "active_until of the one before active_from of the next",
                other=(*path, "users", first, "extension"),
            )
        if earlier is None or _until(user) > _until(earlier[1]):
            before[user.extension] = (k, user)


def _prefixes(path: KeyPath, users: tuple[UserEntry, ...]) -> Iterator[Finding]:
    """A caller who dials digit by digit reaches extension 1 before 12 is complete; told once a number."""
    short = [(k, user) for k, user in enumerate(users) if user.extension < 10]
    for k, user in enumerate(users):
        for m, other in short:
            if user.extension // 10 == other.extension and user.extension >= 10 and _together(user, other):
                yield Finding(
                    "config.extension-prefix",
                    (*path, "users", k, "extension"),
                    f"the extension begins as extension {other.extension}: who dials digit by digit "
                    "reaches that one",
                    str(user.extension),
                    "extensions of one length",
                    severity=Severity.WARNING,
                    other=(*path, "users", m, "extension"),
                )
                return


def _same_whole(entries: Sequence[tuple[KeyPath, NumberEntry]]) -> Iterator[Finding]:
    """Extension 12 of one number and extension 2 of the number that ends in 1 behind it are dialled alike."""
    seen: dict[str, KeyPath] = {}
    for path, entry in entries:
        own = {user.extension: k for k, user in reversed(list(enumerate(entry.users)))}
        for extension, k in own.items():
            whole, at = f"{entry.number}{extension}", (*path, "users", k, "extension")
            first = seen.setdefault(whole, at)
            if first is not at:
                yield Finding(
                    "config.extension-is-number",
                    at,
                    "number and extension together are those of another number with its extension",
                    repr(whole),
                    "an extension whose number is free",
                    other=first,
                )


def _numbers(
    path: KeyPath, entry: NumberEntry, spans: list[Span], starts: list[int], parts: Parts
) -> Iterator[Finding]:
    """With its extension a number is at most 13 digits long and nobody's number."""
    main = entry.number or ""
    told: set[int] = set()
    for k, user in enumerate(entry.users):
        whole = f"{main}{user.extension}"
        if user.extension in told:
            continue
        told.add(user.extension)
        if len(whole) - _COUNTRY_DIGITS > LONGEST_NSN:
            yield Finding(
                "config.extension-too-long",
                (*path, "users", k, "extension"),
                "number and extension together are too long",
                repr(whole),
                f"{LONGEST_NSN} digits behind +49",
            )
            continue
        at = bisect_right(starts, int(whole[1:])) - 1
        if at >= 0 and spans[at].last >= int(whole[1:]):
            yield Finding(
                "config.extension-is-number",
                (*path, "users", k, "extension"),
                "number and extension together are another number of the configuration",
                repr(whole),
                "an extension whose number is free",
                other=span_path(spans[at], parts),
            )
