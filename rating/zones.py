"""Does a German prefix belong to the zone that a price list says? The numbering plan knows.

A list that prices "+49" as fixed network must not price 0137 with it: parts of the plan that are of another
zone, and have no row of their own, become holes in the compiled list, and a call there goes to quarantine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from numbering.classes import NumberClass
from numbering.plan import ROWS, find
from rating.price import Zone

_SERVICE: Final = frozenset({Zone.SERVICE})
#: Classes that no shorter prefix prices: the law caps their prices (rating/caps.py), so they have lines of
#: their own. The other capped ones are of the zone SERVICE, where caps.py refuses wide prefixes.
_OWN_LINES: Final = frozenset({NumberClass.NATIONAL_SUBSCRIBER})
#: Zones that numbers of a class may be in. 032 is German fixed network or service, as the contract says.
_ZONES: Final = {
    NumberClass.GEOGRAPHIC: frozenset({Zone.FIXED}),
    NumberClass.NATIONAL_SUBSCRIBER: frozenset({Zone.FIXED, Zone.SERVICE}),
    NumberClass.MOBILE: frozenset({Zone.MOBILE}),
}


def zones_of(prefix: str) -> frozenset[Zone]:
    """The zones that a price for this prefix may name; several where the prefix alone does not say.

    None at all for a prefix that mixes Germany with other countries.
    """
    if not prefix.startswith("+"):
        return _SERVICE
    if "+49".startswith(prefix) and prefix != "+49":
        return frozenset()
    if not prefix.startswith("+49"):
        return frozenset({Zone.FOREIGN})
    nsn = prefix[3:]
    found = find(nsn)
    classes = {found[0].number_class if found else NumberClass.GEOGRAPHIC}
    classes |= {row.number_class for row in ROWS if row.prefix.startswith(nsn)}
    return frozenset(zone for each in classes for zone in _ZONES.get(each, _SERVICE))


def holes(zones: Mapping[str, Zone]) -> Iterator[str]:
    """Parts of the German plan that the longest fitting prefix of a list must not price: of another zone.

    `zones`: the list's prefixes and what each was said to be.
    """
    for row in ROWS:
        inside = f"+49{row.prefix}"
        if inside in zones:
            continue
        shorter = (inside[:length] for length in range(len(inside) - 1, 2, -1))
        covering = next((prefix for prefix in shorter if prefix in zones), None)
        if covering is None:
            continue
        fits = zones[covering] in _ZONES.get(row.number_class, _SERVICE)
        if not fits or row.number_class in _OWN_LINES:
            yield inside
