"""What people tell contact centres and what they see of them, in Redis.

    fernamt:acd:TENANT:commands   commands for the owner, in order: JSON objects, each with its deadline
                                  `by` in milliseconds of Redis' clock; gone when the last one is late
    fernamt:acd-answer:ID         the owner's answer, for the one who asked
    fernamt:acd-reach:TENANT      nodes that the owner can command; gone SCREEN_S after the last one
    fernamt:acd-screen:TENANT     the centre as the owner sees it; gone SCREEN_S after the last one

A command that nobody takes in time is not carried out and its sender hears that nobody answered: nothing
happens late, also when an owner comes that finds it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, cast

import redis

from store.foreign_errors import redis_errors

COMMAND_S: Final = 5
SCREEN_S: Final = 5
#: Commands that may wait for one owner.
MAX_COMMANDS: Final = 100
#: Contact centres that are listed at once.
MAX_SCREENS: Final = 10_000
_SCREEN: Final = "fernamt:acd-screen:"

#: KEYS: commands. ARGV: command, milliseconds, most. Returns 0 when too many wait.
_SEND: Final = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
local time = redis.call('TIME')
local by = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2])
redis.call('RPUSH', KEYS[1], string.sub(ARGV[1], 1, -2) .. string.format(',"by":%.0f}', by))
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
"""

#: KEYS: commands. Returns the oldest one, and 1 when it is late; nothing when there is none.
_TAKE: Final = """
local oldest = redis.call('LPOP', KEYS[1])
if not oldest then return false end
local time = redis.call('TIME')
local by = string.match(oldest, ',"by":(%d+)}$')
if by and time[1] * 1000 + math.floor(time[2] / 1000) > tonumber(by) then return {oldest, 1} end
return {oldest, 0}
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A command; one that is `late` is not to be carried out: its sender was told that nobody answered."""

    text: str
    late: bool


class AcdDesk:
    """All methods raise LiveStateError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._send = client.register_script(_SEND)
        self._take = client.register_script(_TAKE)

    def send(self, tenant: str, command: str, within_s: float = COMMAND_S) -> bool:
        """Leave a command (a JSON object, not an empty one) for the owner, who has to take it in this time;
        False when too many wait."""
        with redis_errors(f"command for {tenant}"):
            args: list[str | int] = [command, int(within_s * 1000), MAX_COMMANDS]
            sent = self._send(keys=[_commands(tenant)], args=args)
        return bool(sent == 1)

    def take(self, tenant: str) -> Taken | None:
        """The oldest command."""
        with redis_errors(f"commands for {tenant}"):
            found = cast(tuple[bytes, int] | None, self._take(keys=[_commands(tenant)]))
        return None if found is None else Taken(found[0].decode("utf-8", "replace"), found[1] == 1)

    def answer(self, command_id: str, text: str) -> None:
        """Tell the sender."""
        with redis_errors(f"answer to {command_id}"):
            self._client.set(_answer(command_id), text, ex=2 * COMMAND_S)

    def answer_to(self, command_id: str) -> str | None:
        """What the owner said, None so far."""
        with redis_errors(f"answer to {command_id}"):
            said = cast(bytes | None, self._client.get(_answer(command_id)))
        return None if said is None else said.decode("utf-8", "replace")

    def owner(self, tenant: str) -> str | None:
        """Who holds the tenant's lease: the controller's address, process and start; None: nobody."""
        with redis_errors(f"owner of {tenant}"):
            holder = cast(bytes | None, self._client.hget(f"fernamt:lease:acd-{tenant}", "holder"))
        return None if holder is None else holder.decode("utf-8", "replace")

    def show(self, tenant: str, screen: str) -> None:
        """Keep what screens show."""
        with redis_errors(f"screen of {tenant}"):
            self._client.set(_SCREEN + tenant, screen, ex=SCREEN_S)

    def screen(self, tenant: str) -> str | None:
        """One contact centre's; None while nobody owns it."""
        with redis_errors(f"screen of {tenant}"):
            found = cast(bytes | None, self._client.get(_SCREEN + tenant))
        return None if found is None else found.decode("utf-8", "replace")

    def reach(self, tenants: Collection[str], nodes: str) -> None:
        """Note which nodes the owner of these tenants can command."""
        if not tenants:
            return
        with redis_errors("reach of an owner"), self._client.pipeline(transaction=False) as pipeline:
            for tenant in tenants:
                pipeline.set(_reach(tenant), nodes, ex=SCREEN_S)
            pipeline.execute()

    def reached(self, tenants: Sequence[str]) -> dict[str, str]:
        """What was noted, of those tenants of whom something was."""
        if not tenants:
            return {}
        with redis_errors("reach of owners"):
            found = cast(list[bytes | None], self._client.mget([_reach(tenant) for tenant in tenants]))
        return {
            tenant: nodes.decode("utf-8", "replace")
            for tenant, nodes in zip(tenants, found, strict=True)
            if nodes is not None
        }

    def screens(self) -> list[str]:
        """All contact centres that somebody owns now, by name."""
        with redis_errors("screens"):
            names = sorted(self._client.scan_iter(match=f"{_SCREEN}*", count=1_000))[:MAX_SCREENS]
            found = cast(list[bytes | None], self._client.mget(names)) if names else []
        return [each.decode("utf-8", "replace") for each in found if each is not None]


def _reach(tenant: str) -> str:
    return f"fernamt:acd-reach:{tenant}"


def _commands(tenant: str) -> str:
    return f"fernamt:acd:{tenant}:commands"


def _answer(command_id: str) -> str:
    return f"fernamt:acd-answer:{command_id}"
