"""The stores as the service layer wants them: its ports, its errors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from gevent import Timeout
from sqlalchemy import Engine

from controller.errors import StoreAway
from dialplan.barring.blocks import Blocks
from dialplan.cdr import LegRecord
from dialplan.emergency.attempt import EmergencyAttempt
from dialplan.limits.agreed import Claim
from dialplan.live import LiveCall, LiveChange
from dialplan.mailbox import MessageFacts, Notice
from dialplan.trunks.status import TrunkStatus, calls_on_trunks
from numbering.german_time import GERMAN_TIME
from store.cdr_records import LegWithRaw
from store.cdr_repository import CdrRepository, InsertOutcome
from store.customer_blocks import Blocked, BlockedReader
from store.daily_sweep import DailySweep
from store.emergency_attempts import EmergencyAttempts
from store.errors import StoreError
from store.limits import CallCounters
from store.live_calls import MAX_CALLS_PER_NODE, LiveCalls
from store.mailbox_messages import MailboxMessages
from store.privacy_erasing import PrivacyErasing
from store.privacy_facts import plan_of
from store.quarantined_files import QuarantinedFiles
from store.trunk_statuses import TrunkStatuses


@contextmanager
def store_errors() -> Iterator[None]:
    """Every failure of a store is "away" for the service layer: the work is kept and tried again. What
    does not mend itself (wrong password, wrong schema) is in the message and found by `fernamt doctor`."""
    try:
        yield
    except StoreError as error:
        raise StoreAway(str(error)) from error


class Records:
    """controller.ports.RecordStore on PostgreSQL. `told` hears of every leg that is new."""

    def __init__(
        self, repository: CdrRepository, told: Callable[[Sequence[LegRecord]], None] = lambda _: None
    ) -> None:
        self._repository = repository
        self._told = told

    def insert_legs(self, legs: Sequence[tuple[LegRecord, bytes]]) -> InsertOutcome:
        with store_errors():
            outcome = self._repository.insert_legs([LegWithRaw(leg, raw) for leg, raw in legs])
        new = frozenset(outcome.new)
        self._told([leg for leg, _ in legs if leg.leg_id in new])
        return outcome

    def quarantine(self, *, file_name: str, reason_id: str, sentence: str, content: bytes) -> None:
        with store_errors():
            self._repository.quarantine(file_name, reason_id, sentence, content)


class Settled:
    """Which names controller.settled_files.SettledFiles may forget, from PostgreSQL."""

    def __init__(self, files: QuarantinedFiles) -> None:
        self._files = files

    def of(self, names: Collection[str]) -> Collection[str]:
        with store_errors():
            return self._files.settled(names)


class NumberSweep:
    """The work of controller.daily.Daily, on PostgreSQL. `trusts`: whether a moment may be worked by; raises
    StoreAway."""

    def __init__(
        self, sweep: DailySweep, clock: Callable[[], datetime], trusts: Callable[[datetime], bool]
    ) -> None:
        self._sweep = sweep
        self._clock = clock
        self._trusts = trusts

    def work(self, day: date) -> bool:
        """Whether the day's sweep is done."""
        moment = self._clock()
        if not _is_of(moment, day) or not self._trusts(moment):
            return False
        with store_errors():
            return self._sweep.run(day, moment, "daily sweep")


class PrivacyWork:
    """The work of controller.daily.Daily on what is due for deletion (F4), on PostgreSQL. `trusts` as for
    NumberSweep."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime], trusts: Callable[[datetime], bool]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._trusts = trusts

    def work(self, day: date) -> bool:
        """Whether the day's deletions are done."""
        moment = self._clock()
        if not _is_of(moment, day) or not self._trusts(moment):
            return False
        with store_errors():
            erasing = PrivacyErasing(self._engine)
            return erasing.daily(lambda: plan_of(self._engine, day), moment, "daily deletion")


def _is_of(moment: datetime, day: date) -> bool:
    """Whether it is still that German day: a clock that was set in between is asked again."""
    return moment.astimezone(GERMAN_TIME).date() == day


class OperatorBlocks:
    """controller.blocking.BlockSource on PostgreSQL."""

    def __init__(self, reader: BlockedReader, clock: Callable[[], datetime]) -> None:
        self._reader = reader
        self._clock = clock
        self._known: Blocked | None = None

    def news(self) -> Blocks | None:
        with store_errors():
            if not self._reader.changed(self._known, self._clock()):
                return None
            self._known = known = self._reader.read(self._clock())
        return Blocks(known.customers, known.users, known.numbers, known.throttled)


class Live:
    """controller.ports.LiveCallStore on Redis."""

    def __init__(self, calls: LiveCalls) -> None:
        self._calls = calls

    def write(self, changes: Sequence[LiveChange]) -> None:
        with store_errors():
            self._calls.write(changes)

    def calls_of(self, node: str) -> Sequence[LiveCall]:
        with store_errors():
            return self._calls.list(node=node, limit=MAX_CALLS_PER_NODE)

    def replace_node(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        with store_errors():
            self._calls.replace_node(node, calls, as_of)


class SharedLimits:
    """controller.limiting.LimitStore on Redis."""

    def __init__(self, counters: CallCounters) -> None:
        self._counters = counters

    def take(self, call_id: str, node: str, claims: Sequence[Claim]) -> Claim | None:
        with store_errors():
            return self._counters.take(call_id, node, claims)

    def restore(self, node: str, calls: Sequence[tuple[str, tuple[Claim, ...]]]) -> None:
        with store_errors():
            self._counters.restore(node, calls)

    def release(self, call_ids: Sequence[str]) -> None:
        with store_errors():
            self._counters.release(call_ids)

    def renew(self, node: str) -> int:
        with store_errors():
            return self._counters.renew(node)

    def replace_node(self, node: str, call_ids: Collection[str], as_of: datetime) -> None:
        with store_errors():
            self._counters.replace_node(node, call_ids, as_of)

    def missing(self, call_ids: Sequence[str]) -> Collection[str]:
        with store_errors():
            return self._counters.missing(call_ids)

    def ping(self) -> None:
        with store_errors():
            self._counters.ping()


class SharedTrunks:
    """controller.health.TrunkBoard on Redis, for the controller of this name."""

    def __init__(self, statuses: TrunkStatuses, controller: str) -> None:
        self._statuses = statuses
        self._controller = controller

    def tell(self, statuses: Sequence[TrunkStatus]) -> None:
        with store_errors():
            self._statuses.put(self._controller, statuses)

    def calls_of_others(self) -> Mapping[str, int]:
        with store_errors():
            return calls_on_trunks(
                view for name, view in self._statuses.all().items() if name != self._controller
            )


class Attempts:
    """controller.emergency.AttemptStore on PostgreSQL. A commit waits for a standby as long as that is away
    (docs/decisions/0039); the next attempts must get their files, so it is given up after `give_up_s`."""

    def __init__(self, attempts: EmergencyAttempts, give_up_s: float = 15.0) -> None:
        self._attempts = attempts
        self._give_up_s = give_up_s

    def insert(self, attempts: Sequence[EmergencyAttempt]) -> None:
        limit = Timeout(self._give_up_s)
        try:
            with store_errors(), limit:
                self._attempts.insert(attempts)
        except Timeout as passed:
            if passed is not limit:
                raise
            raise StoreAway(f"the database did not commit within {self._give_up_s:g} s") from None


class Messages:
    """controller.mailbox.Messages on PostgreSQL. `trusts`: whether a moment may be deleted by; raises
    StoreAway."""

    def __init__(self, messages: MailboxMessages, trusts: Callable[[datetime], bool]) -> None:
        self._messages = messages
        self._trusts = trusts

    def add(self, facts: MessageFacts, sound: bytes, duration_ms: int) -> bool:
        with store_errors():
            return self._messages.add(facts, sound, duration_ms)

    def to_tell(self, now: datetime) -> Sequence[Notice]:
        with store_errors():
            return self._messages.to_tell(now)

    def told(self, message_id: str, at: datetime) -> None:
        with store_errors():
            self._messages.told(message_id, at)

    def not_told(self, message_id: str, why: str, again: datetime | None) -> None:
        with store_errors():
            self._messages.not_told(message_id, why, again)

    def expire(self, now: datetime) -> int:
        if not self._trusts(now):
            return 0
        with store_errors():
            return self._messages.expire(now)
