"""The guard of one node: counts what strangers send, slows and bans who sends too much, keeps to the book.

It runs beside the calls in a process of its own, with rights that no other part needs. Trunks, the other
nodes and whoever the settings name are never banned, whatever they send, and no address with registered
phones is on the guard's word: what it sees can be forged (docs/decisions/0025).
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
from controller.known_addresses import KnownAddresses
from dialplan.strangers.address import source_of
from dialplan.strangers.ban import GUARD, Ban, kept, next_ban, strongest
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
#: Bans that a guard keeps in mind, as many as the book keeps (store/bans.py).
MOST_HELD: Final = 5_000
#: New ones in a round: who forges senders by the thousand shall not fill the book and the log with them.
#: Those who sent most come first.
MOST_NEW: Final = 20
#: Bans of addresses with phones that are taken back in one look into the book.
_MOST_LIFTED: Final = 50
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
    """Bans of all nodes. All raise StoreAway. Where it is full, the weakest give way."""

    def all(self) -> Sequence[Ban]:
        """Every ban that is remembered."""
        ...

    def put(self, bans: Sequence[Ban]) -> None: ...
    def lift(self, address: str) -> None: ...


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

    `ours` says why an address is never banned, or nothing; `known` are those with phones. `steady_s` is a
    clock that nobody sets, `clock` the time in UTC. `meters` is told what it does.
    """

    def __init__(
        self,
        name: str,
        sight: Sight,
        barrier: Barrier,
        book: BanBook,
        ours: Callable[[str], str],
        known: KnownAddresses,
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
        self._known = known
        self._meters = meters
        self._clock = clock
        self._steady_s = steady_s
        self._strangers = Strangers(rules)
        self._bans: dict[str, Ban] = {}
        #: Not in the book yet: it is away.
        self._unwritten: dict[str, Ban] = {}
        self._slowed: OrderedDict[str, float] = OrderedDict()
        self._standing: tuple[Sequence[str], Sequence[str]] | None = None
        #: Whom the barrier keeps out, or will at the end of the round.
        self._shut_out: set[str] = set()
        self._book_at = self._barrier_at = float("-inf")
        self._changed = True
        self._new = 0
        self._away = False
        self._doors = 0
        self._problem = ""

    def failed(self, address: str) -> None:
        """Somebody at this address logged in with a wrong password or an unknown name."""
        source = _source(address)
        if source:
            self._judge(source, Evidence.FAILURE, 1)

    def registered(self, address: str) -> None:
        """A phone at this address is registered. What was counted there before may have been forged."""
        source = _source(address)
        if source and self._known.registered(source):
            self._strangers.forget(source)
            self._slowed.pop(source, None)
            self._changed = True

    def round(self) -> None:
        """Count, judge, and see that the barrier is as it should be."""
        self._new = 0
        seen = self._sight.look()
        for source, what in sorted(seen, key=seen.__getitem__, reverse=True):
            self._judge(source, what, seen[source, what])
        self._meters.done(Part.PACKETS)
        now_s = self._steady_s()
        self._enforce(now_s)  # before anybody can read in the book that it is so
        if now_s - self._book_at >= BOOK_S:
            self._book_at = now_s
            self._keep_to_the_book()
            self._enforce(now_s)

    def status(self) -> GuardStatus:
        """How it stands."""
        banned, slowed = self._standing or ((), ())
        return GuardStatus(self._name, self._doors, len(banned), len(slowed), self._problem)

    def _judge(self, source: str, what: Evidence, count: int) -> None:
        ban = self._bans.get(source)
        now = self._clock()
        # One that is banned and had to give way at the barrier is counted on, or it could flood freely.
        done = ban is not None and ban.in_force(now) and (ban.by_hand or source in self._shut_out)
        if done or self._ours(source):
            return
        self._meters.counted[what] += count
        now_s = self._steady_s()
        known = source in self._known
        verdict = self._strangers.seen(source, what, count, now_s, known=known)
        if verdict is Verdict.BAN and not self._known.informed:
            verdict = Verdict.SLOW  # it may have phones
        match verdict:
            case Verdict.BAN if self._new < MOST_NEW:
                self._new += 1
                self._meters.bans[what] += 1
                light = what is Evidence.SCANNER
                self._ban(next_ban(source, ban, now, _WHY[what], GUARD, light=light))
            case Verdict.SLOW:
                self._slow(source, what, now_s, known=known)

    def _slow(self, source: str, what: Evidence, now_s: float, *, known: bool) -> None:
        if source not in self._slowed:
            _log.warning("address slowed", address=source, why=_WHY[what], phones=known)
            self._meters.slowed[what] += 1
            self._changed = True
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
        self._shut_out.add(ban.address)
        self._slowed.pop(ban.address, None)
        self._strangers.forget(ban.address)
        self._changed = True

    def _keep_to_the_book(self) -> None:
        """Read first: what people ban and lift arrives though Redis is full and nothing can be written."""
        problem = ""
        for work in (self._read, self._known.exchange, self._write):
            try:
                work()
            except StoreAway as error:
                problem = str(error)
                break
        if problem:
            self._meters.errors[Part.BANS] += 1
            if not self._away:
                _log.warning("the book of bans is out of reach: bans are this node's own", error=problem)
        else:
            self._meters.done(Part.BANS)
        self._away = bool(problem)
        held = kept(self._bans.values(), self._clock(), MOST_HELD)
        self._bans = {ban.address: ban for ban in held}
        self._unwritten = {name: ban for name, ban in self._unwritten.items() if name in self._bans}
        self._changed = True

    def _read(self) -> None:
        """The book is right, but for what could not be written yet, and where phones are registered."""
        found = {ban.address: ban for ban in self._book.all()}
        for by_hand in (ban.address for ban in found.values() if ban.by_hand):
            self._unwritten.pop(by_hand, None)
        for lifted in self._bans.keys() - found.keys() - self._unwritten.keys():
            self._strangers.forget(lifted)
        self._bans = {**found, **self._unwritten}
        mistaken = [ban.address for ban in found.values() if not ban.by_hand and ban.address in self._known]
        for address in mistaken[:_MOST_LIFTED]:
            _log.warning("a ban is lifted: phones are registered there", address=address)
            self._bans.pop(address, None)
            self._unwritten.pop(address, None)
            self._book.lift(address)

    def _write(self) -> None:
        if not self._unwritten:
            return
        writing, self._unwritten = self._unwritten, {}
        try:
            self._book.put(list(writing.values()))
        except StoreAway:
            self._unwritten = {**writing, **self._unwritten}
            raise

    def _enforce(self, now_s: float) -> None:
        while self._slowed and next(iter(self._slowed.values())) <= now_s:
            self._slowed.popitem(last=False)
            self._changed = True
        due = now_s - self._barrier_at >= BARRIER_S
        if not (self._changed or due):
            return
        self._changed = False
        allowed = [ban for ban in self._bans.values() if not self._spared(ban)]
        wanted = (strongest(allowed, self._clock(), MOST_BANNED), sorted(self._slowed))
        self._shut_out = set(wanted[0])
        if wanted == self._standing and not due:
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

    def _spared(self, ban: Ban) -> bool:
        """Whether it is not to be kept to."""
        return bool(self._ours(ban.address)) or (not ban.by_hand and ban.address in self._known)


def _source(address: str) -> str:
    try:
        return source_of(address)
    except ValueError:
        return ""
