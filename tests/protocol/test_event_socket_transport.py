"""One connection: everything is sent, nothing is sent for ever, the end is one error for all."""

from __future__ import annotations

import contextlib

import gevent
import pytest
from gevent import socket

from freeswitch.errors import ConnectionLost, Overloaded, ReplyTimedOut
from freeswitch.transport import Connection, deadline
from tests.protocol.scripted_node import PATIENCE_S, raised_by


@contextlib.contextmanager
def connected(send_timeout_s: float = PATIENCE_S):
    near, far = socket.socketpair()
    connection = Connection(near, "far", send_timeout_s=send_timeout_s)
    try:
        yield connection, far
    finally:
        connection.close()
        far.close()


def test_a_peer_that_takes_no_data_is_given_up():
    with connected(send_timeout_s=0.05) as (connection, _):
        connection.send(b"first\n\n")
        with pytest.raises(ConnectionLost, match="took no data"):
            connection.send(b"x" * 4_000_000)
        with pytest.raises(ConnectionLost, match="took no data"):
            connection.send(b"later\n\n")


def test_what_waits_to_be_sent_is_bounded():
    with connected() as (connection, far):
        first = gevent.spawn(raised_by, connection.send, b"x" * 4_000_000)
        gevent.idle()
        connection.send(b"y" * 4_000_000)
        with pytest.raises(Overloaded, match="4000000 bytes wait"):
            connection.send(b"z" * 4_000_000)
        received = 0
        with gevent.Timeout(PATIENCE_S):
            while received < 8_000_000:
                received += len(far.recv(1_000_000))
        first.join(PATIENCE_S)
        assert first.value is None


def test_a_sender_that_is_interrupted_takes_the_connection_with_it():
    """Half a command must not be followed by another one."""
    with connected() as (connection, _):
        error = raised_by(send_within, connection, 0.02)
        assert isinstance(error, ReplyTimedOut)
        with pytest.raises(ConnectionLost, match="interrupted while sending"):
            connection.send(b"next\n\n")


def send_within(connection: Connection, seconds: float) -> None:
    with deadline(seconds, lambda: ReplyTimedOut("too slow")):
        connection.send(b"x" * 4_000_000)


def test_a_reset_while_sending_is_a_lost_connection():
    with connected() as (connection, far):
        far.close()
        with pytest.raises(ConnectionLost, match="sending failed"):
            connection.send(b"x" * 4_000_000)


def test_closing_wakes_the_reader_with_the_reason():
    with connected() as (connection, _):
        reader = gevent.spawn(raised_by, lambda: list(connection.receive()))
        gevent.idle()
        connection.close("the node was taken out of service")
        reader.join(PATIENCE_S)
        assert "taken out of service" in str(reader.value)


def test_a_deadline_inside_another_ends_what_it_is_for():
    def inner():
        with deadline(60.0, lambda: ReplyTimedOut("inner")):
            gevent.sleep(60)

    def outer():
        with deadline(0.01, lambda: ReplyTimedOut("outer")):
            inner()

    assert str(raised_by(outer)) == "outer"
