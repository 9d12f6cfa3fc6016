"""Leases in Redis: one holder at a time, and a token that grows with every acquiring.

A holder that was asleep may believe it still holds; whoever acts on a lease passes its token along, and
what it acts on refuses a token smaller than the greatest it has seen (fencing). A token is a time, for a
replica that was promoted may not have heard of the last ones: it does not give one of them a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import redis

from store.foreign_errors import redis_errors

#: KEYS: lease, last token. ARGV: holder, ttl in ms. Returns the token (ms since 1970, where that is more than
#: the last one), or 0 when somebody else holds it. A holder that asks again gets a new one as well: what it
#: asked before over a connection that it gave up may arrive yet, and is refused then.
_ACQUIRE: Final = """
local holder = redis.call('HGET', KEYS[1], 'holder')
if holder and holder ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local token = string.format('%.0f', math.max(time[1] * 1000 + math.floor(time[2] / 1000), last + 1))
redis.call('SET', KEYS[2], token)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', token)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return tonumber(token)
"""

#: KEYS: lease. ARGV: token, ttl in ms (0 gives the lease up). Returns 1 when the token still holds it.
_HOLD: Final = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """Held by `holder` for as long as it is renewed in time. `token` grows with every acquiring."""

    name: str
    holder: str
    token: int


class Leases:
    """Leases of `ttl_s` seconds; renew well within. All methods raise LiveStateError's children."""

    def __init__(self, client: redis.Redis, *, ttl_s: float) -> None:
        self._ttl_ms = round(ttl_s * 1000)
        self._acquire = client.register_script(_ACQUIRE)
        self._hold = client.register_script(_HOLD)

    def acquire(self, name: str, holder: str) -> Lease | None:
        """The lease, or None while somebody else holds it. A holder that asks again loses the one it had.

        `holder` must be unique for each run of a program, not only for each machine.
        """
        with redis_errors(f"acquiring lease {name}"):
            token = self._acquire(
                keys=[f"fernamt:lease:{name}", f"fernamt:lease-token:{name}"], args=[holder, self._ttl_ms]
            )
        return Lease(name, holder, int(cast(int, token))) if token else None

    def renew(self, lease: Lease) -> bool:
        """False: it was lost, stop acting on it."""
        return self._set(lease, self._ttl_ms)

    def release(self, lease: Lease) -> bool:
        """Give it up at once. False: it was lost before."""
        return self._set(lease, 0)

    def _set(self, lease: Lease, ttl_ms: int) -> bool:
        with redis_errors(f"holding lease {lease.name}"):
            return bool(self._hold(keys=[f"fernamt:lease:{lease.name}"], args=[lease.token, ttl_ms]))
