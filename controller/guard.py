"""The guard of one node: counts what strangers send, slows and bans who sends too much, keeps to the book.

It runs beside the calls in a process of its own, with rights that no other part needs. Trunks, the other
nodes and whoever the settings name are never banned, whatever they send.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog

from controller.errors import BarrierFailed, StoreAway
from controller.guard_meters import GuardMeters, Part
from dialplan.strangers.address import source_of
from dialplan.strangers.ban import Ban, next_ban, strongest
from dialplan.strangers.counting import Evidence, Rules, Strangers, Verdict

_log = structlog.get_logger(__name__)

ROUND_S: Final = 0.1
#: Between two looks into the book, and between two checks that the barrier stands (the switch may have been
#: started again, its sockets with it).
BOOK_S: Final = 1.0
BARRIER_S: Final = 2.0
SLOWED_S: Final = 30.0
#: What a barrier has room for (firewall/bpf.py).
MOST_BANNED: Final = 400
MOST_SLOWED: Final = 50
#: So long after its last registration an address counts as one with phones; phones register each hour.
KNOWN_S: Final = 2 * 3600.0
_MOST_KNOWN: Final = 50_000
ACTOR: Final = "guard"
_WHY: Final[Mapping[Evidence, str]] = {
    Evidence.REQUEST: "too many requests",
    Evidence.FAILURE: "too many failed log-ins",
    Evidence.SCANNER: "a scanner's User-Agent",
}


class Sight(Protocol):
    """What comes in, counted where it comes in."""

    def look(self) -> Mapping[tuple[str, Evidence], int]: ...
    def skip(self, sources: Sequence[str]) -> None: ...


class Barrier(Protocol):
    """What keeps packets of these sources from the SIP ports. Raises BarrierFailed."""

    def put(self, banned: Sequence[str], slowed: Sequence[str]) -> int: ...


class BanBook(Protocol):
    """Bans of all nodes. Both raise StoreAway."""

    def all(self) -> Sequence[Ban]:
        """Every ban that is remembered."""
        ...

    def put(self, ban: Ban) -> None: ...


@dataclass(frozen=True, slots=True)
class GuardStatus:
    """How it stands, for operators. `problem` is empty while the barrier stands."""

    barrier: str
    doors: int
    banned: int
    slowed: int
    problem: str


class Guard:
    """`round` is to be called every ROUND_S; `failed` and `registered` by whoever hears of log-ins.

    `ours` says why an address is never banned, or nothing. `steady_s` is a clock that nobody sets, `clock`
    the time in UTC. `meters` is told what it does.
    """

    def __init__(
        self,
        name: str,
        sight: Sight,
        barrier: Barrier,
        book: BanBook,
        ours: Callable[[str], str],
        rules: Rules,
        meters: GuardMeters,
        *,
        clock: Callable[[], datetime],
        steady_s: Callable[[], float],
    ) -> None:
        self._name = name
        self._sight = sight
        self._barrier = barrier
        self._book = book
        self._ours = ours
        self._meters = meters
        self._clock = clock
        self._steady_s = steady_s
        self._strangers = Strangers(rules)
        self._bans: dict[str, Ban] = {}
        #: Not in the book yet: it is away.
        self._unwritten: dict[str, Ban] = {}
        self._slowed: OrderedDict[str, float] = OrderedDict()
        self._known: OrderedDict[str, float] = OrderedDict()
        self._standing: tuple[Sequence[str], Sequence[str]] | None = None
        self._book_at = self._barrier_at = float("-inf")
        self._away = False
        self._doors = 0
        self._problem = ""

    def failed(self, address: str) -> None:
        """Somebody at this address logged in with a wrong password or an unknown name."""
        source = _source(address)
        if source:
            self._judge(source, Evidence.FAILURE, 1)

    def registered(self, address: str) -> None:
        """A phone at this address is registered."""
        source = _source(address)
        if source:
            self._known.pop(source, None)
            self._known[source] = self._steady_s()
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)

    def round(self) -> None:
        """Count, judge, and see that the barrier is as it should be."""
        for (source, what), count in self._sight.look().items():
            self._judge(source, what, count)
        self._meters.done(Part.PACKETS)
        now_s = self._steady_s()
        self._enforce(now_s)  # before anybody can read in the book that it is so
        if now_s - self._book_at >= BOOK_S:
            self._book_at = now_s
            self._read()
            self._enforce(now_s)

    def status(self) -> GuardStatus:
        """How it stands."""
        banned, slowed = self._standing or ((), ())
        return GuardStatus(self._name, self._doors, len(banned), len(slowed), self._problem)

    def _judge(self, source: str, what: Evidence, count: int) -> None:
        ban = self._bans.get(source)
        now = self._clock()
        if self._ours(source) or (ban is not None and ban.in_force(now)):
            return
        self._meters.counted[what] += count
        now_s = self._steady_s()
        known = now_s - self._known.get(source, float("-inf")) < KNOWN_S
        match self._strangers.seen(source, what, count, now_s, known=known):
            case Verdict.BAN:
                self._meters.bans[what] += 1
                self._ban(next_ban(source, ban, now, _WHY[what], ACTOR))
            case Verdict.SLOW:
                if source not in self._slowed:
                    _log.warning("address slowed", address=source, why=_WHY[what])
                    self._meters.slowed[what] += 1
                self._slowed.pop(source, None)
                self._slowed[source] = now_s + SLOWED_S
                while len(self._slowed) > MOST_SLOWED:
                    self._slowed.popitem(last=False)

    def _ban(self, ban: Ban) -> None:
        """In force at once, here; in the book as soon as it answers, and so at the other nodes."""
        _log.warning(
            "address banned",
            address=ban.address,
            why=ban.reason,
            until=ban.until.isoformat(),
            times=ban.times,
        )
        self._bans[ban.address] = self._unwritten[ban.address] = ban
        self._slowed.pop(ban.address, None)
        self._strangers.forget(ban.address)

    def _read(self) -> None:
        """The book is right, but for what could not be written yet."""
        try:
            for address, ban in list(self._unwritten.items()):
                self._book.put(ban)
                self._unwritten.pop(address, None)
            found = {ban.address: ban for ban in self._book.all()}
        except StoreAway as error:
            if not self._away:
                _log.warning("bans are this node's own while Redis is away", error=str(error))
            self._away = True
            self._meters.errors[Part.BANS] += 1
            now = self._clock()
            self._bans = {name: ban for name, ban in self._bans.items() if ban.remembered(now)}
            return
        self._away = False
        self._meters.done(Part.BANS)
        for lifted in self._bans.keys() - found.keys():
            self._strangers.forget(lifted)
        self._bans = found

    def _enforce(self, now_s: float) -> None:
        while self._slowed and next(iter(self._slowed.values())) <= now_s:
            self._slowed.popitem(last=False)
        allowed = [ban for ban in self._bans.values() if not self._ours(ban.address)]
        wanted = (strongest(allowed, self._clock(), MOST_BANNED), sorted(self._slowed))
        if wanted == self._standing and now_s - self._barrier_at < BARRIER_S:
            return
        self._barrier_at = now_s
        if self._standing is None or wanted[0] != self._standing[0]:
            self._sight.skip(wanted[0])
        try:
            self._doors = self._barrier.put(*wanted)
        except BarrierFailed as error:
            if str(error) != self._problem:
                _log.error("nobody is kept out", error=str(error))
            self._problem = str(error)
            self._meters.errors[Part.BARRIER] += 1
        else:
            self._meters.done(Part.BARRIER)
            self._problem = ""
        self._standing = wanted


def _source(address: str) -> str:
    try:
        return source_of(address)
    except ValueError:
        return ""
