"""Addresses that are shut out, for the guards of all nodes and for operators, in Redis.

    fernamt:bans         address -> ban as JSON; gone when the ban is not remembered any more
    fernamt:guard:NODE   how the guard of a node stands, as JSON; ends by itself TOLD_S after it was told

In Redis and not in the database because an address is a person's and the ban's end is its deletion (F4); who
banned or lifted by hand stands in the audit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import redis
import structlog

from dialplan.strangers.ban import LONGEST_BY_HAND, REMEMBERED, Ban
from store.errors import LiveStateLimit
from store.foreign_errors import redis_errors

_log = structlog.get_logger(__name__)

#: Guards tell every few seconds.
TOLD_S: Final = 15
#: Remembered at once, of which a node shuts out the last 400.
MOST_BANS: Final = 5_000
_BANS: Final = "fernamt:bans"
_GUARD: Final = "fernamt:guard:"
_TTL_S: Final = int((LONGEST_BY_HAND + REMEMBERED).total_seconds())


class BanStore:
    """All methods raise StoreError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def all(self, now: datetime) -> Sequence[Ban]:
        """Every ban that is remembered, by address. What nobody needs any more is removed."""
        with redis_errors("reading bans"):
            rows = self._redis.hgetall(_BANS)
            found = {_text(name): _ban(_text(text)) for name, text in rows.items()}
            kept = {name: ban for name, ban in found.items() if ban is not None and ban.remembered(now)}
            if gone := found.keys() - kept.keys():
                self._redis.hdel(_BANS, *gone)
        return [kept[name] for name in sorted(kept)]

    def put(self, ban: Ban) -> None:
        """Note it; an older ban of the same address ends. LiveStateLimit when there are too many."""
        with redis_errors("noting a ban"):
            if self._redis.hlen(_BANS) >= MOST_BANS and not self._redis.hexists(_BANS, ban.address):
                raise LiveStateLimit(
                    f"ban of {ban.address}",
                    f"{MOST_BANS} bans are remembered already",
                    "Lift some: `fernamt ban list`; a flood of many addresses is the network's to stop",
                )
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hset(_BANS, ban.address, json.dumps(_plain(ban)))
            pipeline.expire(_BANS, _TTL_S)
            pipeline.execute()

    def lift(self, address: str) -> bool:
        """Forget it; whether there was one."""
        with redis_errors("lifting a ban"):
            return bool(self._redis.hdel(_BANS, address))

    def tell(self, node: str, status: Mapping[str, Any]) -> None:
        """This is how the guard of the node stands."""
        with redis_errors("telling of the guard"):
            self._redis.set(f"{_GUARD}{node}", json.dumps(dict(status)), ex=TOLD_S)

    def told(self, node: str) -> Mapping[str, Any] | None:
        """What the guard of the node told last; None when it is silent."""
        with redis_errors("asking for the guard"):
            text = self._redis.get(f"{_GUARD}{node}")
        return json.loads(_text(text)) if text is not None else None


def _plain(ban: Ban) -> dict[str, Any]:
    return {
        "address": ban.address,
        "since": ban.since.isoformat(),
        "until": ban.until.isoformat(),
        "reason": ban.reason,
        "actor": ban.actor,
        "times": ban.times,
    }


def _ban(text: str) -> Ban | None:
    """None for what another version of the program wrote and this one cannot read."""
    try:
        plain = json.loads(text)
        return Ban(
            str(plain["address"]),
            datetime.fromisoformat(plain["since"]).astimezone(UTC),
            datetime.fromisoformat(plain["until"]).astimezone(UTC),
            str(plain["reason"]),
            str(plain["actor"]),
            int(plain["times"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        _log.warning("a ban cannot be read", error=str(error))
        return None


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
