"""Writes numbering/data_onkz.py and numbering/data_countries.py from the metadata of `phonenumbers`.

    python tools/generate_numbering.py [--check]

`--check` writes nothing and fails when a file differs from what would be written. Run it after raising the
version of phonenumbers, and read the difference before committing: it changes what callers can reach.

How prefixes come out of regular expressions: every pattern of a calling code (one for each territory and
number type) becomes an automaton over the ten digits. A prefix is *alive* for a pattern when some number
beginning with it matches. We walk the tree of prefixes; where one label (territory and class) is left
alive, or all branches give the same label, the prefix is written and the walk stops; at `MAX_DEPTH` digits
the costliest class that is still alive wins. Two approximations follow:

- lengths are ignored, so a number too long or too short keeps the class of its prefix;
- an unassigned gap inside a range of one label has that label: beside premium numbers it is premium, inside
  a fixed-line range it is fixed line.

So every number that the metadata calls premium is premium here, and a few that it calls invalid are too.
"""

from __future__ import annotations

import argparse
import re._constants as op  # type: ignore[import-not-found]
import re._parser as regex  # type: ignore[import-not-found]
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import phonenumbers
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.phonemetadata import PhoneMetadata

NUMBERING: Final = Path(__file__).resolve().parent.parent / "numbering"
GERMANY: Final = 49
#: Parts of Mannheim and Ludwigshafen that the metadata lists below their area code 621.
SUB_AREAS: Final = frozenset({"6215", "6216", "62195", "62196", "62199"})
#: Area codes in force (VG Köln 11 K 7295/05). A metadata update that breaks this count needs a look.
AREA_CODES: Final = 5202
MAX_DEPTH: Final = 7
#: Telling fixed from mobile five digits deep would take 16,000 prefixes in India alone, at equal prices.
MAX_DEPTH_ORDINARY: Final = 4
#: Letters of the generated table, the costliest class first: that one wins where a prefix is ambiguous.
TYPES: Final = (
    ("P", "premium_rate"),
    ("C", "shared_cost"),
    ("N", "personal_number"),
    ("G", "pager"),
    ("U", "uan"),
    ("V", "voip"),
    ("M", "mobile"),
    ("M", "voicemail"),
    ("F", "fixed_line"),
    ("T", "toll_free"),
)
COSTLIEST: Final = "PCNGUVMFT"
ORDINARY: Final = frozenset("FM")
DIGITS: Final = "0123456789"
WIDTH: Final = 105


class Label(NamedTuple):
    """A territory (ISO 3166 code, 001 for none) and a class letter; X: fixed and mobile share the range."""

    region: str
    letter: str


#: What is left of each pattern after some digits, and the tree of prefixes that follows from it.
Alive: TypeAlias = "tuple[tuple[Label, frozenset[int]], ...]"
Tree: TypeAlias = "Label | dict[str, Tree] | None"


class Automaton:
    """All numbers that one pattern matches. States are ints; `moves[state]` lists (digits, next state)."""

    def __init__(self, pattern: str) -> None:
        self.moves: list[list[tuple[frozenset[str], int]]] = []
        self.jumps: list[list[int]] = []
        self.start = self._state()
        self.end = self._build(regex.parse(pattern), self.start)
        self.first = self._closure({self.start})

    def _state(self) -> int:
        self.moves.append([])
        self.jumps.append([])
        return len(self.moves) - 1

    def _digit(self, start: int, digits: Iterable[str]) -> int:
        end = self._state()
        self.moves[start].append((frozenset(digits), end))
        return end

    def _build(self, tree: Any, start: int) -> int:
        for kind, argument in tree:
            if kind is op.LITERAL:
                start = self._digit(start, chr(argument))
            elif kind is op.IN:
                start = self._digit(start, _digits(argument))
            elif kind is op.BRANCH:
                start = self._branch(argument[1], start)
            elif kind is op.SUBPATTERN:
                start = self._build(argument[3], start)
            elif kind is op.MAX_REPEAT:
                least, most, repeated = argument
                start = self._repeat(least, most, repeated, start)
            else:
                raise NotImplementedError(f"{kind} in a number pattern: teach the generator this construct")
        return start

    def _branch(self, branches: Iterable[Any], start: int) -> int:
        end = self._state()
        for branch in branches:
            self.jumps[self._build(branch, start)].append(end)
        return end

    def _repeat(self, least: int, most: Any, tree: Any, start: int) -> int:
        for _ in range(least):
            start = self._build(tree, start)
        end = self._state()
        self.jumps[start].append(end)
        for _ in range(most - least):
            start = self._build(tree, start)
            self.jumps[start].append(end)
        return end

    def _closure(self, states: Iterable[int]) -> frozenset[int]:
        reached, waiting = set(states), list(states)
        while waiting:
            for state in self.jumps[waiting.pop()]:
                if state not in reached:
                    reached.add(state)
                    waiting.append(state)
        return frozenset(reached)

    def step(self, states: frozenset[int], digit: str) -> frozenset[int]:
        """The states after one more digit; empty: no number of this pattern begins so."""
        return self._closure({after for s in states for wanted, after in self.moves[s] if digit in wanted})


def _digits(items: Sequence[tuple[Any, Any]]) -> Iterator[str]:
    for kind, argument in items:
        if kind is op.LITERAL:
            yield chr(argument)
        elif kind is op.RANGE:
            yield from (chr(code) for code in range(argument[0], argument[1] + 1))
        elif kind is op.CATEGORY and argument is op.CATEGORY_DIGIT:
            yield from "0123456789"
        else:
            raise NotImplementedError(f"{kind} in a character set: teach the generator this construct")


class Plan:
    """The patterns of one calling code and their prefixes; the first territory is the main one."""

    def __init__(self, metadata: Sequence[PhoneMetadata]) -> None:
        patterns: dict[Label, list[str]] = {}
        for territory in metadata:
            for letter, name in TYPES:
                if pattern := _pattern(territory, name):
                    patterns.setdefault(Label(territory.id, letter), []).append(pattern)
        self.order = {territory.id: place for place, territory in enumerate(metadata)}
        self.automata = {label: Automaton("|".join(alternatives)) for label, alternatives in patterns.items()}
        self.known: dict[tuple[Alive, int], Tree] = {}

    def prefixes(self) -> dict[Label, list[str]]:
        """The prefixes of every label, none the beginning of another."""
        found: dict[Label, list[str]] = {}
        alive = tuple((label, automaton.first) for label, automaton in sorted(self.automata.items()))
        for prefix, label in _leaves("", self._tree(alive, 0)):
            found.setdefault(label, []).append(prefix)
        return found

    def _tree(self, alive: Alive, depth: int) -> Tree:
        if (alive, depth) not in self.known:
            self.known[alive, depth] = self._grow(alive, depth)
        return self.known[alive, depth]

    def _grow(self, alive: Alive, depth: int) -> Tree:
        ordinary = {label.letter for label, _ in alive} <= ORDINARY
        if len(alive) < 2 or depth == (MAX_DEPTH_ORDINARY if ordinary else MAX_DEPTH):
            return self._costliest([label for label, _ in alive]) if alive else None
        children = {digit: self._tree(self._step(alive, digit), depth + 1) for digit in DIGITS}
        grown = [child for child in children.values() if child is not None]
        if not grown:
            return None
        return grown[0] if isinstance(grown[0], Label) and grown.count(grown[0]) == len(grown) else children

    def _step(self, alive: Alive, digit: str) -> Alive:
        steps = ((label, self.automata[label].step(states, digit)) for label, states in alive)
        return tuple((label, states) for label, states in steps if states)

    def _costliest(self, labels: Sequence[Label]) -> Label:
        letter = min((label.letter for label in labels), key=COSTLIEST.index)
        matching = {letter}
        if letter == "M" and any(label.letter == "F" for label in labels):
            letter, matching = "X", {"M", "F"}
        regions = [label.region for label in labels if label.letter in matching]
        return Label(min(regions, key=self.order.__getitem__), letter)


def _pattern(territory: PhoneMetadata, name: str) -> str | None:
    description = getattr(territory, name)
    return description.national_number_pattern if description is not None else None


def _leaves(prefix: str, tree: Tree) -> Iterator[tuple[str, Label]]:
    if isinstance(tree, Label):
        yield prefix, tree
    elif tree is not None:
        for digit, child in tree.items():
            yield from _leaves(prefix + digit, child)


def countries_table() -> str:
    """One block for each calling code but 49: its line, then a line of prefixes for each label."""
    lines: list[str] = []
    for code, regions in sorted(
        phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items(), key=lambda item: str(item[0])
    ):
        if code == GERMANY:
            continue
        metadata = _metadata(code, regions)
        general = [m.general_desc for m in metadata if m.general_desc is not None]
        shortest = min(length for description in general for length in description.possible_length)
        lines.append(f"+{code} {metadata[0].id} {shortest} {metadata[0].national_prefix or '-'}")
        for label, prefixes in sorted(Plan(metadata).prefixes().items()):
            head = f"{label.region} {label.letter} "
            lines += textwrap.wrap(" ".join(prefixes), WIDTH, initial_indent=head, subsequent_indent=head)
    return "\n".join(lines)


def _metadata(code: int, regions: Iterable[str]) -> list[PhoneMetadata]:
    if regions == (phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY,):
        found = [PhoneMetadata.metadata_for_nongeo_region(code)]
    else:
        found = [PhoneMetadata.metadata_for_region(region) for region in regions]
    return [metadata for metadata in found if metadata is not None]


def area_codes() -> list[str]:
    """The German area codes without the leading 0."""
    found = {prefix.removeprefix("49") for prefix in GEOCODE_DATA if prefix.startswith("49")} - SUB_AREAS
    if len(found) != AREA_CODES:
        raise SystemExit(
            f"{len(found)} area codes instead of {AREA_CODES}: check SUB_AREAS against the metadata"
        )
    return sorted(found)


def _module(doc: str, name: str, body: str) -> str:
    return (
        f'"""{doc}\n\nWritten by tools/generate_numbering.py from the metadata of phonenumbers '
        f'{phonenumbers.__version__} (Apache License 2.0).\nDo not edit.\n"""\n\n'
        f'from typing import Final\n\nSOURCE_VERSION: Final = "{phonenumbers.__version__}"\n'
        f'{name}: Final = """\\\n{body}\n"""\n'
    )


def modules() -> dict[str, str]:
    """File name in numbering/ and its whole text."""
    onkz = "\n".join(textwrap.wrap(" ".join(area_codes()), WIDTH))
    return {
        "data_onkz.py": _module("The German area codes (ONKZ), without the leading 0.", "AREA_CODES", onkz),
        "data_countries.py": _module(
            "Calling codes but 49: `+code territory shortest-NSN trunk-prefix`, `territory class prefixes`.",
            "CALLING_CODES",
            countries_table(),
        ),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with --check report on standard error which ones differ; 1 when any does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a file would change")
    check = parser.parse_args(arguments).check
    stale = {name: text for name, text in modules().items() if not _is_current(NUMBERING / name, text)}
    for name, text in stale.items():
        sys.stderr.write(
            f"numbering/{name}: {'differs, run tools/generate_numbering.py' if check else 'written'}\n"
        )
        if not check:
            (NUMBERING / name).write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


def _is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
