"""Sets of numbers as regular expressions for the static dialplan, written by their common beginnings: ranges
become short, so the document does not grow with the numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from numbering.e164 import E164

#: How a telephone system writes a German number of its own: +49, 0049, 49 or 0 before the area code.
_BEFORE: Final = r"(?:(?:\+|00)?49|0)"
_GERMAN: Final = re.compile(r"\+49([1-9][0-9]{1,13})\Z", re.ASCII)


#: Characters of an expression, far below what a compiled one may take (PCRE2: 65,535 units of code).
_LONGEST: Final = 4_000


def own_numbers(numbers: Iterable[E164]) -> Iterator[tuple[int, str]]:
    """Expressions for these numbers, whichever of the usual ways they are written in, each for numbers of one
    length. Each digit behind +49 is a group of its own, $1 and so on; what comes first is how many these are.

    Numbers of other countries are left out: we have none.
    """
    by_length: dict[int, set[str]] = {}
    for number in numbers:
        if found := _GERMAN.match(number):
            by_length.setdefault(len(found[1]), set()).add(found[1])
    for length, own in sorted(by_length.items()):
        for each in _short_enough(sorted(own)):
            yield length, f"^{_BEFORE}(?={each}$)" + length * r"(\d)" + "$"


def _short_enough(texts: list[str]) -> Iterator[str]:
    expression = _one_of(texts)
    if len(expression) <= _LONGEST:
        yield expression
        return
    middle = len(texts) // 2
    yield from _short_enough(texts[:middle])
    yield from _short_enough(texts[middle:])


def _one_of(texts: list[str]) -> str:
    """An expression, without groups, for these texts of digits alone: sorted, each once, all of one length,
    which is how deep this goes."""
    if not texts[0]:
        return ""
    by_first: dict[str, list[str]] = {}
    for text in texts:
        by_first.setdefault(text[0], []).append(text[1:])
    first_by_rest: dict[str, str] = {}
    for first, rests in by_first.items():
        rest = _one_of(rests)
        first_by_rest[rest] = first_by_rest.get(rest, "") + first
    ways = [_digit(first) + rest for rest, first in first_by_rest.items()]
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _digit(allowed: str) -> str:
    if len(allowed) == 10:
        return r"\d"
    return allowed if len(allowed) == 1 else f"[{allowed}]"
