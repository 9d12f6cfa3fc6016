"""Waiting callers and agents' legs: what a node's events and its list of channels say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, Protocol

from acd.events import CallerJoined
from freeswitch import api_calls, commands, own_calls, queue_calls
from freeswitch.agent_calls import shown_number
from freeswitch.commands import ApiCall, Subscription
from freeswitch.decided_facts import fact
from freeswitch.events import Event
from freeswitch.inbound import InboundConnection
from freeswitch.queue_calls import Waiting
from freeswitch.registrations import PhoneSink, Registrations
from freeswitch.replies import rows_of
from freeswitch.settings import EventSocketAddress
from numbering.e164 import E164

#: `show channels` lags behind the events (seen): what began this recently may be missing in it.
LAG: Final = timedelta(seconds=2)
#: Heartbeats (20 s each) between two comparisons of notes, whatever happens.
RESYNC_EVERY: Final = 3
#: After a connect the next heartbeat compares again: of a node that died and was back within LAG (seen) the
#: first list cannot say that the calls of its last moments are gone.
BEFORE_RESYNC: Final = RESYNC_EVERY - 1
#: What tells of a hold; of agents' legs alone, by the filters.
HOLDS: Final = ("CHANNEL_HOLD", "CHANNEL_UNHOLD")
_SUBSCRIPTION: Final = Subscription(
    ("CHANNEL_CALLSTATE", *HOLDS, "HEARTBEAT"), (queue_calls.QUEUED, queue_calls.LEFT_BY_KEY)
)
#: Filters add up. Of another node's calls nothing else matters here: its own controllers follow them.
_FILTERS: Final = (
    ("Event-Name", "HEARTBEAT"),
    ("Event-Name", "BACKGROUND_JOB"),
    ("Event-Name", "CUSTOM"),
    ("Channel-Presence-Data", queue_calls.AGENT),
    ("Channel-Presence-Data", queue_calls.AGENTS_PHONES),
    ("Channel-Presence-Data", own_calls.OWN_CALLS),
    ("Channel-Presence-Data", "/^queue/"),
)


class QueueSink(Protocol):
    """Who wants to know. Called in order, from one greenlet for each node; must not wait."""

    def queued(
        self,
        node: str,
        customer_id: str,
        joined: CallerJoined,
        kept: bool,
        shown: E164 | None,
        called: E164 | None,
    ) -> None: ...
    def left_by_key(self, call_id: str, customer_id: str) -> None: ...
    def agent_leg_answered(self, leg_id: str) -> None: ...
    def agent_leg_ended(self, leg_id: str) -> None: ...
    def agent_leg_held(self, leg_id: str, *, held: bool) -> None: ...
    def own_call(self, node: str, customer_id: str, agent_id: str, leg_id: str, *, up: bool) -> None: ...
    def ended(self, call_id: str) -> None: ...
    def listed(
        self,
        node: str,
        waiting: Sequence[tuple[str, CallerJoined]],
        legs: Mapping[str, bool],
        talking: Mapping[str, str],
        own: Sequence[tuple[str, str, str]],
        as_of: datetime,
    ) -> None:
        """All callers with a queue's mark who are joined with nobody (`joined_ms` where the mark tells it),
        all legs and whether they are answered, agents' legs that talk and with whom, agents' own calls (call,
        customer, agent)."""
        ...

    def lost(self, node: str) -> None:
        """The connection has ended: nothing is heard of the node until it has listed its calls again."""
        ...


class QueueEvents:
    """Tells the sink of one node."""

    def __init__(self, node: str, sink: QueueSink) -> None:
        self._node = node
        self._sink = sink

    def told(self, event: Event) -> None:
        """A caller begins to wait, or has pressed a key that leads out."""
        found = queue_calls.waiting(event.uuid or "", event.variable("presence_data"))
        if found is None:
            return
        if event.subclass == queue_calls.QUEUED:
            shown = shown_number(fact(event.variable, "a_presented"))
            called = shown_number(fact(event.variable, "b_number"))
            self._sink.queued(self._node, found.customer_id, found.joined, found.kept, shown, called)
        else:
            self._sink.left_by_key(found.joined.member_id, found.customer_id)

    def held(self, event: Event) -> None:
        """A phone puts the other side on hold, or goes on; of agents' legs of queues' calls alone."""
        mark = event.get("Channel-Presence-Data")
        leg_id = event.uuid if mark == queue_calls.AGENT else queue_calls.agents_leg_behind(mark)
        if leg_id is not None:
            self._sink.agent_leg_held(leg_id, held=event.name == "CHANNEL_HOLD")

    def changed(self, event: Event) -> bool:
        """A leg's state; whether it is an agent's, of a queue's call or of one of the agent's own."""
        state = event.get("Channel-Call-State")
        mark, ended = event.get("Channel-Presence-Data"), state == "HANGUP"
        if mark == queue_calls.AGENT:
            if ended:
                self._sink.agent_leg_ended(event.uuid or "")
            elif state == "ACTIVE":
                self._sink.agent_leg_answered(event.uuid or "")
            return True
        if (leg_id := queue_calls.agents_leg_behind(mark)) is not None:
            # The phone of an agent on another node. Its end is the end of the agent's part, also when the
            # phone has put the caller through to somebody: the leg that led here stays then.
            if ended:
                self._sink.agent_leg_ended(leg_id)
                self._sink.ended(leg_id)
            return True
        if (whose := own_calls.own_call(mark)) is not None:
            self._sink.own_call(self._node, *whose, event.uuid or "", up=not ended)
            return True
        return False

    def listed(self, rows: Sequence[Mapping[str, str]], as_of: datetime) -> None:
        """`show channels`."""
        # One whom an agent has passed on by an attended transfer has the mark still, and talks: he is not to
        # be offered to the next agent. A leg that came in and was never joined has an empty call_uuid.
        together = Counter(row["call_uuid"] for row in rows if row.get("call_uuid"))
        alone = (row for row in rows if together[row.get("call_uuid", "")] < 2)
        marked = (queue_calls.waiting(row.get("uuid", ""), row.get("presence_data")) for row in alone)
        waiting = [(each.customer_id, _known(each)) for each in marked if each is not None]
        answered = {row.get("uuid", ""): row.get("callstate") == "ACTIVE" for row in rows}
        # Two legs that are joined have one call_uuid: that of the caller's leg.
        talking = {
            row["uuid"]: row["call_uuid"]
            for row in rows
            if row.get("presence_data") == queue_calls.AGENT
            and row.get("call_uuid") not in (None, "", row.get("uuid"))
        }
        found = ((row.get("uuid", ""), own_calls.own_call(row.get("presence_data"))) for row in rows)
        own = [(leg_id, *whose) for leg_id, whose in found if whose is not None]
        self._sink.listed(self._node, waiting, answered, talking, own, as_of)

    def lost(self, _reason: str = "") -> None:
        """The connection has ended."""
        self._sink.lost(self._node)


def _known(waiting: Waiting) -> CallerJoined:
    """With the time at which he came to this queue, if it is his first one."""
    joined = waiting.joined
    return joined if waiting.kept else replace(joined, joined_ms=joined.since_ms)


class OtherNode:
    """The inbound connection to a node whose calls other controllers decide: queued callers, agents' legs and
    which phones are registered alone are followed. Commands go over `connection`."""

    def __init__(
        self,
        node: str,
        address: EventSocketAddress,
        sink: QueueSink,
        phones: PhoneSink,
        *,
        random: Random,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_command: Callable[[ApiCall, str, float], None] = lambda _call, _answer, _seconds: None,
    ) -> None:
        self._events = QueueEvents(node, sink)
        self._phones = Registrations(node, phones)
        self._sink = sink
        self._clock = clock
        self._heartbeats = 0
        self.connection = InboundConnection(
            address,
            replace(_SUBSCRIPTION, custom=(*_SUBSCRIPTION.custom, *self._phones.subclasses)),
            self._event,
            random=random,
            on_resync=self._connected,
            on_down=self._events.lost,
            on_command=on_command,
        )

    def _connected(self) -> None:
        for header, value in _FILTERS:
            self.connection.command(commands.filter_events(header, value))
        self._phones.ask(self.connection.bgapi)
        self.resync()
        self._heartbeats = BEFORE_RESYNC

    def resync(self) -> None:
        """Tell the sink what the node has now. FreeSwitchError when it does not say."""
        as_of = self._clock() - LAG
        self._events.listed(rows_of(self.connection.bgapi(api_calls.show_channels())), as_of)

    def _event(self, event: Event) -> None:
        match event.name:
            case "CUSTOM" if event.subclass in self._phones.subclasses:
                self._phones.told(event)
            case "CUSTOM":
                self._events.told(event)
            case "CHANNEL_CALLSTATE":
                is_agents = self._events.changed(event)
                inbound = event.get("Call-Direction") == "inbound"
                if (inbound or not is_agents) and event.get("Channel-Call-State") == "HANGUP":
                    self._sink.ended(event.uuid or "")
            case "CHANNEL_HOLD" | "CHANNEL_UNHOLD":
                self._events.held(event)
            case "HEARTBEAT":
                self._heartbeats += 1
                if self._heartbeats % RESYNC_EVERY == 0:
                    self.resync()
