"""One holder at a time, and whoever comes later has the greater token."""

from __future__ import annotations

import redis

from store.embedded.process import wait_until
from store.leases import Lease, Leases


def test_nobody_else_gets_a_lease_that_is_held(redis_client: redis.Redis) -> None:
    leases = Leases(redis_client, ttl_s=30)
    held = leases.acquire("tenant-1", "controller-a")
    assert held is not None
    assert (held.name, held.holder) == ("tenant-1", "controller-a")
    assert leases.acquire("tenant-1", "controller-b") is None
    assert leases.acquire("tenant-2", "controller-b") is not None


def test_a_holder_that_asks_again_gets_a_greater_token(redis_client: redis.Redis) -> None:
    """What it wrote before may be on its way yet, over a connection that it has given up."""
    leases = Leases(redis_client, ttl_s=30)
    first = leases.acquire("tenant-1", "controller-a")
    again = leases.acquire("tenant-1", "controller-a")
    assert first is not None
    assert again is not None
    assert again.token > first.token
    assert not leases.renew(first)
    assert leases.renew(again)


def test_a_released_lease_goes_on_with_a_greater_token(redis_client: redis.Redis) -> None:
    leases = Leases(redis_client, ttl_s=30)
    first = leases.acquire("tenant-1", "controller-a")
    assert first is not None
    assert leases.release(first)
    second = leases.acquire("tenant-1", "controller-b")
    assert second is not None
    assert second.token > first.token
    assert not leases.renew(first)
    assert not leases.release(first)
    assert leases.renew(second)


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
    assert taken[0].token > first.token
    assert not leases.renew(first)


def test_a_redis_that_has_forgotten_the_last_tokens_gives_none_of_them_again(
    redis_client: redis.Redis,
) -> None:
    """As a promoted replica that had not heard of them yet: both would act on one contact centre."""
    leases = Leases(redis_client, ttl_s=30)
    first = leases.acquire("tenant-1", "controller-a")
    assert first is not None
    redis_client.flushdb()
    assert wait_until(lambda: _milliseconds(redis_client) > first.token, timeout_s=20)
    second = leases.acquire("tenant-1", "controller-b")
    assert second is not None
    assert second.token > first.token
    assert not leases.renew(first)


def _milliseconds(client: redis.Redis) -> int:
    seconds, microseconds = client.time()
    return seconds * 1000 + microseconds // 1000
