"""The far end of an Event Socket connection, played from a script: a FreeSWITCH of a few lines."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from urllib.parse import quote

import gevent
from gevent import socket
from gevent.event import Event as Flag
from gevent.server import StreamServer

from freeswitch.errors import FreeSwitchError
from freeswitch.settings import EventSocketAddress

PASSWORD = "lab-secret"
PATIENCE_S = 5.0


class Peer:
    """FreeSWITCH's side of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def command(self) -> str:
        """The next command with its body; "" when the client has closed."""
        while b"\n\n" not in self._buffer:
            data = self.sock.recv(65536)
            if not data:
                return ""
            self._buffer += data
        head, _, self._buffer = self._buffer.partition(b"\n\n")
        length = 0
        for line in head.split(b"\n"):
            if line.startswith(b"content-length: "):
                length = int(line.removeprefix(b"content-length: "))
        while len(self._buffer) < length:
            self._buffer += self.sock.recv(65536)
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return (head + (b"\n\n" + body if length else b"")).decode()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reply(self, text: str = "+OK") -> None:
        self.send(f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode())

    def api_response(self, text: str) -> None:
        body = text.encode()
        self.send(b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body)

    def event(self, name: str, body: str = "", **headers: str) -> None:
        self.send(event_message(name, body, **headers))

    def let_in(self) -> None:
        """The log-in and the subscription, as they should be."""
        self.send(b"Content-Type: auth/request\n\n")
        assert self.command() == f"auth {PASSWORD}"
        self.reply("+OK accepted")
        assert self.command().startswith("event plain ")
        self.reply("+OK event listener enabled plain")

    def wait_closed(self) -> bool:
        """Whether the client closes, commands that still come aside."""
        try:
            while self.sock.recv(65536):
                pass
        except ConnectionError:
            pass
        except OSError:
            return False
        return True


def event_message(name: str, body: str = "", **headers: str) -> bytes:
    lines = [f"Event-Name: {name}"]
    lines += [f"{key.replace('_', '-')}: {quote(value, safe='')}" for key, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    event = "\n".join(lines).encode() + b"\n\n" + body.encode()
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(event) + event


def channel_data(uuid: str = "channel-1", **variables: str) -> bytes:
    lines = ["Event-Name: CHANNEL_DATA", f"Unique-ID: {uuid}", "Caller-Destination-Number: 02214710123"]
    lines += [f"variable_{name}: {quote(value, safe='%')}" for name, value in variables.items()]
    lines += ["Content-Type: command/reply", "Reply-Text: %2BOK%0A", "Socket-Mode: static", "Control: full"]
    return "\n".join(lines).encode() + b"\n\n"


class ScriptedNode:
    """Listens on 127.0.0.1 (or ::1) and plays `scripts`, one per connection; the last one for ever."""

    def __init__(self, *scripts: Callable[[Peer], None], host: str = "127.0.0.1") -> None:
        self._scripts = list(scripts)
        self.connections = 0
        self.failures: list[BaseException] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.bind((host, 0))
        listener.listen(16)
        self._server = StreamServer(listener, self._play)
        self._server.start()
        self.host, self.port = host, listener.getsockname()[1]

    @property
    def address(self) -> EventSocketAddress:
        return EventSocketAddress(self.host, self.port, PASSWORD)

    def close(self) -> None:
        self._server.stop(timeout=1)
        if self.failures:
            raise self.failures[0]

    def _play(self, sock: socket.socket, _address: object) -> None:
        script = self._scripts[min(self.connections, len(self._scripts) - 1)]
        self.connections += 1
        try:
            script(Peer(sock))
        except (AssertionError, OSError) as failure:
            self.failures.append(failure)
        finally:
            sock.close()


@contextmanager
def node(*scripts: Callable[[Peer], None], host: str = "127.0.0.1"):
    """A scripted node for one test; a script's failed assertion fails the test."""
    scripted = ScriptedNode(*scripts, host=host)
    try:
        yield scripted
    finally:
        scripted.close()


@contextmanager
def call_to(address: tuple[str, int]):
    """FreeSWITCH's `socket` application: a connection to our outbound server."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.connect(address)
        yield Peer(sock)
    finally:
        sock.close()


def wait_for(flag: Flag) -> None:
    assert flag.wait(PATIENCE_S), "what the test waits for did not happen"


def raised_by(function: Callable[..., object], *arguments: object) -> BaseException | None:
    """What `function` raises of our own, as a value: for greenlets."""
    try:
        function(*arguments)
    except FreeSwitchError as error:
        return error
    return None


def within_patience(function: Callable[[], object]) -> object:
    """Run `function` in a greenlet and wait for it no longer than the tests' patience."""
    greenlet = gevent.spawn(function)
    greenlet.join(PATIENCE_S)
    assert greenlet.dead, "never returned"
    return greenlet.get()
