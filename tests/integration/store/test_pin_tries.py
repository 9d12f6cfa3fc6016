"""Attempts on mailboxes, counted in Redis (C3)."""

from __future__ import annotations

import redis

from store.pin_tries import HOUR_S, PinCounter

KEY = "fernamt:pin:kunde/box"


def test_attempts_are_counted_for_each_mailbox_and_forgotten_with_the_right_pin(
    redis_client: redis.Redis,
) -> None:
    counter = PinCounter(redis_client)
    assert [counter.begin("kunde", "box", 10) for _ in range(3)] == [1, 2, 3]
    assert counter.begin("kunde", "other", 10) == 1
    counter.forget("kunde", "box")
    assert counter.begin("kunde", "box", 10) == 1


def test_the_hour_begins_with_the_first_attempt_and_anew_with_the_one_that_locks(
    redis_client: redis.Redis,
) -> None:
    counter = PinCounter(redis_client)
    counter.begin("kunde", "box", 3)
    assert 0 < redis_client.ttl(KEY) <= HOUR_S
    redis_client.expire(KEY, 100)
    counter.begin("kunde", "box", 3)
    assert redis_client.ttl(KEY) <= 100
    counter.begin("kunde", "box", 3)
    assert redis_client.ttl(KEY) > 100
    redis_client.expire(KEY, 100)
    counter.begin("kunde", "box", 3)
    assert redis_client.ttl(KEY) <= 100
