"""A TCP connection's way that a test cuts: those who are connected lose it, nobody else gets through."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading

_BYTES = 65_536


class Wire:
    """Listens on `port` and passes everything on to `target`, until it is cut. Use as a context manager."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._listener.close()
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

    def mend(self) -> None:
        """Whoever comes from now on gets through."""
        self._whole.set()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                near, _ = self._listener.accept()
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
                        key.data.sendall(data)
