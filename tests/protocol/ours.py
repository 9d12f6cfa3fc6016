"""Connections of ours to the scripted node, as the tests of greenswitch's defects want them."""

from __future__ import annotations

import contextlib
from random import Random

from gevent.queue import Queue

from freeswitch.commands import Subscription
from freeswitch.inbound import InboundConnection, InboundOptions
from freeswitch.lifecycle import Backoff
from freeswitch.outbound import OutboundOptions, OutboundServer
from freeswitch.protocol import Framer
from tests.protocol.scripted_node import (
    PATIENCE_S,
    Peer,
)

EVENTS = Subscription(("CHANNEL_ANSWER", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP_COMPLETE"))


@contextlib.contextmanager
def connection_to(address, on_event=lambda _: None, *, wait=True, options=None, **callbacks):
    options = options or InboundOptions(connect_timeout_s=1.0, backoff=Backoff(0.001, 0.01))
    connection = InboundConnection(address, EVENTS, on_event, random=Random(7), options=options, **callbacks)
    connection.start()
    try:
        if wait:
            assert connection.wait_up(PATIENCE_S)
        yield connection
    finally:
        connection.stop()


@contextlib.contextmanager
def outbound(handler, **options):
    reports = Queue()
    server = OutboundServer(
        ("127.0.0.1", 0), handler, on_session=reports.put, options=OutboundOptions(**options)
    )
    server.start()
    try:
        yield server, reports
    finally:
        server.stop(drain_s=0)


def idle(peer: Peer) -> None:
    peer.let_in()
    peer.wait_closed()


def only(stream: bytes):
    (message,) = Framer().receive_data(stream)
    return message
