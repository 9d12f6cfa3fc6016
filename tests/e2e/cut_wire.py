"""A TCP connection's way that a test breaks: cut, refused, or so slow that everything comes late."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading

_BYTES = 65_536


class Wire:
    """Listens on `port` and passes everything on to `target`, until it is broken. A context manager."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._delay_s = 0.0
        #: Set while nothing is late; who is late waits for it.
        self._prompt = threading.Event()
        self._prompt.set()
        self._open()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._prompt.set()
        self._close()
        self.cut()

    def cut(self) -> None:
        """Everybody's connection ends; new ones are closed at once."""
        self._whole.clear()
        with self._lock:
            for pair in self._pairs:
                for side in pair:
                    with contextlib.suppress(OSError):
                        side.shutdown(socket.SHUT_RDWR)
            self._pairs.clear()

    def refuse(self) -> None:
        """Everybody's connection ends, and nobody listens any more."""
        self._close()
        self.cut()

    def delay(self, seconds: float) -> None:
        """Whatever is sent from now on, either way, arrives so much later."""
        self._delay_s = seconds
        self._prompt.clear()

    def mend(self) -> None:
        """Whoever comes from now on gets through, and nothing is late any more."""
        self._delay_s = 0.0
        self._prompt.set()
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._open()
        self._whole.set()

    def _open(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _close(self) -> None:
        """`close` alone leaves the port open while a thread waits in `accept`."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while not self._ended.is_set():
            try:
                near, _ = listener.accept()
            except OSError:
                return
            if not self._whole.is_set():
                near.close()
                continue
            try:
                far = socket.create_connection(self._target, timeout=2.0)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._pairs.append((near, far))
            threading.Thread(target=self._pass, args=(near, far), daemon=True).start()

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        with selectors.DefaultSelector() as both, near, far:
            both.register(near, selectors.EVENT_READ, far)
            both.register(far, selectors.EVENT_READ, near)
            with contextlib.suppress(OSError):
                while True:
                    for key, _ in both.select():
                        data = key.fileobj.recv(_BYTES)  # type: ignore[union-attr]
                        if not data:
                            return
                        if not self._prompt.is_set():
                            self._prompt.wait(self._delay_s)
                        key.data.sendall(data)
