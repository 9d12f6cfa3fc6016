"""What calls carrier trunks take and at which terms, compiled to look-ups: number -> trunks in order (B1).

The most exact route that a number fits comes first: the longest prefix, then its country, then its class,
then routes for everything; less exact ones stay behind them as a way round. Within one of these the order is
priority, then cost; trunks that are equal in both share the calls by their weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from types import MappingProxyType
from typing import Final, TypeAlias

from dialplan.carrier import CarrierRoute, Trunk, TrunkSide
from dialplan.week import WeekTimes


@dataclass(frozen=True, slots=True)
class Way:
    """A trunk that takes calls of one kind, always or at times; `weight` is its share among equals."""

    trunk_id: str
    weight: int
    times: WeekTimes | None = None


#: Trunks of equal priority and cost.
Group: TypeAlias = tuple[Way, ...]
Groups: TypeAlias = tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class RouteTable:
    """All routes of all carrier trunks. `prefixes` are E.164 with "+"; `countries` are ISO 3166-1 alpha-2;
    `classes` are values of `numbering.classes.NumberClass`."""

    prefixes: Mapping[str, Groups] = field(default_factory=lambda: MappingProxyType({}))
    countries: Mapping[str, Groups] = field(default_factory=lambda: MappingProxyType({}))
    classes: Mapping[str, Groups] = field(default_factory=lambda: MappingProxyType({}))
    anything: Groups = ()
    #: Lengths that prefixes have, the longest first.
    lengths: tuple[int, ...] = ()

    def groups(self, number: str, number_class: str, country: str) -> Iterator[Group]:
        """Groups of ways for a number, the first to be tried first; a trunk may come more than once."""
        for length in self.lengths:
            found = self.prefixes.get(number[:length])
            if found:
                yield from found
        yield from self.countries.get(country, ())
        yield from self.classes.get(number_class, ())
        yield from self.anything


NO_ROUTES: Final = RouteTable()

_NO_COST: Final = Decimal("Infinity")
_Keys: TypeAlias = dict[str, list[tuple[CarrierRoute, str]]]


def route_table(trunks: Iterable[Trunk]) -> RouteTable:
    """The table of these trunks; customers' are left out. A trunk without a cost comes behind those of its
    priority that have one."""
    prefixes: _Keys = {}
    countries: _Keys = {}
    classes: _Keys = {}
    anything: _Keys = {"": []}
    for trunk in trunks:
        if trunk.side is not TrunkSide.CARRIER:
            continue
        for route in trunk.routes or (CarrierRoute(trunk.priority),):
            for keys, table in (
                (route.prefixes, prefixes),
                (route.countries, countries),
                (route.classes, classes),
                (("",) if route.takes_everything else (), anything),
            ):
                for key in keys:
                    table.setdefault(key, []).append((route, trunk.id))
    return RouteTable(
        _grouped(prefixes),
        _grouped(countries),
        _grouped(classes),
        _grouped(anything)[""],
        tuple(sorted({len(prefix) for prefix in prefixes}, reverse=True)),
    )


def _grouped(table: _Keys) -> Mapping[str, Groups]:
    return MappingProxyType({key: tuple(_groups(entries)) for key, entries in table.items()})


def _groups(entries: list[tuple[CarrierRoute, str]]) -> Iterator[Group]:
    ordered = sorted(entries, key=lambda entry: (*_rank(entry[0]), entry[1]))
    for _, members in groupby(ordered, key=lambda entry: _rank(entry[0])):
        yield tuple(Way(trunk_id, route.weight, route.times) for route, trunk_id in members)


def _rank(route: CarrierRoute) -> tuple[int, Decimal]:
    return route.priority, _NO_COST if route.cost is None else route.cost
