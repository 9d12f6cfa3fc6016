"""A Redis in trouble costs a call half a second at most, once, and says what is wrong."""

from __future__ import annotations

import socket
import time

import pytest
import redis
from sqlalchemy import make_url

from store.errors import LiveStateLoginRefused, LiveStateUnavailable
from store.foreign_errors import redis_errors
from store.redis_client import CALL_PATH_TIMEOUT_S, blocking_client, call_path_client
from tests.patience import slowness


def test_a_silent_redis_holds_a_call_up_for_half_a_second_and_is_asked_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = call_path_client(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        with pytest.raises(LiveStateUnavailable), redis_errors("test"):
            client.ping()
        assert time.monotonic() - began < 2 * CALL_PATH_TIMEOUT_S * slowness()
        silent.setblocking(False)
        connection, _ = silent.accept()
        connection.close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_connections_that_the_server_closed_cost_nobody_an_error(
    redis_client: redis.Redis, redis_url: str
) -> None:
    other = call_path_client(redis_url)
    other.ping()
    redis_client.client_kill_filter(_type="normal", skipme=True)
    assert other.ping()
    other.close()


def test_a_blocking_read_may_take_its_time(redis_url: str) -> None:
    client = blocking_client(redis_url, longest_block_s=5)
    began = time.monotonic()
    assert client.blpop(["nothing-comes"], timeout=0.6) is None
    assert time.monotonic() - began > CALL_PATH_TIMEOUT_S
    client.close()


def test_a_wrong_password_is_not_taken_for_an_outage(redis_url: str) -> None:
    wrong = make_url(redis_url).set(password="wrong").render_as_string(hide_password=False)
    client = call_path_client(wrong)
    with pytest.raises(LiveStateLoginRefused, match="password"), redis_errors("test"):
        client.ping()
    client.close()
