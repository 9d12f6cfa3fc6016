"""The stand-in for Operator Connect behind an HTTP server of 127.0.0.1, with or without TLS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from teams.transport import Request
from tests.lab.operator_connect import Simulator

#: Largest request that is read.
_MAX_BYTES = 8 << 20


@contextmanager
def served(simulator: Simulator, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The base address; requests are answered one after the other, however many connections there are."""
    one = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = min(int(self.headers.get("Content-Length", 0)), _MAX_BYTES)
            body = self.rfile.read(length) if length else None
            request = Request(self.command, self.path, dict(self.headers.items()), body)
            with one:
                answer = simulator.answer(request)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = _any  # noqa: N815 - the base class's name
        do_POST = _any  # noqa: N815 - as above

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Tests need no log of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
