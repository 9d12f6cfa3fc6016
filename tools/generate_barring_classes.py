"""Write the table of classes in docs/barring.md, from the numbering plan and the default policy.

    python tools/generate_barring_classes.py [--check]

`--check` writes nothing and fails when the file differs from what would be written; a test does the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from numbering.classes import DEFAULT_POLICY, NumberClass, Policy
from numbering.countries import WORLD_CODES
from numbering.plan import GEOGRAPHIC, ROWS

OUTPUT: Final = Path(__file__).parents[1] / "docs/barring.md"
_BEGIN: Final = "<!-- begin classes: written by tools/generate_barring_classes.py -->"
_END: Final = "<!-- end classes: written by tools/generate_barring_classes.py -->"
_LIFTABLE: Final = {
    Policy.ALLOWED: "allowed",
    Policy.BARRED: "barred, an operator can lift it",
    Policy.NEVER: "never reachable",
}
#: The numbering plan is asked by ranges; the other classes are those of foreign numbers.
_FOREIGN: Final = "libphonenumber 9.0.43, prefixes of each country"
#: Ranges inside others that numbering/plan.py and dial.py tell apart by more than a prefix.
_OWN: Final = {NumberClass.SHORT_124124: ("124124", "TDDDG §§ 13(3), 15(1)")}


def written(text: str) -> str:
    """The document with its table as it should be. Raises ValueError when a mark is missing."""
    before, found, rest = text.partition(_BEGIN)
    _, closed, after = rest.partition(_END)
    if not found or not closed:
        raise ValueError("no marks for the table of classes")
    return "\n".join((before + _BEGIN, "", *_table(), "", _END + after))


def _table() -> Iterator[str]:
    yield "| class | numbers | by default | source |"
    yield "|---|---|---|---|"
    for number_class in NumberClass:
        numbers, source = _of(number_class)
        yield f"| `{number_class.value}` | {numbers} | {_LIFTABLE[DEFAULT_POLICY[number_class]]} | {source} |"


def _of(number_class: NumberClass) -> tuple[str, str]:
    if number_class in _OWN:
        return _OWN[number_class]
    if number_class is NumberClass.GEOGRAPHIC:
        return "area codes (ONKZ), 02 to 09", GEOGRAPHIC.source
    rows = [row for row in ROWS if row.number_class is number_class]
    codes = [f"+{code}" for code, of in WORLD_CODES.items() if of is number_class]
    if rows:
        ranges = ", ".join(_dialled(row.prefix) for row in rows)
        return ranges, "; ".join(dict.fromkeys(row.source for row in rows))
    if codes:
        return ", ".join(codes), "ITU-T E.164; TC 6.7, 8.5e"
    return _FOREIGN, "TC 6.5, 8.5e" if DEFAULT_POLICY[number_class] is Policy.BARRED else "TC 6.5"


def _dialled(prefix: str) -> str:
    """As callers write it: short numbers have no 0 in front."""
    return prefix if prefix.startswith("11") and len(prefix) > 2 else f"0{prefix}"


def main() -> int:
    text = OUTPUT.read_text(encoding="utf-8")
    fresh = written(text)
    if "--check" in sys.argv[1:]:
        if fresh != text:
            sys.stderr.write(f"{OUTPUT} is out of date: run tools/generate_barring_classes.py\n")
        return int(fresh != text)
    OUTPUT.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
