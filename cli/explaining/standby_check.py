"""What the doctor says of PostgreSQL and Redis where others follow them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cli.explaining.findings import Finding, State
from store.standby import ServerSeen, Standbys

_NAME: Final = "database"
_REDIS: Final = "redis"
_PAGE: Final = 'docs/operation.md, "PostgreSQL with a standby"'
_LOST: Final = 'docs/operation.md, "When PostgreSQL\'s primary is lost"'
_REPLICA: Final = 'docs/operation.md, "Redis with a replica"'


def nobody_writes(servers: Sequence[ServerSeen]) -> Finding | None:
    """The fault that a standby is there and nobody has promoted it; None where that is not so."""
    return _not_promoted(_NAME, servers, f"Promote the standby: {_LOST}")


def no_redis_primary(servers: Sequence[ServerSeen]) -> Finding | None:
    """The same of Redis."""
    return _not_promoted(_REDIS, servers, f"REPLICAOF NO ONE at the replica: {_REPLICA}")


def redis_finding(calls: int, servers: Sequence[ServerSeen] = ()) -> Finding:
    """It answers: two primaries, a server that is away, or all is well."""
    good = f"answers; {calls} calls in progress"
    if len(writing := [each.place for each in servers if each.takes_writes]) > 1:
        told = f"{' and '.join(writing)} take writes: programs may be divided between them"
        return Finding(_REDIS, State.FAULT, told, f"Make the one that was replaced a replica: {_REPLICA}")
    if silent := _silent(servers):
        told = f"{good}; {'; '.join(silent)}: it cannot take over when the primary dies"
        return Finding(_REDIS, State.WARNING, told, "Bring it back, or take it out of redis.url")
    return Finding(_REDIS, State.OK, good)


def _not_promoted(name: str, servers: Sequence[ServerSeen], step: str) -> Finding | None:
    standing = [each.place for each in servers if each.takes_writes is False]
    if not standing or any(each.takes_writes for each in servers):
        return None
    told = "; ".join([*_silent(servers), *(f"{place} follows" for place in standing)])
    return Finding(name, State.FAULT, f"nobody takes writes: {told}", step)


def database_finding(version: str, seen: Standbys, servers: Sequence[ServerSeen] = ()) -> Finding:
    """The worst of: two primaries, commits that wait, commits that do not, a server that is away."""
    good = f"PostgreSQL {version}, schema is current"
    writing = [each.place for each in servers if each.takes_writes]
    if len(writing) > 1:
        told = f"{' and '.join(writing)} take writes: one of them was replaced and runs on"
        return Finding(_NAME, State.FAULT, told, f"Stop that one now: {_LOST}")
    if seen.stuck:
        told = f"every commit waits for a standby ({seen.named}), and none is there: records wait on disk"
        return Finding(_NAME, State.FAULT, told, f"Bring it back, or go on without: {_LOST}")
    if seen.commit == "off":
        told = "synchronous_commit is off: what was committed last is lost when the server dies, records too"
        return Finding(_NAME, State.WARNING, told, f"Set it on: {_PAGE}")
    if seen.following and not seen.safe:
        told = f"{good}; {_count(seen)}, and commits do not wait: the last records are lost with the primary"
        return Finding(_NAME, State.WARNING, told, f"Set synchronous_standby_names: {_PAGE}")
    if silent := _silent(servers):
        told = f"{good}; {'; '.join(silent)}: it cannot take over when the primary dies"
        return Finding(_NAME, State.WARNING, told, "Bring it back, or take it out of database.url")
    return Finding(_NAME, State.OK, f"{good}; {_count(seen)}, commits wait for it" if seen.safe else good)


def _silent(servers: Sequence[ServerSeen]) -> list[str]:
    return [f"{each.place} does not say what it is ({each.why})" for each in servers if each.why]


def _count(seen: Standbys) -> str:
    return "a standby follows" if seen.following == 1 else f"{seen.following} standbys follow"
