"""Where phones are registered: told to other guards, read from them, forgotten after a weekend, bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from controller.errors import StoreAway
from controller.known_addresses import READ_S, KnownAddresses
from dialplan.strangers.counting import KNOWN_S

OFFICE, HOME = "198.51.100.8", "2001:db8:1::/64"


@dataclass
class Shared:
    """What all guards remember, and a clock."""

    seen_at_s: dict[str, float] = field(default_factory=dict)
    at_s: float = 1_000_000.0
    away: bool = False
    reads: int = 0

    def remember(self, sources: Sequence[str]) -> None:
        self._away()
        self.seen_at_s.update(dict.fromkeys(sources, self.at_s))

    def ages_s(self) -> Mapping[str, float]:
        self._away()
        self.reads += 1
        return {source: self.at_s - at_s for source, at_s in self.seen_at_s.items()}

    def _away(self) -> None:
        if self.away:
            raise StoreAway("Redis is away")

    def guard(self) -> KnownAddresses:
        return KnownAddresses(self, lambda: self.at_s)


def test_what_one_guard_hears_the_others_know_within_a_minute() -> None:
    shared = Shared()
    one, other = shared.guard(), shared.guard()
    other.exchange()
    assert one.registered(OFFICE)
    one.exchange()
    assert OFFICE not in other
    shared.at_s += READ_S
    other.exchange()
    assert OFFICE in other
    assert not other.registered(OFFICE)


def test_an_address_is_known_for_a_weekend_after_its_last_registration() -> None:
    shared = Shared({OFFICE: 1_000_000.0 - 3_600.0, HOME: 1_000_000.0 + 3_600.0})
    known = shared.guard()
    known.exchange()
    shared.at_s += KNOWN_S - 3_601.0
    assert (OFFICE in known, HOME in known) == (True, True)
    shared.at_s += 2.0
    assert (OFFICE in known, HOME in known) == (False, True)
    assert known.registered(OFFICE)


def test_what_could_not_be_told_is_told_later() -> None:
    shared = Shared(away=True)
    known = shared.guard()
    assert not shared.guard().informed
    known.registered(OFFICE)
    assert known.informed
    with pytest.raises(StoreAway):
        known.exchange()
    shared.away = False
    known.exchange()
    assert list(shared.seen_at_s) == [OFFICE]


def test_it_is_read_once_a_minute() -> None:
    shared = Shared()
    known = shared.guard()
    for _ in range(int(READ_S)):
        known.exchange()
        shared.at_s += 1.0
    assert (shared.reads, known.informed) == (1, True)


def test_the_last_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.known_addresses.MOST_KNOWN", 3)
    shared = Shared({f"192.0.2.{n}": 1_000_000.0 - n for n in range(1, 6)})
    known = shared.guard()
    for number in range(10, 20):
        known.registered(f"192.0.2.{number}")
    known.exchange()
    assert len(known) == 3
    assert "192.0.2.19" in known
    assert {f"192.0.2.{n}" for n in range(17, 20)} <= shared.seen_at_s.keys()
    assert "192.0.2.10" not in shared.seen_at_s
