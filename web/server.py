"""The HTTP server: gevent's, with an end to every wait and to the number of connections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import structlog
from gevent import socket
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

_log = structlog.get_logger(__name__)

#: Connections at once, streams included; more wait in the kernel's queue.
MAX_CONNECTIONS: Final = 300
#: Connections that the kernel keeps for us.
_WAITING: Final = 256
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
        self._listen = listen
        self._app = app
        self._most = most
        self._server: WSGIServer | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once it is started."""
        server = self._server
        if server is None or server.server_host is None or server.server_port is None:
            return self._listen
        return server.server_host, server.server_port

    def start(self) -> None:
        """Listen. Raises OSError."""
        self._server = WSGIServer(
            _listener(self._listen),
            self._app,
            spawn=Pool(self._most),
            log=None,
            error_log=_Errors(),
            handler_class=_Handler,
        )
        self._server.start()

    def stop(self, timeout_s: float) -> None:
        """Listen no more; what is under way has so long to finish."""
        if self._server is not None:
            self._server.stop(timeout=timeout_s)


def _listener(address: tuple[str, int]) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(_WAITING)
    except OSError:
        made.close()
        raise
    return made
