"""The inbound connection: ours to a node, kept up for ever, over which every call can be commanded."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final, TypeVarTuple

import gevent
import structlog
from gevent.event import Event as Flag

from freeswitch import commands
from freeswitch.backlog import Backlog, Signal
from freeswitch.commands import ApiCall, Command, Subscription
from freeswitch.errors import (
    AuthenticationFailed,
    CommandRefused,
    ConnectionLost,
    ConnectTimedOut,
    FreeSwitchError,
    NotConnected,
    ProtocolError,
    UnsafeSettings,
)
from freeswitch.events import Event
from freeswitch.lifecycle import TRANSITIONS, Backoff, State, Step
from freeswitch.link import Link, LinkLimits
from freeswitch.replies import Reply, checked
from freeswitch.settings import EventSocketAddress
from freeswitch.transport import deadline, dial

if TYPE_CHECKING:
    from gevent.ssl import SSLContext

_log = structlog.get_logger()
_DEFAULT_PASSWORD: Final = "ClueCon"  # noqa: S105 - FreeSWITCH's default, which is what we refuse
_P = TypeVarTuple("_P")
_COMPLETE: Final = "CHANNEL_EXECUTE_COMPLETE"


@dataclass(frozen=True, slots=True)
class InboundOptions:
    """`connect_timeout_s` covers TCP, TLS and log-in. `queue` events may wait for the handler.

    With `user` (and `user_domain`) the password is that user's in FreeSWITCH's directory.
    """

    connect_timeout_s: float = 5.0
    queue: int = 10_000
    backoff: Backoff = field(default_factory=Backoff)
    limits: LinkLimits = field(default_factory=LinkLimits)
    user: str | None = None
    user_domain: str = ""
    tls: SSLContext | None = field(default=None, repr=False)


@dataclass(slots=True)
class InboundCounters:
    """Since the start: connections made, attempts failed, events received, unreadable, handler errors."""

    connected: int = 0
    failed: int = 0
    received: int = 0
    malformed: int = 0
    handler_errors: int = 0


class InboundConnection:
    """Keeps one connection to one node, subscribed, and hands its events to one handler in order.

    `on_event` runs in a greenlet of its own: while it works, up to `options.queue` events wait, then the
    oldest are dropped and `on_resync` is called. `on_resync` is called in that greenlet too, after every
    connect, before the first event of the new connection. `on_up` and `on_down` (with the reason) run in
    the connection's greenlet and should return quickly. What they raise is logged and counted.
    `on_command` is told each API command with the switch's answer (or what went wrong) and its seconds.
    """

    def __init__(
        self,
        address: EventSocketAddress,
        subscription: Subscription,
        on_event: Callable[[Event], None],
        *,
        random: Random,
        on_resync: Callable[[], None] = lambda: None,
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[str], None] = lambda _: None,
        on_command: Callable[[ApiCall, str, float], None] = lambda _call, _answer, _seconds: None,
        options: InboundOptions | None = None,
        lab: bool = False,
    ) -> None:
        if not address.password or (address.password == _DEFAULT_PASSWORD and not lab):
            raise UnsafeSettings(
                f"the Event Socket password of {address.host}:{address.port} is empty or the default: "
                "set another one in its event_socket.conf and in our settings"
            )
        self.counters = InboundCounters()
        self._address = address
        self._subscription = subscription
        self._on_event = on_event
        self._on_resync = on_resync
        self._on_up = on_up
        self._on_down = on_down
        self._on_command = on_command
        self._options = options or InboundOptions()
        self._random = random
        self._credentials = _credentials(address, self._options)
        self._state = State.IDLE
        self._link: Link | None = None
        self._up = Flag()
        self._stopping = Flag()
        self._backlog = Backlog(self._options.queue)
        self._greenlets: list[gevent.Greenlet[..., None]] = []

    @property
    def state(self) -> State:
        """Where the connection is now."""
        return self._state

    @property
    def dropped(self) -> int:
        """Events that were lost because the handler was slow or the connection was made anew."""
        return self._backlog.dropped

    def start(self) -> None:
        """Begin to connect, in the background. Once only."""
        self._step(Step.STARTED)
        self._greenlets = [gevent.spawn(self._keep_up), gevent.spawn(self._handle)]

    def wait_up(self, timeout_s: float) -> bool:
        """Whether the connection is up, after at most `timeout_s`."""
        return bool(self._up.wait(timeout_s))

    def stop(self, timeout_s: float = 5.0) -> None:
        """End it all. May be called from a handler: only the other greenlets are waited for."""
        self._step(Step.STOP)
        self._stopping.set()
        self._backlog.close()
        if self._link is not None:
            self._link.close("stopped by us")
        here = gevent.getcurrent()
        others = [greenlet for greenlet in self._greenlets if greenlet is not here]
        gevent.joinall(others, timeout=timeout_s)
        gevent.killall([greenlet for greenlet in others if not greenlet.dead], timeout=timeout_s)

    def command(self, command: Command, timeout_s: float = 5.0) -> Reply:
        """Send a command; its reply. CommandFailed when that is an error."""
        return self._connected().request(command, timeout_s).checked()

    def api(self, call: ApiCall, timeout_s: float = 5.0) -> str:
        """Run an API command; what it printed. For quick ones: this connection's events wait meanwhile."""
        return self._told(call, lambda: self.command(commands.api(call), timeout_s).text)

    def bgapi(self, call: ApiCall, timeout_s: float = 30.0) -> str:
        """Run an API command in the background and wait for its result. CommandFailed when it is an error."""
        return self._told(
            call, lambda: checked(self._connected().background(call, str(uuid.uuid4()), timeout_s))
        )

    def _told(self, call: ApiCall, carry_out: Callable[[], str]) -> str:
        began = time.monotonic()
        try:
            answer = carry_out()
        except FreeSwitchError as error:
            self._guarded("on_command", self._on_command, call, str(error), time.monotonic() - began)
            raise
        self._guarded("on_command", self._on_command, call, answer, time.monotonic() - began)
        return answer

    def nudge(self) -> None:
        """Have FreeSWITCH send what it has for us now; nothing while the connection is down."""
        if self._link is not None:
            self._link.nudge()

    def execute(
        self, channel: str, application: str, argument: str = "", *, timeout_s: float = 30.0
    ) -> Event:
        """Run an application on a channel and wait for CHANNEL_EXECUTE_COMPLETE (subscribe to it).

        ChannelGone when the channel ends first (seen when CHANNEL_HANGUP_COMPLETE is subscribed too).
        """
        if _COMPLETE not in self._subscription.events:
            raise CommandRefused(f"execute needs {_COMPLETE} in the subscription; else send commands.execute")
        event_uuid = str(uuid.uuid4())
        command = commands.execute(application, argument, channel=channel, event_uuid=event_uuid)
        return self._connected().execute(channel, command, event_uuid, timeout_s)

    def _connected(self) -> Link:
        if self._link is None or self._state is not State.UP:
            raise NotConnected(
                f"no connection to FreeSWITCH at {self._address.host}:{self._address.port} now"
            )
        return self._link

    def _step(self, step: Step) -> None:
        self._state = TRANSITIONS[self._state, step]

    def _keep_up(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            try:
                link = self._open()
            except FreeSwitchError as error:
                self.counters.failed += 1
                # A wrong password does not mend itself: do not fill FreeSWITCH's log.
                attempt = 32 if isinstance(error, AuthenticationFailed) else attempt
                step = Step.FAILED
                _log.warning("event_socket.connect_failed", error=error.id, reason=str(error))
            else:
                self._live(link)
                lived = self._state is State.UP
                attempt = 0 if lived else attempt
                step = Step.LOST if lived else Step.FAILED
            if self._stopping.is_set():
                return
            self._step(step)
            self._stopping.wait(self._options.backoff.wait_s(attempt, self._random))
            attempt += 1
            if not self._stopping.is_set():
                self._step(Step.DUE)

    def _open(self) -> Link:
        options, address = self._options, self._address

        def too_late() -> ConnectTimedOut:
            where = f"{address.host}:{address.port}"
            return ConnectTimedOut(
                f"FreeSWITCH at {where} did not let us in in {options.connect_timeout_s} s"
            )

        with deadline(options.connect_timeout_s, too_late):
            connection = dial(address.host, address.port, tls=options.tls)
            try:
                link = Link(connection, self._take, self._malformed, options.limits)
                link.log_in(self._credentials)
            except BaseException:
                connection.close("log-in failed")
                raise
        return link

    def _live(self, link: Link) -> None:
        """From log-in to the end of the connection."""
        self._backlog.hold()
        reader = gevent.spawn(self._read, link)
        try:
            wanted = commands.subscribe(self._wanted())
            link.request(wanted, self._options.connect_timeout_s).checked()
            if not self._stopping.is_set():
                self._serve(link, reader)
        except FreeSwitchError as error:
            self.counters.failed += 1
            _log.warning("event_socket.subscribe_failed", error=error.id, reason=str(error))
        finally:
            link.close("stopped by us")
            reader.join()

    def _serve(self, link: Link, reader: gevent.Greenlet[..., str]) -> None:
        self._link = link
        self._step(Step.ACCEPTED)
        self.counters.connected += 1
        self._backlog.release()
        self._up.set()
        _log.info("event_socket.up", host=self._address.host, port=self._address.port)
        self._guarded("on_up", self._on_up)
        reader.join()
        self._up.clear()
        self._link = None
        if not self._stopping.is_set():
            _log.warning("event_socket.down", reason=reader.value)
        self._guarded("on_down", self._on_down, reader.value or "")

    def _read(self, link: Link) -> str:
        try:
            link.run()
        except (ConnectionLost, ProtocolError) as error:
            return str(error)
        return "ended"

    def _wanted(self) -> Subscription:
        wanted = self._subscription
        events = dict.fromkeys(("BACKGROUND_JOB", *wanted.events))
        return Subscription(tuple(events), wanted.custom, wanted.format)

    def _take(self, event: Event) -> None:
        self.counters.received += 1
        self._backlog.put(event)

    def _malformed(self, error: ProtocolError) -> None:
        self.counters.malformed += 1
        _log.warning("event_socket.event_unreadable", error=error.id, reason=str(error))

    def _handle(self) -> None:
        while (found := self._backlog.take()) is not Signal.CLOSED:
            if isinstance(found, Event):
                self._guarded("on_event", self._on_event, found)
            else:
                self._guarded("on_resync", self._on_resync)

    def _guarded(self, name: str, callback: Callable[[*_P], None], *arguments: *_P) -> None:
        """Run a callback: what it raises is its own affair and must not end the connection."""
        try:
            callback(*arguments)
        except Exception:  # noqa: BLE001 - foreign code, logged and counted
            self.counters.handler_errors += 1
            _log.exception("event_socket.callback_failed", callback=name)


def _credentials(address: EventSocketAddress, options: InboundOptions) -> Command:
    if options.user is None:
        return commands.auth(address.password)
    return commands.userauth(options.user, options.user_domain, address.password)
