"""What owners of contact centres and other controllers tell each other, and people them (C1)."""

from __future__ import annotations

import json

import redis

from acd.events import OwnCallBegan, QueueFlushed
from acd.journal import written
from cli.wiring.queue_desk import TOO_LATE, OwnersDesk
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


def flush(command_id: str, queue: str) -> str:
    return json.dumps({"id": command_id, "event": written(QueueFlushed(queue), 0)})


def test_a_command_that_nobody_took_in_time_is_not_carried_out_by_whoever_comes(
    redis_client: redis.Redis,
) -> None:
    """Its sender was told that nobody answered. Those that came after it do not keep it alive."""
    desk = AcdDesk(redis_client)
    assert desk.send("kunde-a", flush("1", "verkauf"), -0.001)  # its time has passed, as Redis says
    assert desk.send("kunde-a", flush("2", "technik"))
    owner = OwnersDesk(desk)
    assert owner.command("kunde-a") == ("2", QueueFlushed("technik"))
    assert owner.command("kunde-a") is None
    assert desk.answer_to("1") == TOO_LATE
    assert desk.answer_to("2") is None


def test_what_a_controller_knows_waits_for_a_new_owner(redis_client: redis.Redis) -> None:
    owner = OwnersDesk(AcdDesk(redis_client))
    owner.pass_on("kunde-a", OwnCallBegan("anna", "c1"))
    assert redis_client.ttl("fernamt:acd:kunde-a:commands") > SCREEN_S
    assert owner.command("kunde-a") == ("", OwnCallBegan("anna", "c1"))


def test_a_command_of_a_program_of_the_version_before_is_understood(redis_client: redis.Redis) -> None:
    redis_client.rpush("fernamt:acd:kunde-a:commands", flush("1", "verkauf"))
    assert OwnersDesk(AcdDesk(redis_client)).command("kunde-a") == ("1", QueueFlushed("verkauf"))
