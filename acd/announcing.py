"""What a waiting caller is told, as sounds in their order (C1, C10; TKG § 115(2))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acd.effects import Announce
from acd.names import WaitCost

#: What the switch plays; opaque here.
Sound = str
#: The highest place that has a sentence of its own.
MAX_PLACE: Final = 20
#: Expected waits that have a sentence of their own: up to so many minutes. What is more is "more than an
#: hour".
MINUTES: Final = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60)


@dataclass(frozen=True, slots=True)
class Sentences:
    """Spoken once for all queues. `places[n-1]`: you are number n; `far`: behind the last of them. `minutes`:
    by each of `MINUTES`; `hours`: longer; `unknown`: nobody is at work. `free`, `fixed`: of the price."""

    places: tuple[Sound, ...]
    far: Sound
    minutes: tuple[Sound, ...]
    hours: Sound
    unknown: Sound
    free: Sound
    fixed: Sound

    def position(self, place: int) -> Sound:
        """For a place from 1."""
        return self.places[place - 1] if place <= len(self.places) else self.far

    def wait(self, expected_ms: int | None) -> Sound:
        """Rounded up to the next wait that has a sentence: who is served earlier than told is not cross."""
        if expected_ms is None:
            return self.unknown
        for sentence, most in zip(self.minutes, MINUTES, strict=True):
            if expected_ms <= most * 60_000:
                return sentence
        return self.hours


@dataclass(frozen=True, slots=True)
class Announcing:
    """How a queue speaks to its callers: of their place and wait every time, or not `at_once` when they come.
    `hints` come behind, such as which keys lead out."""

    sentences: Sentences
    greeting: Sound | None = None
    place: bool = False
    wait: bool = False
    at_once: bool = True
    hints: tuple[Sound, ...] = ()
    #: What the agent hears while a caller is called back.
    calling_back: Sound = ""

    def sounds(self, told: Announce) -> tuple[Sound, ...]:
        """What is played for this announcement; the law's part is said whatever the queue says by itself."""
        return tuple(self._sounds(told))

    def _sounds(self, told: Announce) -> Iterator[Sound]:
        if told.first and self.greeting is not None:
            yield self.greeting
        by_law = told.cost is not WaitCost.UNTOLD
        speaks = self.at_once or not told.first
        if self.place and speaks:
            yield self.sentences.position(told.position)
        if (self.wait and speaks) or by_law:
            yield self.sentences.wait(told.expected_wait_ms)
        if by_law:
            yield self.sentences.free if told.cost is WaitCost.FREE else self.sentences.fixed
        if speaks:
            yield from self.hints
