"""The HTTP server: gevent's, with an end to every wait and to the number of connections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import structlog
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

_log = structlog.get_logger(__name__)

#: Connections at once, streams included; more wait in the kernel's queue.
MAX_CONNECTIONS: Final = 300
#: A client that says nothing, or takes nothing, for longer is hung up on.
SILENCE_S: Final = 30.0


class _Handler(WSGIHandler):  # type: ignore[misc,unused-ignore]
    def handle(self) -> None:
        self.socket.settimeout(SILENCE_S)
        super().handle()


class _Errors:
    """What the server itself complains about: clients that hang up in the middle, mostly."""

    def write(self, text: str) -> None:
        if said := text.strip():
            _log.warning("http server", said=said[-500:])

    def writelines(self, lines: Iterable[str]) -> None:
        self.write("".join(lines))

    def flush(self) -> None:
        """Nothing is kept."""


class HttpServer:
    """Serves a WSGI application on one address from `start` to `stop`."""

    def __init__(self, listen: tuple[str, int], app: Any, most: int = MAX_CONNECTIONS) -> None:
        self._server = WSGIServer(
            listen, app, spawn=Pool(most), log=None, error_log=_Errors(), handler_class=_Handler
        )

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once it is started."""
        host, port = self._server.server_host, self._server.server_port
        assert host is not None and port is not None  # noqa: S101, PT018 - it is an address of IP
        return host, port

    def start(self) -> None:
        """Listen. Raises OSError."""
        self._server.start()

    def stop(self, timeout_s: float) -> None:
        """Listen no more; what is under way has so long to finish."""
        self._server.stop(timeout=timeout_s)
