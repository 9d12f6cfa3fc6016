"""greenswitch 0.0.19's defects in connecting, losing, coming back and securing a connection: none are ours.

The others, and how they are numbered: test_greenswitch_defects.py.
"""

from __future__ import annotations

import ssl
from random import Random

import gevent
import pytest
from gevent import socket
from gevent.event import Event as Flag
from gevent.queue import Queue

from freeswitch import api_calls
from freeswitch.channel import Instructions
from freeswitch.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    ConnectTimedOut,
    FreeSwitchError,
    ProtocolError,
    ReplyTimedOut,
)
from freeswitch.inbound import InboundConnection, InboundOptions
from freeswitch.lifecycle import Backoff, State
from freeswitch.link import LinkLimits
from freeswitch.outbound import OutboundServer
from freeswitch.protocol import Framer
from freeswitch.transport import dial
from tests.protocol.ours import EVENTS, connection_to, idle, outbound
from tests.protocol.scripted_node import (
    PASSWORD,
    PATIENCE_S,
    call_to,
    node,
    raised_by,
    wait_for,
)


def test_defect_04_eof_inside_a_body_ends_the_connection():
    """greenswitch reads on for ever at the end of the stream and freezes the whole process."""
    framer = Framer()
    assert list(framer.receive_data(b"Content-Length: 100\nContent-Type: text/event-plain\n\nhalf")) == []
    with pytest.raises(ProtocolError, match="inside a message"):
        framer.receive_eof()

    def breaks_off(peer):
        peer.let_in()
        peer.send(b"Content-Length: 100\nContent-Type: text/event-plain\n\nhalf")

    with node(breaks_off, idle) as far, connection_to(far.address, wait=False) as up:
        reached = Flag()
        up._on_up = lambda: reached.set() if up.counters.connected == 2 else None
        wait_for(reached)


def test_defect_05_a_lost_connection_wakes_every_waiter():
    """greenswitch leaves whoever waits for a reply or a completion waiting for ever."""

    def drops_all(peer):
        peer.let_in()
        for _ in range(3):
            peer.command()
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # RST

    with node(drops_all, idle) as far, connection_to(far.address) as up:
        waiters = [
            gevent.spawn(raised_by, up.api, api_calls.status(), 60.0),
            gevent.spawn(raised_by, up.bgapi, api_calls.status(), 60.0),
            gevent.spawn(raised_by, up.execute, "c-1", "playback"),
        ]
        assert len(gevent.joinall(waiters, timeout=PATIENCE_S)) == 3
        assert {type(waiter.value) for waiter in waiters} == {ConnectionLost}


def test_defect_07_the_connect_timeout_covers_the_log_in():
    """greenswitch's timeout covers TCP only: a peer that accepts and says nothing blocks for ever."""

    def silent(peer):
        assert peer.wait_closed()

    options = InboundOptions(connect_timeout_s=0.05, backoff=Backoff(0.001, 0.01))
    with node(silent, idle) as far:
        up = InboundConnection(far.address, EVENTS, lambda _: None, random=Random(1), options=options)
        with pytest.raises(ConnectTimedOut, match=str(far.port)):
            up._open()
        with connection_to(far.address):
            assert far.connections == 2


def test_defect_08_a_refused_connection_is_an_error_of_ours():
    """greenswitch lets the raw OSError out."""
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
    try:
        with pytest.raises(ConnectionFailed, match=f"127.0.0.1:{port}") as caught:
            dial("127.0.0.1", port)
        assert isinstance(caught.value.__cause__, ConnectionRefusedError)
        assert caught.value.id == "freeswitch.connection.failed"
    finally:
        free.close()


def test_defect_11_the_connection_comes_back_after_a_loss():
    """A greenswitch object is of no use after a loss."""

    def answers_once(peer):
        peer.let_in()
        peer.command()
        peer.api_response("UP")

    with node(answers_once) as far, connection_to(far.address, wait=False) as up:
        for turn in range(1, 4):
            with gevent.Timeout(PATIENCE_S):
                while up.counters.connected < turn or not up.wait_up(PATIENCE_S):
                    gevent.sleep(0.001)
            assert up.api(api_calls.status()) == "UP"


def test_defect_13_timeouts_are_ordinary_exceptions():
    """greenswitch's timeouts are BaseException: `except Exception` does not catch them."""

    def mute(peer):
        peer.let_in()
        peer.wait_closed()

    with node(mute) as far, connection_to(far.address) as up:
        assert isinstance(raised_by(up.api, api_calls.status(), 0.01), ReplyTimedOut)
        assert isinstance(raised_by(up.bgapi, api_calls.status(), 0.01), ReplyTimedOut)
        with pytest.raises(ReplyTimedOut):
            up.execute("c-1", "playback", timeout_s=0.01)
    assert issubclass(FreeSwitchError, Exception)


def test_defect_20_a_wrong_password_closes_the_socket():
    """greenswitch raises ValueError and leaves the socket open."""
    closed = Flag()

    def refuses(peer):
        peer.send(b"Content-Type: auth/request\n\n")
        peer.command()
        peer.reply("-ERR invalid")
        if peer.wait_closed():
            closed.set()

    with node(refuses) as far:
        up = InboundConnection(far.address, EVENTS, lambda _: None, random=Random(1))
        with pytest.raises(AuthenticationFailed, match=r"event_socket\.conf") as caught:
            up._open()
        assert PASSWORD not in str(caught.value)
        wait_for(closed)


def test_defect_21_keep_alive_no_delay_and_a_limit_to_silence():
    """greenswitch sets neither and waits for ever for a node that has vanished."""

    def script(peer):
        peer.let_in()
        assert peer.command() == "api status"
        assert peer.wait_closed()

    told: Queue[str] = Queue()
    options = InboundOptions(
        backoff=Backoff(0.001, 0.01), limits=LinkLimits(ping_after_s=0.02, dead_after_s=0.08)
    )
    with node(script) as far:
        with connection_to(far.address, options=options, wait=False, on_down=told.put):
            assert "has been silent" in told.get(timeout=PATIENCE_S)
        connection = dial(far.host, far.port)
        sock = connection._sock
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
        connection.close()
        far.failures.clear()  # that last connection played no part in the script
    with outbound(lambda _: Instructions({})) as (server, _), call_to(server.address) as call:
        call.command()
        (session,) = server._open
        assert session._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        assert session._sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1


def test_defect_22_ipv6():
    """greenswitch knows IPv4 only."""
    with node(idle, host="::1") as far, connection_to(far.address) as up:
        assert up.state is State.UP
    server = OutboundServer(("::1", 0), lambda _: Instructions({}))
    server.start()
    try:
        with call_to(server.address) as call:
            assert call.command() == "connect"
    finally:
        server.stop(drain_s=0)


def test_defect_22_userauth():
    """greenswitch knows the node's password only."""

    def script(peer):
        peer.send(b"Content-Type: auth/request\n\n")
        assert peer.command() == f"userauth fernamt@example.test:{PASSWORD}"
        peer.send(b"Content-Type: command/reply\nReply-Text: +OK accepted\nAllowed-Events: all\n\n")
        peer.command()
        peer.reply()
        peer.wait_closed()

    options = InboundOptions(user="fernamt", user_domain="example.test")
    with node(script) as far, connection_to(far.address, options=options) as up:
        assert up.state is State.UP


def test_defect_22_tls():
    """greenswitch has no TLS. A node that does not speak it is an error of ours, and the socket is closed."""
    from gevent.ssl import SSLContext

    context = SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def speaks_plain(peer):
        peer.send(b"Content-Type: auth/request\n\n")
        peer.wait_closed()

    with node(speaks_plain) as far, pytest.raises(ConnectionFailed) as caught:
        dial(far.host, far.port, tls=context)
    assert isinstance(caught.value.__cause__, ssl.SSLError)
