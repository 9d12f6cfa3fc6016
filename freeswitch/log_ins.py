"""Who logs in with success and who without: mod_sofia's events, and the registrations that a node has.

`sofia::register_failure` comes for wrong credentials, by REGISTER and by INVITE (read: sofia_reg.c,
sofia_reg_handle_register_token). It does not prove the address: a nonce is good for whoever answers it.
"""

from __future__ import annotations

from random import Random
from typing import Final, Protocol

from freeswitch import api_calls
from freeswitch.commands import Subscription
from freeswitch.events import Event
from freeswitch.inbound import InboundConnection
from freeswitch.replies import rows_of
from freeswitch.settings import EventSocketAddress

FAILED: Final = "sofia::register_failure"
REGISTERED: Final = "sofia::register"


class LogInSink(Protocol):
    """Who wants to know. Called in order, from one greenlet; must not wait."""

    def failed(self, address: str) -> None: ...
    def registered(self, address: str) -> None: ...


class LogIns:
    """A connection of its own to one node: a flood of failures delays nothing that calls need."""

    def __init__(self, address: EventSocketAddress, sink: LogInSink, *, random: Random) -> None:
        self._sink = sink
        self.connection = InboundConnection(
            address,
            Subscription((), (FAILED, REGISTERED)),
            self._event,
            random=random,
            on_resync=self._connected,
        )

    def _connected(self) -> None:
        for row in rows_of(self.connection.bgapi(api_calls.show_registrations())):
            self._sink.registered(row.get("network_ip", ""))

    def _event(self, event: Event) -> None:
        address = event.get("network-ip") or ""
        match event.subclass:
            case "sofia::register_failure":
                self._sink.failed(address)
            case "sofia::register":
                self._sink.registered(address)
