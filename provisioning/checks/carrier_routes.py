"""Whether every call finds a carrier trunk: numbers that none takes, hours at which none does (B1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from dialplan.week import MINUTES_A_WEEK, WeekTimes
from numbering.classes import DEFAULT_POLICY, NumberClass, Policy
from numbering.countries import countries_of
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.nearest import listed
from provisioning.schema import CarrierRouteEntry, CarrierTrunkEntry
from provisioning.schema.codes import known_countries
from provisioning.validate import Parts
from provisioning.week_times import minute_text, week_times

_ALWAYS: Final = WeekTimes((0,), (MINUTES_A_WEEK,))
_EVERYTHING: Final = (CarrierRouteEntry.model_validate({}),)
_GERMANY: Final = "DE"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Numbers that somebody must take: of one class, or of one foreign country."""

    name: str
    takes: Callable[[CarrierRouteEntry], bool]
    severity: Severity


def check_carrier_routes(parts: Parts) -> Iterator[Finding]:
    """Names of carrier trunks are known; each kind of number that customers may call is taken at all hours,
    by all trunks together and by those that a customer is bound to."""
    if parts.carrier is None or not parts.carrier.trunks:
        return
    trunks = {trunk.id: trunk for trunk in parts.carrier.trunks}
    yield from _twice(parts.carrier.trunks)
    yield from _coverage(tuple(trunks.values()), ("carrier", "trunks"))
    seen: set[frozenset[str]] = set()
    for i, customer in parts.customers.items():
        path: KeyPath = ("customers", i, "carrier_trunks")
        for k, name in enumerate(customer.carrier_trunks):
            if name not in trunks:
                names = tuple(trunks)
                message = "there is no such carrier trunk"
                yield Finding(
                    "config.unknown-carrier-trunk", (*path, k), message, repr(name), listed(names), names
                )
        bound = frozenset(customer.carrier_trunks).intersection(trunks)
        if bound and bound not in seen:  # customers bound alike are told once
            seen.add(bound)
            yield from _coverage([trunks[name] for name in sorted(bound)], path)


def _twice(trunks: Sequence[CarrierTrunkEntry]) -> Iterator[Finding]:
    """A kind of number named by two routes of one trunk has two terms, unless they hold at other times."""
    for i, trunk in enumerate(trunks):
        seen: dict[tuple[str, str], tuple[int, WeekTimes]] = {}
        for j, route in enumerate(trunk.routes):
            times = week_times(route.times) or _ALWAYS
            for key in ("prefixes", "countries", "classes"):
                for k, name in enumerate(getattr(route, key)):
                    first, other = seen.setdefault((key, name), (j, times))
                    if first != j and _overlap(times, other):
                        path = ("carrier", "trunks", i, "routes", j, key, k)
                        message = "two routes of the trunk take the same calls at the same time"
                        yield Finding("config.route-twice", path, message, repr(name), "each once")


def _overlap(times: WeekTimes, other: WeekTimes) -> bool:
    return any(begin in other or start in times for begin, _ in times for start, _ in other)


def _coverage(trunks: Sequence[CarrierTrunkEntry], path: KeyPath) -> Iterator[Finding]:
    routes = [route for trunk in trunks for route in trunk.routes or _EVERYTHING]
    if any(_takes_everything(route) and not route.times for route in routes):
        return
    missing: dict[Severity, list[str]] = {Severity.ERROR: [], Severity.WARNING: []}
    gaps: dict[tuple[int, int], list[str]] = {}
    for kind in _kinds():
        taking = [route for route in routes if _takes_everything(route) or kind.takes(route)]
        if not taking:
            missing[kind.severity].append(kind.name)
        elif hole := _first_gap(taking):
            gaps.setdefault(hole, []).append(kind.name)
    for severity, names in missing.items():
        if names:
            yield Finding(
                "config.nobody-serves",
                path,
                f"no carrier trunk takes calls to {listed(names)}",
                allowed="a route for them, or a trunk without routes, which takes everything",
                severity=severity,
            )
    for (begin, end), names in gaps.items():
        yield Finding(
            "config.times-leave-gaps",
            path,
            f"{minute_text(begin)} to {minute_text(end)} no carrier trunk takes calls to {listed(names)}",
            allowed="a route without times behind those that have some",
            severity=Severity.WARNING,
        )


def _first_gap(routes: Iterable[CarrierRouteEntry]) -> tuple[int, int] | None:
    stretches: list[tuple[int, int]] = []
    for route in routes:
        times = week_times(route.times)
        if times is None:
            return None
        stretches += times
    return next(WeekTimes.of(stretches).gaps(), None)


def _takes_everything(route: CarrierRouteEntry) -> bool:
    return not (route.prefixes or route.countries or route.classes)


@cache
def _kinds() -> tuple[_Kind, ...]:
    """German classes that everybody may call, each of which must be taken; countries, which should be."""
    german = [
        each
        for each, policy in DEFAULT_POLICY.items()
        if policy is Policy.ALLOWED
        and each is not NumberClass.EMERGENCY
        and not each.value.startswith("foreign")
    ]
    kinds = [_Kind(each.value, _of_class(each.value), Severity.ERROR) for each in german]
    abroad = [NumberClass.FOREIGN_FIXED, NumberClass.FOREIGN_MOBILE, NumberClass.FOREIGN_FIXED_OR_MOBILE]
    codes: dict[str, list[str]] = {}
    for code in map(str, range(1, 1_000)):
        for country in countries_of(code):
            codes.setdefault(country, []).append(f"+{code}")
    for country in sorted(known_countries() - {_GERMANY}):
        takes = _of_country(country, tuple(codes.get(country, ())), {each.value for each in abroad})
        kinds.append(_Kind(country, takes, Severity.WARNING))
    return tuple(kinds)


def _of_class(name: str) -> Callable[[CarrierRouteEntry], bool]:
    return lambda route: name in route.classes or _GERMANY in route.countries or "+49" in route.prefixes


def _of_country(
    country: str, codes: tuple[str, ...], classes: set[str]
) -> Callable[[CarrierRouteEntry], bool]:
    return lambda route: (
        country in route.countries
        or any(code in route.prefixes for code in codes)
        or classes.issubset(route.classes)
    )
