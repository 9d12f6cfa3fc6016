"""What owners of contact centres tell other controllers: which nodes they can command (C1)."""

from __future__ import annotations

import redis

from cli.wiring.queue_desk import OwnersDesk
from store.acd_desk import SCREEN_S, AcdDesk


def test_what_an_owner_can_command_is_known_to_others_for_a_few_seconds(redis_client: redis.Redis) -> None:
    owner, other = OwnersDesk(AcdDesk(redis_client)), OwnersDesk(AcdDesk(redis_client))
    owner.reach(["kunde-a", "kunde-b"], {"node-2", "node-1"})
    found = other.reached(["kunde-b", "kunde-c"])
    assert found == {"kunde-b": frozenset({"node-1", "node-2"})}
    assert 0 < redis_client.ttl("fernamt:acd-reach:kunde-b") <= SCREEN_S


def test_an_owner_that_reaches_nothing_says_so(redis_client: redis.Redis) -> None:
    """That is another thing than saying nothing: its calls take the overflow."""
    desk = OwnersDesk(AcdDesk(redis_client))
    desk.reach(["kunde-a"], ())
    assert desk.reached(["kunde-a"]) == {"kunde-a": frozenset()}


def test_nobody_is_asked_about_nobody(redis_client: redis.Redis) -> None:
    desk = OwnersDesk(AcdDesk(redis_client))
    desk.reach((), {"node-1"})
    assert desk.reached([]) == {}
    assert redis_client.keys("fernamt:acd-reach:*") == []
