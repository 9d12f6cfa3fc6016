"""Following a node: what its calls do, told to a sink; what it has after a reconnect, asked anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, Protocol

from dialplan.causes import PATH_FAILURES
from dialplan.live import LiveCall, LiveState
from freeswitch import api_calls, commands, gateway_state, own_calls, profile_calls, queue_calls
from freeswitch.commands import ApiCall, Subscription
from freeswitch.dialstring import REDIRECTED
from freeswitch.events import Event
from freeswitch.gateway_state import GatewayState
from freeswitch.inbound import InboundConnection
from freeswitch.parties import ORIGINATED, TRANSFERRED
from freeswitch.queue_events import BEFORE_RESYNC, HOLDS, LAG, RESYNC_EVERY, QueueEvents, QueueSink
from freeswitch.registrations import PhoneSink, Registrations
from freeswitch.replies import rows_of
from freeswitch.settings import NODE, EventSocketAddress

#: The few events that matter here. CHANNEL_CALLSTATE has 3 KB; CHANNEL_ANSWER and CHANNEL_HANGUP_COMPLETE say
#: the same with all of the channel's variables in 21 KB, which FreeSWITCH would have to write for every call.
_SUBSCRIPTION: Final = Subscription(
    ("CHANNEL_CALLSTATE", *HOLDS, "HEARTBEAT"),
    (gateway_state.SUBCLASS, queue_calls.QUEUED, queue_calls.LEFT_BY_KEY),
)
#: Contexts into which transfers and redirects send the other leg, whichever direction it has, and programs
#: the first leg of a call.
_PASSED_ON: Final = (TRANSFERRED, REDIRECTED, ORIGINATED)
#: Filters add up: callers' legs, the events that belong to no leg, and legs of ours that found no path.
_FILTERS: Final = (
    ("Call-Direction", "inbound"),
    ("Event-Name", "HEARTBEAT"),
    ("Event-Name", "BACKGROUND_JOB"),
    ("Event-Name", "CUSTOM"),
    # A leg of ours that was passed on is a call of its own now; its own legs have this context too, unheeded.
    *(("Caller-Context", context) for context in _PASSED_ON),
    ("Channel-Presence-Data", queue_calls.AGENT),
    ("Channel-Presence-Data", queue_calls.AGENTS_PHONES),
    ("Channel-Presence-Data", own_calls.OWN_CALLS),
    *(("Hangup-Cause", cause.switch_name) for cause in sorted(PATH_FAILURES, key=lambda each: each.q850)),
)
_PATH_FAILURES: Final = frozenset(cause.switch_name for cause in PATH_FAILURES)
#: Gateways asked for after a connect; each is a question of its own.
_MOST_GATEWAYS: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class CallSink(Protocol):
    """Who wants to know. Called in order, from one greenlet; must not wait."""

    def answered(self, call_id: str, at: datetime) -> None: ...
    def ended(self, call_id: str) -> None: ...
    def heartbeat(self, node: str) -> None: ...
    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None: ...


class TrunkSink(Protocol):
    """Who wants to know of trunks. Called like CallSink."""

    def asked(self) -> Sequence[str]: ...
    def reachable(self, trunk_id: str, up: bool, why: str) -> None: ...
    def path_failed(self, trunk_id: str, call_id: str, cause: str) -> None: ...


class Follower:
    """The inbound connection to one node with its events translated. Commands go over `connection`.

    `channels` is told the ids of all legs that the node has, whenever it was asked for its calls; `phones`,
    who is registered.
    """

    def __init__(
        self,
        node: str,
        address: EventSocketAddress,
        sink: CallSink,
        trunks: TrunkSink,
        *,
        random: Random,
        clock: Callable[[], datetime],
        channels: Callable[[str, frozenset[str], datetime], None] = lambda _node, _ids, _as_of: None,
        queues: QueueSink | None = None,
        phones: PhoneSink | None = None,
        on_command: Callable[[ApiCall, str, float], None] = lambda _call, _answer, _seconds: None,
    ) -> None:
        self._queues = QueueEvents(node, queues) if queues is not None else None
        self._phones = Registrations(node, phones)
        self._channels = channels
        self._node = node
        self._sink = sink
        self._trunks = trunks
        self._clock = clock
        self._heartbeats = 0
        self.connection = InboundConnection(
            address,
            replace(_SUBSCRIPTION, custom=(*_SUBSCRIPTION.custom, *self._phones.subclasses)),
            self._event,
            random=random,
            on_resync=self._connected,
            on_down=self._queues.lost if self._queues is not None else lambda _: None,
            on_command=on_command,
        )

    def _connected(self) -> None:
        """After every connect: filter, then compare notes, because events were missed meanwhile."""
        for header, value in _FILTERS:
            self.connection.command(commands.filter_events(header, value))
        self._phones.ask(self.connection.bgapi)
        self.resync()
        self._heartbeats = BEFORE_RESYNC
        for name in self._trunks.asked()[:_MOST_GATEWAYS]:
            self._learnt(self._asked(name) or self._asked(gateway_state.registering(name)))

    def _asked(self, gateway: str) -> GatewayState | None:
        return gateway_state.state_of_status(self.connection.bgapi(profile_calls.gateway_status(gateway)))

    def _learnt(self, state: GatewayState | None) -> None:
        if state is not None:
            self._trunks.reachable(state.trunk_id, state.up, state.why)

    def resync(self) -> None:
        """Tell the sink all calls that the node has now. FreeSwitchError when it does not say."""
        as_of = self._clock() - LAG
        rows = rows_of(self.connection.bgapi(api_calls.show_channels()))
        self._channels(self._node, frozenset(row.get("uuid", "") for row in rows), as_of)
        if self._queues is not None:
            self._queues.listed(rows, as_of)
        calls = [_from_row(row, self._node) for row in rows if _is_call(row)]
        self._sink.resync(self._node, calls, as_of)

    def _event(self, event: Event) -> None:
        match event.name:
            case "CHANNEL_CALLSTATE" if event.uuid and event.get("Call-Direction") == "inbound":
                self._changed(event.uuid, event)
            case "CHANNEL_CALLSTATE":
                if event.uuid and event.get("Caller-Context") in _PASSED_ON:
                    self._changed(event.uuid, event)
                self._failed(event)
            case "CHANNEL_HOLD" | "CHANNEL_UNHOLD":
                if self._queues is not None:
                    self._queues.held(event)
            case "CUSTOM" if event.subclass in (queue_calls.QUEUED, queue_calls.LEFT_BY_KEY):
                if self._queues is not None:
                    self._queues.told(event)
            case "CUSTOM" if event.subclass == gateway_state.SUBCLASS:
                self._learnt(gateway_state.state_of_event(event))
            case "CUSTOM":
                self._phones.told(event)
            case "HEARTBEAT":
                self._sink.heartbeat(self._node)
                self._heartbeats += 1
                if self._heartbeats % RESYNC_EVERY == 0:
                    self.resync()

    def _changed(self, call_id: str, event: Event) -> None:
        match event.get("Channel-Call-State"):
            case "ACTIVE":
                self._sink.answered(call_id, _moment(event.get("Event-Date-Timestamp"), 1))
            case "HANGUP":
                self._sink.ended(call_id)

    def _failed(self, event: Event) -> None:
        """A leg of ours ended without having found a path. The dial string puts the trunk's id into
        `presence_data`, which every event of a leg carries, and which goes nowhere else."""
        if self._queues is not None and self._queues.changed(event):
            return
        trunk_id, cause = event.get("Channel-Presence-Data"), event.get("Hangup-Cause")
        ended = event.get("Channel-Call-State") == "HANGUP"
        over = ended and event.get("Answer-State") != "answered"
        if over and trunk_id and cause in _PATH_FAILURES:
            self._trunks.path_failed(trunk_id, event.get("Channel-Call-UUID") or "", cause)


def _is_call(row: Mapping[str, str]) -> bool:
    """A caller's leg, or the first leg of a call that a program asked for; its own legs bear its id. What
    another node asks of a phone here is a leg of its call."""
    if row.get("direction") == "inbound":
        return row.get("context") != NODE
    return row.get("context") == ORIGINATED and row.get("call_uuid") in (None, "", row.get("uuid"))


def _from_row(row: Mapping[str, str], node: str) -> LiveCall:
    """What `show channels` knows; customer and reason are not in it."""
    answered = row.get("callstate") == "ACTIVE"
    created = _moment(row.get("created_epoch"), 1_000_000)
    return LiveCall(
        call_id=row.get("uuid", ""),
        node=node,
        customer_id=None,
        direction="none",
        a_number=row.get("cid_num") or None,
        b_number=None,
        state=LiveState.ANSWERED if answered else LiveState.RINGING,
        reason_id=None,
        started_at=created,
        answered_at=created if answered else None,
        config_version=None,
    )


def _moment(text: str | None, microseconds: int) -> datetime:
    """FreeSWITCH's times count seconds or microseconds since 1970; what is no time is 1970 itself."""
    count = int(text) * microseconds if text and text.isascii() and text.isdigit() and len(text) < 17 else 0
    return _EPOCH + timedelta(milliseconds=count // 1000)
