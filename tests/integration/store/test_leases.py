"""One holder at a time, and whoever comes later has the greater token."""

from __future__ import annotations

import redis

from store.embedded.process import wait_until
from store.leases import Lease, Leases


def test_nobody_else_gets_a_lease_that_is_held(redis_client: redis.Redis) -> None:
    leases = Leases(redis_client, ttl_s=30)
    assert leases.acquire("tenant-1", "controller-a") == Lease("tenant-1", "controller-a", 1)
    assert leases.acquire("tenant-1", "controller-b") is None
    assert leases.acquire("tenant-2", "controller-b") == Lease("tenant-2", "controller-b", 1)


def test_a_holder_that_asks_again_keeps_its_token(redis_client: redis.Redis) -> None:
    leases = Leases(redis_client, ttl_s=30)
    assert leases.acquire("tenant-1", "controller-a") == leases.acquire("tenant-1", "controller-a")


def test_a_released_lease_goes_on_with_a_greater_token(redis_client: redis.Redis) -> None:
    leases = Leases(redis_client, ttl_s=30)
    first = leases.acquire("tenant-1", "controller-a")
    assert first is not None
    assert leases.release(first)
    second = leases.acquire("tenant-1", "controller-b")
    assert second == Lease("tenant-1", "controller-b", 2)
    assert not leases.renew(first)
    assert not leases.release(first)
    assert leases.renew(Lease("tenant-1", "controller-b", 2))


def test_a_holder_that_fell_asleep_has_lost_its_lease(redis_client: redis.Redis) -> None:
    leases = Leases(redis_client, ttl_s=0.1)
    first = leases.acquire("tenant-1", "controller-a")
    assert first is not None
    taken: list[Lease] = []

    def somebody_else_has_it() -> bool:
        lease = leases.acquire("tenant-1", "controller-b")
        taken.extend([lease] if lease else [])
        return bool(taken)

    assert wait_until(somebody_else_has_it, timeout_s=20)
    assert taken[0].token == first.token + 1
    assert not leases.renew(first)
