"""The outbound server: FreeSWITCH connects for every call, gets its instructions, and we are gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import gevent
import structlog
from gevent import socket
from gevent.event import Event as Flag
from gevent.server import StreamServer

from freeswitch.channel import ChannelData, Instructions
from freeswitch.errors import ChannelGone, ConnectionLost, FreeSwitchError, Overloaded, ReplyTimedOut
from freeswitch.session import Session
from freeswitch.transport import Connection, deadline, prepare

_log = structlog.get_logger()
_BACKLOG: Final = 1024


@dataclass(frozen=True, slots=True)
class Hold:
    """An answer that keeps the call waiting: `ask` runs menus for at most `timeout_s` and instructs."""

    ask: Callable[[Session], Instructions]
    timeout_s: float = 300.0


#: Called for every call, in a greenlet of its own.
Handler = Callable[[ChannelData], Instructions | Hold]


class Outcome(StrEnum):
    """How a session ended. Whatever is not `decided` leaves the call to the static part of the dialplan."""

    DECIDED = "decided"
    CALLER_GONE = "caller_gone"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SessionReport:
    """One session's end. `channel` is None when we did not get as far; `error` is None when decided."""

    outcome: Outcome
    channel: str | None
    duration_s: float
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class OutboundOptions:
    """`sessions` at a time; the next is closed at once, for FreeSWITCH goes on where it would wait.

    `decide_s` is for everything but a `Hold`. `reuse_port` lets several processes share the port.
    """

    sessions: int = 1000
    decide_s: float = 5.0
    reuse_port: bool = False


class OutboundServer:
    """Accepts FreeSWITCH's connections and hands each call's data to `handler`.

    When the handler raises or is too slow, the connection is closed without instructions, the error is
    logged and told to `on_session`, and the call goes on in the dialplan's static part. `on_data` hears how
    many seconds FreeSWITCH took to tell each call's data, also of those who did not within `decide_s`.
    """

    def __init__(
        self,
        listen: tuple[str, int],
        handler: Handler,
        *,
        on_session: Callable[[SessionReport], None] = lambda _: None,
        on_data: Callable[[float], None] = lambda _: None,
        options: OutboundOptions | None = None,
    ) -> None:
        self._listen = listen
        self._handler = handler
        self._on_session = on_session
        self._on_data = on_data
        self._options = options or OutboundOptions()
        self._open: set[Connection] = set()
        self._idle = Flag()
        self._idle.set()
        self._server: StreamServer | None = None

    @property
    def sessions(self) -> int:
        """Sessions under way."""
        return len(self._open)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: the real port when 0 was asked for. RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the outbound server has not been started")
        host, port = self._server.socket.getsockname()[:2]
        return host, port

    def start(self) -> None:
        """Listen. OSError when the address is taken."""
        listener = _listener(self._listen, self._options.reuse_port)
        # types-gevent knows StreamServer with TLS only.
        self._server = StreamServer(listener, self._accept, spawn=gevent.spawn_raw)  # type: ignore[call-overload]
        self._server.start()

    def stop(self, drain_s: float = 5.0) -> int:
        """Accept no more, let sessions finish for `drain_s`, then close the rest; how many those were."""
        if self._server is not None:
            self._server.close()
        self._idle.wait(drain_s)
        left = list(self._open)
        for connection in left:
            connection.close("the controller is stopping")
        self._idle.wait(1.0)
        return len(left)

    def _accept(self, sock: socket.socket, address: tuple[str, int]) -> None:
        """Called in a greenlet per connection; nothing may get out of it."""
        connection = Connection(sock, f"{address[0]}:{address[1]}")
        if len(self._open) >= self._options.sessions:
            connection.close("too many sessions")
            self._report(Outcome.REFUSED, None, 0.0, Overloaded(f"{len(self._open)} sessions are under way"))
            return
        self._open.add(connection)
        self._idle.clear()
        try:
            self._serve(connection)
        finally:
            connection.close()
            self._open.discard(connection)
            if not self._open:
                self._idle.set()

    def _serve(self, connection: Connection) -> None:
        started = time.monotonic()
        session = Session(connection)
        uuid: str | None = None
        error: Exception | None = None
        try:
            with deadline(self._options.decide_s, lambda: _too_slow(self._options.decide_s)):
                channel = session.begin()
                uuid = channel.uuid
                self._on_data(time.monotonic() - started)
                answer = self._handler(channel)
                if isinstance(answer, Instructions):
                    session.leave(answer)
            if isinstance(answer, Hold):
                with deadline(answer.timeout_s, lambda: _too_slow(answer.timeout_s)):
                    session.leave(answer.ask(session))
        except FreeSwitchError as failure:
            error = failure
            outcome = _outcome_of(failure, session)
            if uuid is None and outcome is Outcome.TIMED_OUT:
                self._on_data(time.monotonic() - started)
            if outcome is not Outcome.CALLER_GONE:
                _log.warning("outbound.session_failed", channel=uuid, error=failure.id, reason=str(failure))
        except Exception as failure:  # noqa: BLE001 - foreign code, logged and reported
            error, outcome = failure, Outcome.FAILED
            _log.exception("outbound.handler_failed", channel=uuid)
        else:
            outcome = Outcome.DECIDED
        self._report(outcome, uuid, time.monotonic() - started, error)

    def _report(self, outcome: Outcome, uuid: str | None, duration_s: float, error: Exception | None) -> None:
        try:
            self._on_session(SessionReport(outcome, uuid, duration_s, error))
        except Exception:  # noqa: BLE001 - foreign code, logged
            _log.exception("outbound.report_failed", channel=uuid)


def _outcome_of(failure: FreeSwitchError, session: Session) -> Outcome:
    if session.is_over and isinstance(failure, ChannelGone | ConnectionLost):
        return Outcome.CALLER_GONE
    return Outcome.TIMED_OUT if isinstance(failure, ReplyTimedOut) else Outcome.FAILED


def _too_slow(seconds: float) -> ReplyTimedOut:
    return ReplyTimedOut(f"the call had no instructions after {seconds} s")


def _listener(address: tuple[str, int], reuse_port: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        prepare(listener)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
