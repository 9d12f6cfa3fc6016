"""Addresses that are shut out, for the guards of all nodes and for operators, in Redis.

    fernamt:bans             address -> ban as JSON; gone when the ban is not remembered any more
    fernamt:known-addresses  addresses where phones are registered, by the second of Redis' clock in which one
                             was last; gone KNOWN_S after that
    fernamt:guard:NODE       how the guard of a node stands, as JSON; ends by itself TOLD_S after it was told

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

from dialplan.strangers.ban import LONGEST_BY_HAND, REMEMBERED, Ban, kept
from dialplan.strangers.counting import KNOWN_S, MOST_KNOWN
from store.errors import LiveStateLimit
from store.foreign_errors import redis_errors

_log = structlog.get_logger(__name__)

#: Guards tell every few seconds.
TOLD_S: Final = 15
#: Remembered at once, of which a node shuts out the strongest 400; weaker ones of the guards give way.
MOST_BANS: Final = 5_000
#: By hand and in force at once, so that each is among those 400.
MOST_BY_HAND: Final = 300
_BANS: Final = "fernamt:bans"
_KNOWN: Final = "fernamt:known-addresses"
_GUARD: Final = "fernamt:guard:"
_TTL_S: Final = int((LONGEST_BY_HAND + REMEMBERED).total_seconds())


class BanStore:
    """All methods raise StoreError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def all(self, now: datetime) -> Sequence[Ban]:
        """Every ban that is remembered, by address, MOST_BANS at most. What goes beyond, and what nobody
        needs any more, is removed."""
        with redis_errors("reading bans"):
            rows = self._redis.hgetall(_BANS)
            found = {_text(name): _ban(_text(text)) for name, text in rows.items()}
            held = {
                ban.address: ban for ban in kept((each for each in found.values() if each), now, MOST_BANS)
            }
            if gone := found.keys() - held.keys():
                self._redis.hdel(_BANS, *gone)
        return [held[name] for name in sorted(held)]

    def note(self, bans: Sequence[Ban]) -> None:
        """Note the guards' bans; an older one of the same address ends. Whoever reads next makes room."""
        if not bans:
            return
        with redis_errors("noting bans"):
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hset(_BANS, mapping={ban.address: json.dumps(_plain(ban)) for ban in bans})
            pipeline.expire(_BANS, _TTL_S)
            pipeline.execute()

    def put(self, ban: Ban, now: datetime) -> None:
        """Note a person's ban. LiveStateLimit when MOST_BY_HAND others of them are in force."""
        others = [each for each in self.all(now) if each.address != ban.address]
        if sum(each.by_hand and each.in_force(now) for each in others) >= MOST_BY_HAND:
            raise LiveStateLimit(
                f"ban of {ban.address}",
                f"{MOST_BY_HAND} bans by hand are in force already",
                "Lift some: `fernamt ban list`; keep whole networks out in front of the machine",
            )
        self.note([ban])

    def lift(self, address: str) -> bool:
        """Forget it; whether there was one."""
        with redis_errors("lifting a ban"):
            return bool(self._redis.hdel(_BANS, address))

    def remember(self, sources: Sequence[str]) -> None:
        """Phones were registered at these addresses just now. The last MOST_KNOWN are kept."""
        if not sources:
            return
        with redis_errors("noting where phones are"):
            now_s = self._now_s()
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.zadd(_KNOWN, dict.fromkeys(sources, now_s))
            pipeline.zremrangebyscore(_KNOWN, "-inf", now_s - KNOWN_S)
            pipeline.zremrangebyrank(_KNOWN, 0, -MOST_KNOWN - 1)
            pipeline.expire(_KNOWN, int(KNOWN_S))
            pipeline.execute()

    def known_ages_s(self) -> Mapping[str, float]:
        """Seconds since a phone was registered last, for each address where one was within KNOWN_S."""
        with redis_errors("reading where phones are"):
            now_s = self._now_s()
            rows: Any = self._redis.zrangebyscore(_KNOWN, now_s - KNOWN_S, "+inf", withscores=True)
        return {_text(name): max(0.0, now_s - float(at_s)) for name, at_s in rows}

    def _now_s(self) -> float:
        """By the clock of Redis, which is one for all nodes."""
        found: Any = self._redis.time()
        return float(found[0])

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
        "light": ban.light,
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
            bool(plain.get("light", False)),
        )
    except (ValueError, TypeError, KeyError) as error:
        _log.warning("a ban cannot be read", error=str(error))
        return None


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
