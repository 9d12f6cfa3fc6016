"""What no file shows by itself: lines that contradict lines of other files, or each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from rating.berlin import Month
from rating.errors import Problem
from rating.fx import Rate
from rating.money import Rounding
from rating.notice import Notice
from rating.price import ListKind, Version
from rating.terms import Model, Terms

Value = TypeVar("Value")
#: A value with the line of its file.
Placed = tuple[int, Value]
Versions = Mapping[str, tuple[Version, ...]]


def standard_of(versions: Versions) -> str:
    """The name of the standard list."""
    return next(name for name, each in versions.items() if each[0].kind is ListKind.STANDARD)


def by_customer(terms: Sequence[Placed[Terms]]) -> dict[str, tuple[Terms, ...]]:
    """Each customer's terms, oldest first."""
    found: dict[str, list[Terms]] = {}
    for _, each in sorted(terms, key=lambda placed: placed[1].first_day):
        found.setdefault(each.customer_id, []).append(each)
    return {customer: tuple(each) for customer, each in found.items()}


def cross_checks(
    versions: Versions,
    models: Sequence[Placed[tuple[Model, Rounding]]],
    terms: Sequence[Placed[Terms]],
    notices: Sequence[Placed[Notice]],
    trunks: Sequence[Placed[tuple[str, str]]],
    rates: Sequence[Placed[Rate]],
) -> Iterator[Problem]:
    """All of them, in the order of the files."""
    standard = [name for name, each in versions.items() if each[0].kind is ListKind.STANDARD]
    if len(standard) != 1:
        message = f"{len(standard)} standard lists. There must be one (E3)"
        yield Problem("lists.csv", 0, "kind", "tariff.standard", message)
    yield from _once("models.csv", "model", [(line, model) for line, (model, _) in models])
    yield from _once("trunks.csv", "trunk", [(line, trunk) for line, (trunk, _) in trunks])
    yield from _once("fx.csv", "day", [(line, (rate.currency, rate.day)) for line, rate in rates])
    keys = [(line, (each.customer_id, each.list_id, each.version)) for line, each in notices]
    yield from _once("notices.csv", "version", keys)
    for line, (_, name) in trunks:
        yield from _is_a("trunks.csv", line, name, ListKind.COST, versions)
    customers = {each.customer_id for _, each in terms}
    for line, notice in notices:
        yield from _notice_fits(line, notice, customers, versions)
    known = {model for _, (model, _) in models}
    for line, each in terms:
        if each.model not in known:
            message = f"models.csv does not say how {each.model.value} is rounded"
            yield Problem("customers.csv", line, "model", "tariff.model", message)
        if each.list_id is not None:
            yield from _is_a("customers.csv", line, each.list_id, ListKind.INDIVIDUAL, versions)
    yield from _terms_in_order(terms)


def _once(file: str, column: str, keys: Sequence[Placed[object]]) -> Iterator[Problem]:
    lines: dict[object, int] = {}
    for line, key in keys:
        if key in lines:
            yield Problem(file, line, column, "tariff.twice", f"the same as in line {lines[key]}")
        lines.setdefault(key, line)


def _is_a(file: str, line: int, name: str, kind: ListKind, versions: Versions) -> Iterator[Problem]:
    found = versions.get(name)
    if not found or found[0].kind is not kind:
        message = f"lists.csv has no {kind.value} list {name!r}"
        yield Problem(file, line, "list", "tariff.list", message)


def _notice_fits(line: int, notice: Notice, customers: set[str], versions: Versions) -> Iterator[Problem]:
    if notice.customer_id not in customers:
        message = f"customers.csv has no {notice.customer_id!r}"
        yield Problem("notices.csv", line, "customer", "tariff.customer", message)
    if notice.version not in {each.version for each in versions.get(notice.list_id, ())}:
        message = f"lists.csv has no {notice.list_id} {notice.version}"
        yield Problem("notices.csv", line, "version", "tariff.version", message)


def _terms_in_order(terms: Sequence[Placed[Terms]]) -> Iterator[Problem]:
    """Terms follow each other without overlap, and change with a month: nothing is prorated (TC 11.8)."""
    before: dict[str, Terms] = {}
    for line, each in sorted(terms, key=lambda placed: (placed[1].first_day, placed[0])):
        earlier = before.get(each.customer_id)
        before[each.customer_id] = each
        if earlier is None:
            continue
        if earlier.last_day is None or each.first_day <= earlier.last_day:
            end = earlier.last_day or "open"
            message = f"{each.customer_id} has terms from {earlier.first_day} ({end}): end them first"
            yield Problem("customers.csv", line, "first_day", "tariff.terms-overlap", message)
        elif each.first_day.day != 1:
            month = Month(each.first_day.year, each.first_day.month)
            message = f"terms change on the first of a month: {month.first_day} or {month.next.first_day}"
            yield Problem("customers.csv", line, "first_day", "tariff.terms-in-month", message)
        elif (earlier.last_day + timedelta(days=1)).day != 1:
            last = Month(earlier.last_day.year, earlier.last_day.month).last_day
            message = f"the terms before end within a month: let them end on {last}"
            yield Problem("customers.csv", line, "first_day", "tariff.terms-in-month", message)
