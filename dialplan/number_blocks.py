"""The blocks of numbers that are ours, found by bisection."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dialplan.carrier import NumberBlock


@dataclass(frozen=True, slots=True)
class NumberBlocks:
    """Any count of blocks; whether a number lies in one takes a microsecond for a hundred thousand."""

    blocks: tuple[NumberBlock, ...] = ()
    #: Beginnings and ends, both in order, by the length of their numbers.
    _by_length: Mapping[int, tuple[list[str], list[str]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_length: dict[int, tuple[list[str], list[str]]] = {}
        for block in sorted(self.blocks, key=lambda each: each.first):
            firsts, lasts = by_length.setdefault(len(block.first), ([], []))
            firsts.append(block.first)
            # The configuration refuses overlapping blocks; if one lay in another, the end would not be lost.
            lasts.append(max(block.last, lasts[-1]) if lasts else block.last)
        object.__setattr__(self, "_by_length", by_length)

    @classmethod
    def of(cls, blocks: Iterable[NumberBlock]) -> NumberBlocks:
        """From blocks in any order."""
        return cls(tuple(blocks))

    def __contains__(self, number: str) -> bool:
        firsts, lasts = self._by_length.get(len(number), ((), ()))
        at = bisect_right(firsts, number)
        return at > 0 and number <= lasts[at - 1]

    def __iter__(self) -> Iterator[NumberBlock]:
        return iter(self.blocks)

    def __len__(self) -> int:
        return len(self.blocks)
