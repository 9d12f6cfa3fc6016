"""Listening for the copies of SIP messages that nodes send while they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import structlog
from gevent.server import DatagramServer

from freeswitch.errors import ProtocolError
from freeswitch.hep import SipSeen, sip_seen

_log = structlog.get_logger(__name__)


class SipCapture:
    """`seen` is told each message; it must not wait. Datagrams that are no HEP are counted, not answered."""

    def __init__(self, listen: tuple[str, int], seen: Callable[[SipSeen], None]) -> None:
        self._seen = seen
        self._server = DatagramServer(listen, cast("Any", self._take))
        self.unreadable = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, after `start`."""
        return str(self._server.server_host), self._server.server_port or 0

    def start(self) -> None:
        """Raises OSError when the port is taken."""
        self._server.start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.stop(timeout=1.0)

    def _take(self, datagram: bytes, _sender: tuple[str, int]) -> None:
        try:
            found = sip_seen(datagram)
        except ProtocolError as error:
            self.unreadable += 1
            if self.unreadable == 1:
                _log.warning("no SIP capture", error=str(error))
            return
        if found is not None and found.call_id:
            self._seen(found)
