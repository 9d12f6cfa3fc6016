"""Ports in memory: a spool, a record store that may be away, a live store that may be away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from pathlib import Path

from gevent.event import Event as Flag

from controller.errors import StoreAway
from dialplan.cdr import HungUpBy, LegRecord, LegSide, Quality, RecordUnreadable
from dialplan.limits.agreed import Claim, Counter
from dialplan.live import CallAnswered, CallBegun, CallEnded, LiveCall, LiveChange, LiveState, NodeSeen
from dialplan.trunks.status import TrunkStatus

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """A file of the spool."""

    path: Path
    content: bytes


@dataclass
class MemorySpool:
    """Files by name. `remove_fails_once` stands for a process that dies between insert and remove. `now_s`:
    by a clock that nobody sets."""

    files: dict[str, MemoryFile] = field(default_factory=dict)
    remove_fails_once: bool = False
    read_only: bool = False
    aside: dict[str, MemoryFile] = field(default_factory=dict)
    unread: dict[Path, str] = field(default_factory=dict)
    now_s: float = 1_000.0
    since_s: dict[MemoryFile, float] = field(default_factory=dict)

    def put(self, name: str, content: bytes, since_s: float | None = None) -> None:
        """The switch writes a file; `since_s`: it has been seen as it is since then."""
        file = self.files[name] = MemoryFile(Path(f"/spool/{name}"), content)
        if since_s is not None:
            self.since_s[file] = since_s

    def pending(self, limit: int) -> Iterable[MemoryFile]:
        return list(self.files.values())[:limit]

    def rested_s(self, file: MemoryFile) -> float:
        return self.now_s - self.since_s.setdefault(file, self.now_s)

    def remove(self, file: MemoryFile) -> None:
        if self.remove_fails_once:
            self.remove_fails_once = False
            raise KeyboardInterrupt
        self._refuse_changes()
        self.files.pop(file.path.name, None)

    def set_aside(self, file: MemoryFile) -> None:
        self._refuse_changes()
        self.aside[file.path.name] = self.files.pop(file.path.name)

    def _refuse_changes(self) -> None:
        if self.read_only:
            raise OSError(ENOSPC, "No space left on device")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch."""

    new: Sequence[str]
    refused: Sequence[tuple[str, Exception]]


@dataclass
class MemoryStore:
    """Records by leg id. `refuses`: leg ids that break a rule of the store."""

    legs: dict[str, LegRecord] = field(default_factory=dict)
    quarantined: list[tuple[str, str, bytes]] = field(default_factory=list)
    refuses: frozenset[str] = frozenset()
    away: bool = False
    inserted: int = 0

    def insert_legs(self, legs: Sequence[tuple[LegRecord, bytes]]) -> Outcome:
        if self.away:
            raise StoreAway("the database is away")
        good = [leg for leg, _ in legs if leg.leg_id not in self.refuses]
        new = [leg.leg_id for leg in good if leg.leg_id not in self.legs]
        self.legs.update({leg.leg_id: leg for leg in good})
        self.inserted += len(new)
        refused = [(leg.leg_id, ValueError("too odd")) for leg, _ in legs if leg.leg_id in self.refuses]
        return Outcome(new, refused)

    def quarantine(self, *, file_name: str, reason_id: str, sentence: str, content: bytes) -> None:
        if self.away:
            raise StoreAway("the database is away")
        assert sentence
        self.quarantined.append((file_name, reason_id, content))


def leg(leg_id: str) -> LegRecord:
    """An unanswered call of no length."""
    return LegRecord(
        leg_id=leg_id,
        call_id=leg_id,
        side=LegSide.A,
        node="node-1",
        customer_id=None,
        direction="none",
        trunk_id=None,
        phone_id=None,
        a_network=None,
        a_presented=None,
        b_dialled="",
        b_number=None,
        started_at=NOW,
        ringing_at=None,
        answered_at=None,
        ended_at=NOW,
        billed_ms=0,
        q850=16,
        cause="NORMAL_CLEARING",
        sip_code=480,
        hung_up_by=HungUpBy.PEER,
        reason_id=None,
        config_version=None,
        sip_call_id=None,
        quality=Quality(),
    )


def parse(content: bytes) -> LegRecord:
    """The leg whose id the file holds; `{` is the beginning of a record."""
    if content.startswith(b"{"):
        raise RecordUnreadable("cdr.not-json", "half a record")
    return leg(content.decode())


@dataclass
class MemoryLive:
    """Calls by id; `away` makes every order fail."""

    calls: dict[str, LiveCall] = field(default_factory=dict)
    away: bool = False
    refreshed: list[str] = field(default_factory=list)
    failed: Flag = field(default_factory=Flag)

    def _answer(self) -> None:
        if self.away:
            self.failed.set()
            raise StoreAway("Redis is away")

    def write(self, changes: Sequence[LiveChange]) -> None:
        self._answer()
        for change in changes:
            match change:
                case CallBegun(call):
                    self.calls[call.call_id] = call
                case CallAnswered(call) if call.call_id in self.calls:
                    self.calls[call.call_id] = call
                case CallEnded(call_id):
                    self.calls.pop(call_id, None)
                case NodeSeen(node):
                    self.refreshed.append(node)

    def calls_of(self, node: str) -> Sequence[LiveCall]:
        self._answer()
        return [call for call in self.calls.values() if call.node == node]

    def replace_node(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        self._answer()
        kept = {
            call.call_id: call for call in self.calls.values() if call.node != node or call.started_at > as_of
        }
        self.calls = kept | {call.call_id: call for call in calls}


def ringing(call_id: str, *, after_s: int = 0) -> LiveCall:
    """A call as the decision notes it."""
    return LiveCall(
        call_id=call_id,
        node="node-1",
        customer_id="bau",
        direction="in",
        a_number="+4915228817386",
        b_number="+492214710100",
        state=LiveState.RINGING,
        reason_id="in.trunk",
        started_at=NOW + timedelta(seconds=after_s),
        answered_at=None,
        config_version=7,
    )


def listed(call_id: str, state: LiveState = LiveState.RINGING) -> LiveCall:
    """A call as `show channels` has it."""
    answered = NOW if state is LiveState.ANSWERED else None
    return LiveCall(call_id, "node-1", None, "none", None, None, state, None, NOW, answered, None)


@dataclass
class MemoryLimits:
    """Simultaneous calls by counter; `away` makes every order fail."""

    calls: dict[str, tuple[str, tuple[Claim, ...]]] = field(default_factory=dict)
    away: bool = False
    asked: int = 0
    spent: set[str] = field(default_factory=set)
    renewed: list[str] = field(default_factory=list)
    #: Called within `take`, as the wire lets others run.
    meanwhile: Callable[[], None] = lambda: None

    def _answer(self) -> None:
        if self.away:
            raise StoreAway("Redis is away")

    def taken(self, key: str) -> int:
        """How many calls hold a claim of this counter."""
        return sum(key in {claim.key for claim in claims} for _, claims in self.calls.values())

    def take(self, call_id: str, node: str, claims: Sequence[Claim]) -> Claim | None:
        self.asked += 1
        self._answer()
        self.meanwhile()
        for claim in claims:
            if claim.key in self.spent:
                return claim
            if claim.counter is not Counter.SIMULTANEOUS_CALLS:
                continue
            if call_id not in self.calls and self.taken(claim.key) >= claim.limit:
                return claim
        self.calls[call_id] = (node, tuple(claims))
        return None

    def restore(self, node: str, calls: Sequence[tuple[str, tuple[Claim, ...]]]) -> None:
        self._answer()
        self.calls.update({call_id: (node, claims) for call_id, claims in calls})

    def release(self, call_ids: Sequence[str]) -> None:
        self._answer()
        for call_id in call_ids:
            self.calls.pop(call_id, None)

    def renew(self, node: str) -> int:
        self._answer()
        self.renewed.append(node)
        return sum(at == node for at, _ in self.calls.values())

    def replace_node(self, node: str, call_ids: Collection[str], as_of: datetime) -> None:
        self._answer()
        self.calls = {
            call_id: (at, claims)
            for call_id, (at, claims) in self.calls.items()
            if at != node or call_id in call_ids
        }

    def missing(self, call_ids: Sequence[str]) -> Collection[str]:
        self._answer()
        return [each for each in call_ids if each not in self.calls]

    def ping(self) -> None:
        self._answer()


@dataclass
class MemoryBoard:
    """What was told last, and what the others count; `away` makes both fail."""

    told: Sequence[TrunkStatus] = ()
    others: dict[str, int] = field(default_factory=dict)
    away: bool = False

    def tell(self, statuses: Sequence[TrunkStatus]) -> None:
        if self.away:
            raise StoreAway("Redis is away")
        self.told = statuses

    def calls_of_others(self) -> dict[str, int]:
        if self.away:
            raise StoreAway("Redis is away")
        return self.others
