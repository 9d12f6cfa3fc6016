"""lists.csv: which versions of which price lists there are, since when, and the file with their prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rating.errors import FieldRefused, Problem
from rating.fields import choice, currency, day, identifier, optional_day
from rating.price import Edge, ListKind, Version
from rating.price_file import Head, prices_of
from rating.strict_csv import Columns

LISTS: Final = Columns(
    ("list", "version", "kind", "currency", "valid_from", "file"), ("valid_until", "window_edge")
)
_NAME: Final = "lists.csv"


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A line of lists.csv: a version whose prices are in `file`."""

    version: Version
    file: str

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> NamedVersion:
        """Raise FieldRefused."""
        valid_from, valid_until = day(values["valid_from"]), optional_day(values["valid_until"])
        if valid_until is not None and valid_until < valid_from:
            raise FieldRefused("tariff.validity", f"valid_until {valid_until} lies before {valid_from}")
        version = Version(
            identifier(values["list"]),
            identifier(values["version"]),
            choice(values["kind"], ListKind),
            currency(values["currency"]),
            valid_from,
            valid_until,
            choice(values["window_edge"], Edge, Edge.START),
            (),
        )
        return cls(version, identifier(values["file"]))


def with_prices(
    named: Sequence[tuple[int, NamedVersion]], files: Mapping[str, bytes], problems: list[Problem]
) -> dict[str, tuple[Version, ...]]:
    """The versions of each list with their prices, oldest first; what is wrong goes to `problems`."""
    found: dict[str, list[tuple[int, Version]]] = {}
    for line, each in named:
        version = each.version
        if each.file not in files:
            message = f"the price file {each.file} is missing"
            problems.append(Problem(_NAME, line, "file", "tariff.file-missing", message))
            continue
        head = Head(version.list_id, version.version, version.kind, version.currency, version.valid_from)
        prices, wrong = prices_of(files[each.file], each.file, head)
        problems += wrong
        found.setdefault(version.list_id, []).append((line, replace(version, prices=prices)))
    versions: dict[str, tuple[Version, ...]] = {}
    for list_id, placed in found.items():
        placed.sort(key=lambda each: each[1].valid_from)
        problems += _overlaps(placed)
        versions[list_id] = tuple(version for _, version in placed)
    return versions


def _overlaps(placed: Sequence[tuple[int, Version]]) -> Iterable[Problem]:
    """Two versions on one day, one name twice, or a list that changes its kind."""
    names: set[str] = set()
    for index, (line, version) in enumerate(placed):
        if version.version in names:
            yield Problem(_NAME, line, "version", "tariff.version-twice", f"{version} is there twice")
        names.add(version.version)
        if not index:
            continue
        before = placed[index - 1][1]
        if version.kind is not before.kind:
            message = f"the list {version.list_id} is {before.kind.value} in its version {before.version}"
            yield Problem(_NAME, line, "kind", "tariff.kind-changed", message)
        if version.valid_from <= (before.valid_until or before.valid_from):
            message = f"{version.valid_from} is within the validity of {before}, {_validity(before)}"
            yield Problem(_NAME, line, "valid_from", "tariff.validity-overlap", message)


def _validity(version: Version) -> str:
    return f"{version.valid_from} to {version.valid_until or 'the next version'}"
