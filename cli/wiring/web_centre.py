"""Contact centres, figures and what happens, as the HTTP interface wants them: its ports, its errors."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from gevent.lock import BoundedSemaphore
from gevent.queue import Empty, Full, Queue
from sqlalchemy import Engine

from acd.figures import Rules
from acd.names import OfferState
from acd.orders import Order, Supervise
from cli.centre.centre_figures import INTERVALS, CentreFigures, agent_rows, centre_figures, queue_rows
from cli.centre.ordering import with_entry
from cli.errors import ContactCentreRefused, FiguresHidden
from cli.wiring.queue_desk import order
from cli.wiring.recording_orders import RecordingOrders
from cli.wiring.web_users import away
from controller.rounds import Rounds
from dialplan.recording import RecordingEvent
from store.acd_desk import AcdDesk
from store.acd_live import AcdLive
from store.audit import write
from store.errors import StoreError
from store.separation import customer_session, make_customer_role
from web.errors import Away, Refused, TooOften
from web.ports import Listener, Period
from web.rights import User

_log = structlog.get_logger(__name__)

#: Streams of one customer share what was read so lately.
_SCREEN_S: Final = 0.25
#: Records that one stream may be behind.
_BEHIND: Final = 1_000
_HEARING_S: Final = 0.2
#: How long what /status says is said again.
STATUS_S: Final = 1.0
#: The database's role that sees one customer's rows.
ROLE: Final = "fernamt_customer"


class OwnedCentre:
    """web.ports.Centre over the desk in Redis; what is ordered stands in the audit."""

    def __init__(
        self, desk: AcdDesk, database: Engine, recordings: RecordingOrders, clock_s: Callable[[], float]
    ) -> None:
        self._desk = desk
        self._database = database
        self._recordings = recordings
        self._clock_s = clock_s
        self._screens: dict[str, tuple[float, Mapping[str, Any] | None]] = {}

    def screen(self, customer_id: str) -> Mapping[str, Any] | None:
        read_s, screen = self._screens.get(customer_id, (-_SCREEN_S, None))
        if self._clock_s() - read_s < _SCREEN_S:
            return screen
        with away():
            shown = self._desk.screen(customer_id)
        screen = json.loads(shown) if shown is not None else None
        self._screens[customer_id] = (self._clock_s(), screen)
        return screen

    def order(self, user: User, action: str, wanted: Order | Supervise) -> None:
        """The audit comes first: what cannot be written down is not done."""
        self._served(user)
        details = {"customer": user.customer_id, "order": repr(wanted)[:1_000]}
        about = ("contact_centre", user.customer_id)
        self._noted(user, action, about, details, lambda: order(self._desk, user.customer_id, wanted))

    def agreed(self, user: User, call_id: str, agent_id: str) -> None:
        """Only of a call that the customer's agent talks with now."""
        if not talks(self._served(user), agent_id, call_id):
            raise Refused(f"agent {agent_id} does not talk with call {call_id}")
        details = {"customer": user.customer_id, "agent": agent_id}
        about = ("call", call_id)
        self._noted(
            user, "record.consent", about, details, lambda: self._recordings.agreed(call_id, agent_id)
        )

    def record(self, user: User, call_id: str, event: RecordingEvent, agent_id: str | None) -> None:
        """Only of a call that an agent of the customer's talks with now: of others nothing is recorded."""
        talking = talkers(self._served(user), call_id)
        if agent_id is None and not talking:
            raise Refused(f"no agent talks with call {call_id}")
        if agent_id is not None and agent_id not in talking:
            raise Refused(f"agent {agent_id} does not talk with call {call_id}")
        details = {"customer": user.customer_id, "agent": " ".join(talking)}
        about = ("call", call_id)
        self._noted(
            user, f"record.{event.value}", about, details, lambda: self._recordings.order(call_id, event)
        )

    def _served(self, user: User) -> Mapping[str, Any]:
        """The customer's screen. Raises Away."""
        screen = self.screen(user.customer_id)
        if screen is None:
            raise Away("no controller serves the contact centre now; try again in a moment", 3)
        return screen

    def _noted(
        self,
        user: User,
        action: str,
        about: tuple[str, str],
        details: Mapping[str, str],
        carry_out: Callable[[], None],
    ) -> None:
        def note(what: str, said: Mapping[str, str]) -> None:
            write(self._database, user.actor, what, *about, said)

        try:
            with away():
                with_entry(note, action, details, carry_out)
        except ContactCentreRefused as error:
            raise Refused(str(error)) from error


def talks(screen: Mapping[str, Any], agent_id: str, call_id: str) -> bool:
    """Whether the agent talks with the call."""
    return agent_id in talkers(screen, call_id)


def talkers(screen: Mapping[str, Any], call_id: str) -> list[str]:
    """Agents who talk with the call."""
    return [
        str(each["agent"])
        for each in screen["agents"]
        for talk in each["talks"]
        if talk["call"] == call_id and talk["state"] == OfferState.TALKING
    ]


class CustomerFigures:
    """web.ports.FigureSource: the session sees one customer's rows, whatever is asked (guarantee 8)."""

    def __init__(self, database: Engine, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._ready = False

    def queues(self, customer_id: str, period: Period, queue: str | None) -> Sequence[Mapping[str, Any]]:
        return queue_rows(self._found(customer_id, period), queue)

    def agents(self, customer_id: str, period: Period, agent: str | None) -> Sequence[Mapping[str, Any]]:
        try:
            return agent_rows(self._found(customer_id, period), agent)
        except FiguresHidden as error:
            raise Refused(str(error)) from error

    def _found(self, customer_id: str, period: Period) -> CentreFigures:
        rules = Rules(INTERVALS[period.interval], period.target_s * 1000)
        with away():
            if not self._ready:
                make_customer_role(self._database, ROLE)
                self._ready = True
            with customer_session(self._database, customer_id, role=ROLE) as connection:
                return centre_figures(connection, customer_id, period.begin, period.end, rules, self._clock())


class Hearing(Rounds):
    """web.ports.Live: one connection to Redis hears for all streams."""

    def __init__(self, live: AcdLive) -> None:
        super().__init__(self._hear, _HEARING_S, "nothing is heard of contact centres")
        self._live = live
        self._deaf = False

    def listen(self, customer_id: str) -> Listener:
        return _Ear(self._live, customer_id)

    def _hear(self) -> None:
        try:
            for _ in range(_BEHIND):
                self._live.hear()
                self._deaf = False
        except StoreError as error:
            if not self._deaf:
                _log.warning("streams show snapshots only: Redis is away", error=str(error))
            self._deaf = True


class _Ear:
    def __init__(self, live: AcdLive, customer_id: str) -> None:
        self._live = live
        self._customer_id = customer_id
        self._records: Queue[str] = Queue(maxsize=_BEHIND)
        self._slow = False
        live.on(customer_id, self._take)

    def _take(self, record: str) -> None:
        try:
            self._records.put_nowait(record)
        except Full:
            self._slow = True

    def next(self, timeout_s: float) -> str | None:
        if self._slow:
            raise TooOften("this stream is too slow for what happens; connect again")
        try:
            return self._records.get(timeout=timeout_s)
        except Empty:
            return None

    def close(self) -> None:
        self._live.off(self._customer_id, self._take)


class Dependencies:
    """web.ports.Health. Anybody may ask, so what depends is asked once in STATUS_S at most."""

    def __init__(self, checks: Mapping[str, Callable[[], object]], clock_s: Callable[[], float]) -> None:
        self._checks = checks
        self._clock_s = clock_s
        self._asking = BoundedSemaphore()
        self._asked_s = -math.inf
        self._parts: Mapping[str, str] = {}

    def parts(self) -> Mapping[str, str]:
        with self._asking:
            if self._clock_s() - self._asked_s >= STATUS_S:
                self._parts = {name: _state(check) for name, check in self._checks.items()}
                self._asked_s = self._clock_s()
            return self._parts


def _state(check: Callable[[], object]) -> str:
    try:
        check()
    except StoreError:
        return "does not answer"
    return "ok"
