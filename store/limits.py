"""What customers have taken of their limits, in Redis, counted over all controllers and nodes (B11).

    fernamt:limit:simultaneous-calls:SCOPE:OWNER   call ids, scored by when the lease ends (ms since 1970)
    fernamt:limit:calls-per-second:SCOPE:OWNER     ids of new calls, scored by when they began
    fernamt:limit:call:ID                          JSON of a call: node, controller, its leases, paces it took
    fernamt:limit:node:NODE                        calls with leases of a switch node, scored by their end
    fernamt:limit:spend-per-day:customer:CUSTOMER/2026-11-22, …-month:…/2026-11   micro-euro booked

A call is counted by its id, so asking twice for the same call (a controller died in between) takes nothing
twice, and a call that a plan goes on with takes no pace that it took before, however long ago. Leases last
LEASE_S and are renewed by whoever hears the node's heartbeat: when controllers or nodes die, what they held
is free again within a minute, and nobody has to tidy up. All times are Redis' own. Where its clock is set
back, new calls that seem to lie ahead count no more; where it is set forward, leases end and the next
heartbeat restores them.

Scripts name keys that they build, so this needs a single Redis (or its replicas), not a Redis Cluster.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, TypeVar, cast

import redis

from dialplan.limits.agreed import Claim, Counter
from store.foreign_errors import redis_errors
from store.live_call_records import milliseconds

T = TypeVar("T")

#: Two missed heartbeats (20 s between FreeSWITCH's), and some.
LEASE_S: Final = 60.0
_LIMIT: Final = "fernamt:limit:"
_CALL: Final = "fernamt:limit:call:"
_NODE: Final = "fernamt:limit:node:"
#: Leases renewed or given back by one run of a script: about 2 ms in which Redis does nothing else.
_BATCH: Final = 500
#: Most runs of one renewal: more than any node has calls.
_MOST_BATCHES: Final = 100

_NOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

#: KEYS: node's index, call, then a counter for each claim. ARGV: id, lease in ms, node, controller, "1" to
#: take without looking, then kind, limit and window for each claim. Returns 0, or the place of the refused.
_TAKE: Final = (
    _NOW
    + """
local id, lease = ARGV[1], tonumber(ARGV[2])
local before = redis.call('GET', KEYS[2])
before = before and cjson.decode(before) or {counters = {}}
local paces, paced = {}, {}
for _, key in ipairs(before.paces or {}) do
  paces[#paces + 1] = key
  paced[key] = true
end
if ARGV[5] ~= '1' then
  for place = 3, #KEYS do
    local at = place * 3 - 3
    local kind, limit, window = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local key = KEYS[place]
    if kind == 'money' then
      if tonumber(redis.call('GET', key) or '0') >= limit then return place - 2 end
    elseif kind ~= 'again' or not paced[key] then
      local from, to = now, '+inf'
      if kind ~= 'calls' then from, to = now - window, now end
      if redis.call('ZCOUNT', key, '(' .. from, to) >= limit and not redis.call('ZSCORE', key, id) then
        return place - 2
      end
    end
  end
end
local held = {}
for place = 3, #KEYS do
  local at = place * 3 - 3
  local key = KEYS[place]
  if ARGV[at] == 'calls' then
    redis.call('ZADD', key, now + lease, id)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    redis.call('PEXPIRE', key, lease)
    held[#held + 1] = key
  elseif ARGV[at] ~= 'money' then
    if ARGV[5] ~= '1' and (ARGV[at] == 'rate' or not paced[key]) then
      local window = tonumber(ARGV[at + 2])
      redis.call('ZADD', key, now, id)
      redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
      redis.call('ZREMRANGEBYSCORE', key, '(' .. now, '+inf')
      redis.call('PEXPIRE', key, window)
    end
    if not paced[key] then paces[#paces + 1] = key end
    paced[key] = true
  end
end
if #held > 0 or #paces > 0 then
  -- The call was passed on: what it held before it still holds.
  local listed = {}
  for _, key in ipairs(held) do listed[key] = true end
  for _, key in ipairs(before.counters) do
    if not listed[key] then held[#held + 1] = key end
  end
  local call = {node = ARGV[3], controller = ARGV[4], since_ms = now, counters = held, paces = paces}
  redis.call('SET', KEYS[2], cjson.encode(call), 'PX', lease)
  redis.call('ZADD', KEYS[1], now + lease, id)
  redis.call('PEXPIRE', KEYS[1], lease)
end
return 0
"""
)

_GIVE_BACK: Final = """
local function give_back(prefix, node_prefix, id)
  local text = redis.call('GET', prefix .. id)
  if not text then return 0 end
  local call = cjson.decode(text)
  redis.call('DEL', prefix .. id)
  redis.call('ZREM', node_prefix .. call.node, id)
  for _, key in ipairs(call.counters) do redis.call('ZREM', key, id) end
  return 1
end
"""

#: KEYS: prefix of calls, prefix of nodes. ARGV: ids. Returns how many had leases.
_RELEASE: Final = (
    _GIVE_BACK
    + """
local count = 0
for _, id in ipairs(ARGV) do count = count + give_back(KEYS[1], KEYS[2], id) end
return count
"""
)

#: KEYS: node's index, prefix of calls. ARGV: lease in ms, how many. Returns how many were renewed; those that
#: were renewed lately are left out, whoever did it.
_RENEW: Final = (
    _NOW
    + """
local lease = tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now + lease * 3 / 4, 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  local text = redis.call('GET', KEYS[2] .. id)
  if text then
    redis.call('ZADD', KEYS[1], now + lease, id)
    redis.call('PEXPIRE', KEYS[2] .. id, lease)
    for _, key in ipairs(cjson.decode(text).counters) do
      redis.call('ZADD', key, now + lease, id)
      redis.call('PEXPIRE', key, lease)
    end
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
if #ids > 0 then redis.call('PEXPIRE', KEYS[1], lease) end
return #ids
"""
)

#: KEYS: node's index, prefix of calls, prefix of nodes. ARGV: as-of in ms, then ids that the switch has.
_REPLACE: Final = (
    _GIVE_BACK
    + """
local up = {}
for place = 2, #ARGV do up[ARGV[place]] = true end
local ghosts = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if not up[id] then
    local text = redis.call('GET', KEYS[2] .. id)
    if not text or cjson.decode(text).since_ms <= tonumber(ARGV[1]) then
      ghosts = ghosts + give_back(KEYS[2], KEYS[3], id)
    end
  end
end
return ghosts
"""
)

#: KEYS: a counter for each claim. ARGV: kind and window for each claim. Returns what is taken of each.
_COUNT: Final = (
    _NOW
    + """
local found = {}
for place, key in ipairs(KEYS) do
  local kind, from, to = ARGV[place * 2 - 1], now, '+inf'
  if kind == 'rate' then from, to = now - tonumber(ARGV[place * 2]), now end
  if kind == 'money' then
    found[place] = redis.call('GET', key) or '0'
  else
    found[place] = tostring(redis.call('ZCOUNT', key, '(' .. from, to))
  end
end
return found
"""
)

_KIND: Final = {
    Counter.SIMULTANEOUS_CALLS: "calls",
    Counter.CALLS_PER_SECOND: "rate",
    Counter.SPEND_PER_DAY: "money",
    Counter.SPEND_PER_MONTH: "money",
}


class CallCounters:
    """All methods raise LiveStateError's children. `controller` stands in every lease, for people who look.

    A call waits for `take`, so that has a client of its own (`redis_client.limits_client`); for programs
    that only look one client will do.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        quick: redis.Redis | None = None,
        controller: str,
        lease_s: float = LEASE_S,
    ) -> None:
        self._client, self._quick = client, quick or client
        self._controller = controller
        self._lease_ms = round(lease_s * 1000)
        self._take = self._quick.register_script(_TAKE)
        self._release = client.register_script(_RELEASE)
        self._renew = client.register_script(_RENEW)
        self._replace = client.register_script(_REPLACE)
        self._count = client.register_script(_COUNT)

    def take(self, call_id: str, node: str, claims: Sequence[Claim]) -> Claim | None:
        """Take all claims for the call, or none: the claim that was refused, None when all were taken.

        One message to Redis. A call that holds a lease already keeps it and is not counted again.
        """
        with redis_errors("taking limits"):
            place = cast(
                int, self._take(keys=_keys(call_id, node, claims), args=self._words(call_id, node, claims))
            )
        return claims[place - 1] if place else None

    def restore(self, node: str, calls: Sequence[tuple[str, tuple[Claim, ...]]]) -> None:
        """Calls that are up hold their leases again, whatever the limits: Redis was away and forgot them."""
        with redis_errors("restoring limits"):
            for portion in _portions(calls):
                pipeline = self._client.pipeline(transaction=False)
                for call_id, claims in portion:
                    words = self._words(call_id, node, claims, forced=True)
                    self._take(keys=_keys(call_id, node, claims), args=words, client=pipeline)
                pipeline.execute()

    def release(self, call_ids: Sequence[str]) -> int:
        """Calls have ended: what they held is free. How many held something."""
        with redis_errors("releasing limits"):
            return sum(
                cast(int, self._release(keys=[_CALL, _NODE], args=list(portion)))
                for portion in _portions(call_ids)
            )

    def renew(self, node: str) -> int:
        """The node lives, and so do the leases of its calls. How many were due."""
        renewed = 0
        with redis_errors(f"renewing limits of {node}"):
            for _ in range(_MOST_BATCHES):
                count = cast(int, self._renew(keys=[_NODE + node, _CALL], args=[self._lease_ms, _BATCH]))
                renewed += count
                if count < _BATCH:
                    break
        return renewed

    def replace_node(self, node: str, call_ids: Collection[str], as_of: datetime) -> int:
        """The switch has these calls: leases of others that began before `as_of` end. How many."""
        with redis_errors(f"comparing limits of {node}"):
            words: list[str | int] = [milliseconds(as_of), *call_ids]
            return cast(int, self._replace(keys=[_NODE + node, _CALL, _NODE], args=words))

    def missing(self, call_ids: Sequence[str]) -> tuple[str, ...]:
        """Those of the calls that hold no lease."""
        found: list[str] = []
        with redis_errors("looking for leases"):
            for portion in _portions(call_ids):
                texts = cast("list[bytes | None]", self._client.mget([_CALL + each for each in portion]))
                found += [each for each, text in zip(portion, texts, strict=True) if text is None]
        return tuple(found)

    def ping(self) -> None:
        """Nothing, when Redis answers, on the way that calls take."""
        with redis_errors("asking for limits"):
            self._quick.ping()

    def counts(self, claims: Sequence[Claim]) -> tuple[int, ...]:
        """What is taken of each counter at the moment: calls, or micro-euro."""
        words = [word for claim in claims for word in (_KIND[claim.counter], claim.window_ms)]
        with redis_errors("reading limits"):
            found = cast(
                "list[bytes]", self._count(keys=[_LIMIT + claim.key for claim in claims], args=words)
            )
        return tuple(int(each) for each in found)

    def _words(
        self, call_id: str, node: str, claims: Sequence[Claim], *, forced: bool = False
    ) -> list[str | int]:
        words: list[str | int] = [call_id, self._lease_ms, node, self._controller, "1" if forced else "0"]
        for claim in claims:
            words += ("again" if claim.again else _KIND[claim.counter], claim.limit, claim.window_ms)
        return words


def _portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def counter_key(claim: Claim) -> str:
    """Where the claim's counter is in Redis."""
    return _LIMIT + claim.key


def _keys(call_id: str, node: str, claims: Sequence[Claim]) -> list[str]:
    return [_NODE + node, _CALL + call_id, *(_LIMIT + claim.key for claim in claims)]
