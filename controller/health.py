"""The health of trunks: learnt from the switch and from the calls, used by each decision, told to operators.

A trunk is down when its peer leaves OPTIONS unanswered, our registration is lost or its system has not
registered with us (trunk_logins.py), and rests when calls find no path there (trunk_service.py). Either way
it is tried last, never left out; only a system that must be called by TLS and has registered without is not
called at all. Calls on a trunk are counted here for the calls that this controller
decided; what the other controllers count comes over the board once a second, so that a trunk's capacity
holds for all of them but for the calls of the last second.
Calls that another controller of the node decided, perhaps one that has died since, are learnt from the live
calls with each list of the switch: they take room too, and can be ended for an emergency call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Final, Protocol

import structlog

from controller.errors import StoreAway
from controller.rounds import Rounds
from controller.trunk_calls import TrunkCalls
from controller.trunk_service import Service, TrunkService
from dialplan.call import Via
from dialplan.carrier import Trunk, TrunkSide
from dialplan.circumstances import NO_CALLS
from dialplan.decision import Decision, Direction, Reject, Route
from dialplan.emergency.room import Occupant
from dialplan.live import LiveCall
from dialplan.snapshot import Snapshot
from dialplan.trunks.status import TrunkState, TrunkStatus

_log = structlog.get_logger(__name__)

TELL_S: Final = 1.0
#: How a call is sent on that had gone to a trunk or phone, or had come from there.
_SENT_ON: Final = frozenset({Via.TRANSFER, Via.FORWARD})


class TrunkBoard(Protocol):
    """Where controllers tell each other and operators of their trunks. Both raise StoreAway."""

    def tell(self, statuses: Sequence[TrunkStatus]) -> None:
        """What this controller knows, until it tells again or for a few seconds."""
        ...

    def calls_of_others(self) -> Mapping[str, int]:
        """Calls on each trunk by the count of all other controllers."""
        ...


@dataclass(slots=True)
class _Known:
    """What is known of one trunk. `reachable` None: nothing yet. `in_clear`: see `TrunkHealth.in_clear`."""

    reachable: bool | None = None
    since: datetime | None = None
    why: str = ""
    in_clear: bool = False
    service: TrunkService = field(default_factory=TrunkService)


#: Of a trunk that nothing was heard of.
_NOTHING: Final = _Known()


class _Others(Mapping[str, int]):
    """Calls on each limited trunk as they are now; `own` are the places of the call that is decided about.
    Counted when asked for: one decision asks for a few of what may be thousands."""

    def __init__(self, health: TrunkHealth, own: Sequence[str]) -> None:
        self._health, self._own = health, own

    def __getitem__(self, trunk_id: str) -> int:
        return max(0, self._health.calls_on(trunk_id) - self._own.count(trunk_id))

    def __iter__(self) -> Iterator[str]:
        return iter(self._health.limited)

    def __len__(self) -> int:
        return len(self._health.limited)


class TrunkHealth(Rounds):
    """One controller's view. `clock` gives the time in UTC; `noted` what any controller
    noted of a node's calls, and raises StoreAway. `start` tells the board, `stop` ends that."""

    def __init__(
        self,
        board: TrunkBoard,
        clock: Callable[[], datetime],
        noted: Callable[[str], Sequence[LiveCall]] = lambda _: (),
    ) -> None:
        super().__init__(self._round, TELL_S, "telling of the trunks failed")
        self._board = board
        self._clock = clock
        self._noted = noted
        self._calls = TrunkCalls()
        #: Calls of the same nodes that other controllers decided. Some may be among `_others` as well.
        self._foreign = TrunkCalls()
        #: What the switch listed of a node, until it was compared with what is noted of it.
        self._listed: dict[str, frozenset[str]] = {}
        self._trunks: Mapping[str, Trunk] = {}
        self._known: dict[str, _Known] = {}
        self._asked: tuple[str, ...] = ()
        self._limited: tuple[str, ...] = ()
        self._others: Mapping[str, int] = NO_CALLS
        #: Those that do not stand well: nearly always none, and then a decision costs one look.
        self._ailing: dict[str, _Known] = {}
        self._away = False

    # -- what a decision needs --------------------------------------------------------------------

    def watch(self, snapshot: Snapshot) -> None:
        """From now on these trunks; what is known of those that stay is kept."""
        self._trunks = trunks = snapshot.trunks
        self._known = {name: known for name, known in self._known.items() if name in trunks}
        self._ailing = {name: known for name, known in self._ailing.items() if name in trunks}
        carriers = [trunks[name] for name in snapshot.carrier_trunks]
        for trunk in carriers:
            self._known.setdefault(trunk.id, _Known())
        self._asked = tuple(trunk.id for trunk in trunks.values() if _says_so(trunk))
        self._limited = tuple(trunk.id for trunk in trunks.values() if trunk.capacity is not None)

    def down(self, now: datetime) -> frozenset[str]:
        """Trunks to be tried last."""
        if not self._ailing:
            return frozenset()
        return frozenset(name for name, known in self._ailing.items() if _last(known, now))

    def in_clear(self) -> frozenset[str]:
        """Trunks that may be called by TLS alone and whose systems have registered without: left out."""
        if not self._ailing:
            return frozenset()
        return frozenset(name for name, known in self._ailing.items() if known.in_clear)

    def calls(self, call_id: str = "") -> Mapping[str, int]:
        """Calls on each trunk at the moment of the look, without this one: it may be decided again."""
        if not self._limited:
            return NO_CALLS
        own = self._calls.places(call_id) or self._foreign.places(call_id)
        return _Others(self, own)

    @property
    def limited(self) -> Sequence[str]:
        """Trunks with a capacity."""
        return self._limited

    def calls_on(self, trunk_id: str) -> int:
        """Calls on a trunk, both ways, those of other controllers too."""
        others = max(self._others.get(trunk_id, 0), self._foreign.counts[trunk_id])
        return self._calls.counts[trunk_id] + others

    def occupants(self, trunk_id: str) -> Iterator[Occupant]:
        """The calls on a trunk that are known one by one: decided here, or of a node that is followed."""
        return chain(self._calls.on(trunk_id), self._foreign.on(trunk_id))

    def decided(
        self, decision: Decision, call_id: str, node: str, now: datetime, via: Via = Via.DIALLED
    ) -> None:
        """A call goes where this decision says: also into a menu, from where another one sends it on."""
        self.takes_place(decision, call_id, node, now, via)
        self.tries(decision, now)

    def takes_place(
        self, decision: Decision, call_id: str, node: str, now: datetime, via: Via
    ) -> Callable[[], None]:
        """Count the call where this decision sends it; what is returned takes that back. By a transfer or a
        302 the trunk in its facts is of who did that, and has it no more; what a program asked for is on the
        trunk of its first party when the second one is called."""
        if isinstance(decision.outcome, Reject):
            return lambda: None
        urgent = decision.facts.direction is Direction.EMERGENCY
        foreign = self._foreign.ended(call_id)
        came_in = None if via in _SENT_ON else decision.facts.trunk_in
        before = self._calls.begun(
            call_id, came_in, _goes_out(decision), node, now, emergency=urgent, stays=via is Via.API
        )

        def back() -> None:
            if self._calls.put_back(call_id, before) and foreign is not None:
                self._foreign.is_there(call_id, foreign)

        return back

    def tries(self, decision: Decision, now: datetime) -> None:
        """The call is on its way to the first of its trunks: it may be the one that shows if that works."""
        for trunk_id in _goes_out(decision)[:1]:
            if trunk_id in self._ailing:
                self._ailing[trunk_id].service.taken(now)

    # -- what the switch tells --------------------------------------------------------------------

    def asked(self) -> Sequence[str]:
        """Trunks of which the switch knows whether they are there: after a reconnect it is to be asked."""
        return self._asked

    def reachable(self, trunk_id: str, up: bool, why: str, in_clear: bool = False) -> None:
        """OPTIONS or registration: the peer is there or not. `in_clear`: it is, and must not be called so."""
        known = self._known.setdefault(trunk_id, _Known())
        now = self._clock()
        if in_clear and not known.in_clear:
            _log.warning("a system has registered without TLS and is not called", trunk=trunk_id, why=why)
        known.why, known.in_clear = why, in_clear
        if known.reachable is not up:
            before, known.reachable, known.since = known.reachable, up, now
            if not up:
                _log.warning("trunk down", trunk=trunk_id, why=why)
            elif before is False:
                _log.info("trunk up again", trunk=trunk_id, why=why)
                known.service.worked(now)
        self._sort(trunk_id, known, now)

    def path_failed(self, trunk_id: str, call_id: str, cause: str) -> None:
        """A call found no path over the trunk."""
        known = self._known.setdefault(trunk_id, _Known())
        now = self._clock()
        before = known.service.at(now)
        known.service.failed(cause, now)
        if known.service.state is not before:
            _log.warning("trunk rests: calls find no path", trunk=trunk_id, cause=cause)
        self._calls.failed(call_id, trunk_id)
        self._foreign.failed(call_id, trunk_id)
        self._sort(trunk_id, known, now)

    def answered(self, call_id: str, at: datetime) -> None:
        """The call was answered, so its trunk works (controller.audience.Listener, as what follows)."""
        trunk_id = self._calls.carries(call_id)
        known = self._known.get(trunk_id or "")
        if trunk_id is not None and known is not None and known.service.in_row:
            known.service.worked(at)
            self._sort(trunk_id, known, at)

    def ended(self, call_id: str) -> None:
        """The call is over."""
        self._calls.ended(call_id)
        self._foreign.ended(call_id)

    def heartbeat(self, node: str) -> None:
        """Says nothing of trunks."""

    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        """All calls that the node had at that time."""
        self._listed[node] = listed = frozenset(call.call_id for call in calls)
        self._calls.listed(node, listed, as_of)
        self._foreign.listed(node, listed, as_of)

    # -- what operators see -----------------------------------------------------------------------

    def statuses(self) -> tuple[TrunkStatus, ...]:
        """Every trunk that something is known of, all carriers' and all with a capacity."""
        return self._statuses(self._limited)

    def _statuses(self, besides: Iterable[str]) -> tuple[TrunkStatus, ...]:
        now = self._clock()
        found = {**dict.fromkeys(besides, _NOTHING), **self._known}
        return tuple(self._status(name, known, now) for name, known in sorted(found.items()))

    def whose(self, trunk_id: str) -> TrunkSide:
        """Whose a trunk is that fails: a customer's own system, or a carrier's; Microsoft's edge carries many
        customers' calls and is as good as a carrier's."""
        trunk = self._trunks.get(trunk_id)
        own = trunk is not None and trunk.side is TrunkSide.CUSTOMER and trunk.teams is None
        return TrunkSide.CUSTOMER if own else TrunkSide.CARRIER

    def tell(self) -> None:
        """Tell once, and hear the others. While the board is away only this controller's own calls count."""
        try:
            # Of customers' trunks with a capacity most are idle, and there may be thousands.
            self._board.tell(self._statuses(each for each in self._limited if self._calls.counts[each] > 0))
            self._others = self._board.calls_of_others()
        except StoreAway as error:
            if not self._away:
                _log.warning("other controllers' calls are not counted: Redis is away", error=str(error))
            self._away, self._others = True, NO_CALLS
        else:
            self._away = False

    def learn(self) -> None:
        """On which trunks the listed calls are that were decided elsewhere. While Redis is away it waits."""
        for node, listed in list(self._listed.items()):
            try:
                noted = self._noted(node)
            except StoreAway:  # `tell` says so
                return
            if self._listed.get(node) is listed:
                del self._listed[node]
            for call in noted:
                if call.call_id in listed and call.trunk_ids and not self._calls.knows(call.call_id):
                    urgent = call.direction == Direction.EMERGENCY.value
                    came_in = call.trunk_ids[0] if len(call.trunk_ids) > 1 else None
                    goes_out = call.trunk_ids[-1:]
                    self._foreign.begun(
                        call.call_id, came_in, goes_out, node, call.started_at, emergency=urgent
                    )

    def _round(self) -> None:
        self.tell()
        self.learn()

    def _sort(self, trunk_id: str, known: _Known, now: datetime) -> None:
        if known.reachable is False or known.service.at(now) is not Service.WELL:
            self._ailing[trunk_id] = known
        else:
            self._ailing.pop(trunk_id, None)

    def _status(self, name: str, known: _Known, now: datetime) -> TrunkStatus:
        service, trunk = known.service, self._trunks.get(name)
        state = _state(known, now)
        passive = state in (TrunkState.RESTING, TrunkState.TRIAL)
        return TrunkStatus(
            name,
            state,
            service.since if passive else known.since,
            f"{service.in_row} calls in a row: {service.last_failure}" if passive else known.why,
            max(0, self._calls.counts[name]),
            service.failures,
            service.in_row,
            service.last_failure,
            _where(trunk) if trunk else "",
            trunk.capacity if trunk else None,
            known.in_clear,
        )


def _goes_out(decision: Decision) -> list[str]:
    legs = decision.outcome.legs if isinstance(decision.outcome, Route) else ()
    return [leg.to.id for leg in legs if isinstance(leg.to, Trunk)]


def _where(trunk: Trunk) -> str:
    return str(trunk.address) if trunk.address is not None else f"registration of {trunk.registered_as}"


def _says_so(trunk: Trunk) -> bool:
    return trunk.ping_s is not None or trunk.registration is not None


def _last(known: _Known, now: datetime) -> bool:
    return known.reachable is False or known.service.at(now) in (Service.RESTING, Service.TRYING)


def _state(known: _Known, now: datetime) -> TrunkState:
    if known.reachable is False:
        return TrunkState.DOWN
    match known.service.at(now):
        case Service.RESTING:
            return TrunkState.RESTING
        case Service.HALF_OPEN | Service.TRYING:
            return TrunkState.TRIAL
    return TrunkState.UP if known.reachable else TrunkState.UNKNOWN
