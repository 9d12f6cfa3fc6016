"""The primary Redis is killed and its replica promoted: limits hold, and programs find it (issue 7, 0008)."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from gevent import idle
from sqlalchemy import make_url

from cli.wiring.adapters import SharedLimits
from controller.limiting import Limiting
from dialplan.limits.agreed import Claim, Counter, Scope
from store.embedded import EmbeddedRedis
from store.embedded.process import end, servers_in, wait_until
from store.errors import LiveStateUnavailable
from store.foreign_errors import redis_errors
from store.limits import CallCounters
from store.redis_client import call_path_client, limits_client
from store.replicas import redis_servers_seen
from tests.ports import free_port
from tests.servers import state_directory

THREE = (Claim(Counter.SIMULTANEOUS_CALLS, Scope.CUSTOMER, "bau", 3),)


@dataclass(frozen=True, slots=True)
class Server:
    """One Redis, and a client of it alone."""

    state_dir: Path
    embedded: EmbeddedRedis
    port: int
    client: redis.Redis

    def kill(self) -> None:
        """As when its machine dies."""
        data = self.state_dir / "redis" / "data"
        assert end(servers_in(data, EmbeddedRedis.programs), ((signal.SIGKILL, 10.0),))

    def follow(self, primary: Server) -> None:
        """Be its replica, and have all that it has."""
        self.client.config_set("masterauth", str(make_url(primary.embedded.url).password))
        self.client.replicaof("127.0.0.1", primary.port)
        assert wait_until(lambda: self.client.role()[3] == b"connected", 20)

    def promote(self) -> None:
        self.client.replicaof("NO", "ONE")


@contextmanager
def server(state_dir: Path) -> Iterator[Server]:
    (state_dir / "redis" / "port").write_text(str(free_port()))
    made = EmbeddedRedis(state_dir)
    with call_path_client(made.start()) as client:
        client.config_set("repl-diskless-sync-delay", 0)
        try:
            yield Server(state_dir, made, int(str(make_url(made.url).port)), client)
        finally:
            made.stop()


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server]]:
    """A primary and its replica."""
    with state_directory() as one, state_directory() as other:
        for path in (one, other):
            (path / "redis").mkdir(mode=0o711)
        with server(one) as primary:
            shutil.copy2(one / "redis" / "password", other / "redis" / "password")
            with server(other) as replica:
                replica.follow(primary)
                yield primary, replica


def meanwhile(condition: Callable[[], bool]) -> Callable[[], bool]:
    """The same, after the other greenlets had their turn."""

    def asked() -> bool:
        idle()
        return condition()

    return asked


def several(*servers: Server) -> str:
    password = make_url(servers[0].embedded.url).password
    return f"redis://:{password}@{','.join(f'127.0.0.1:{each.port}' for each in servers)}/0"


def test_limits_hold_for_calls_that_the_promoted_replica_never_heard_of(pair: tuple[Server, Server]) -> None:
    """Replication waits for nobody, so the last claims may be lost; who let the calls through knows them."""
    primary, replica = pair
    both = several(primary, replica)
    returned: list[str] = []
    counters = CallCounters(call_path_client(both), quick=limits_client(both), controller="controller-1")
    limiting = Limiting(
        SharedLimits(counters), lambda: time.monotonic() * 1000, lambda: returned.append("back")
    )
    limiting.start()
    assert limiting.take("c1", "node-1", THREE) is None
    assert limiting.take("c2", "node-1", THREE) is None
    assert wait_until(lambda: CallCounters(replica.client, controller="test").counts(THREE) == (2,), 10)
    replica.promote()
    assert limiting.take("c3", "node-1", THREE) is None
    primary.kill()
    assert limiting.take("c4", "node-1", THREE) is THREE[0], "counted by the controller itself"
    assert limiting.away
    found = meanwhile(lambda: bool(returned) and not limiting.away)
    assert wait_until(found, 10), "the promoted one"
    assert CallCounters(replica.client, controller="test").counts(THREE) == (3,)
    assert limiting.take("c5", "node-2", THREE) is THREE[0]
    limiting.ended("c3")
    assert wait_until(meanwhile(lambda: counters.counts(THREE) == (2,)), 10)
    assert limiting.take("c6", "node-2", THREE) is None
    limiting.stop(5.0)


def test_an_old_primary_that_comes_back_is_named_and_not_gone_over_to(pair: tuple[Server, Server]) -> None:
    primary, replica = pair
    both = several(primary, replica)
    assert [each.takes_writes for each in redis_servers_seen(both)] == [True, False]
    client = call_path_client(both)
    client.set("fernamt:test", "1")
    primary.kill()
    assert [each.takes_writes for each in redis_servers_seen(both)] == [None, False]
    with pytest.raises(LiveStateUnavailable, match="it is a replica"), redis_errors("test"):
        client.set("fernamt:test", "2")
    replica.promote()
    with pytest.raises(LiveStateUnavailable, match="is the primary now"), redis_errors("test"):
        client.set("fernamt:test", "3")
    client.set("fernamt:test", "3")
    primary.embedded.start()
    assert [each.takes_writes for each in redis_servers_seen(both)] == [True, True]
    client.connection_pool.disconnect()
    client.set("fernamt:test", "4")
    assert replica.client.get("fernamt:test") == b"4"
    client.close()


def test_a_primary_that_was_made_a_replica_is_left_with_the_first_refusal(
    pair: tuple[Server, Server],
) -> None:
    """As in a planned change: its connections stay open, and what they write is refused."""
    primary, replica = pair
    client = call_path_client(several(primary, replica))
    client.set("fernamt:test", "1")
    replica.promote()
    primary.follow(replica)
    with pytest.raises(LiveStateUnavailable, match="become a replica"), redis_errors("test"):
        client.set("fernamt:test", "2")
    client.set("fernamt:test", "3")
    assert replica.client.get("fernamt:test") == b"3"
    client.close()
