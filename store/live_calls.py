"""Calls in progress in Redis, for `fernamt call list` and for every controller.

    fernamt:live:call:ID     one call as JSON; ends by itself TTL_S after its last sign of life
    fernamt:live:calls       all ids, scored by when they end (ms since 1970, Redis' clock)
    fernamt:live:node:NODE   the same for one switch node

A node's connection refreshes its calls; when nobody does, they end: there are no ghosts. What is lost
with Redis comes back by `replace_node` from the switch's own list.

Scripts change the three together. A script's first write is the one that a full Redis refuses, so what
adds comes before what removes: all or nothing. Scripts name keys that they build, so this needs a single
Redis (or its replicas), not a Redis Cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

import redis
import structlog
from redis.commands.core import Script
from redis.exceptions import NoScriptError

from dialplan.live import CallAnswered, CallBegun, CallEnded, LiveCall, LiveChange, NodeSeen
from store.errors import LiveStateLimit
from store.foreign_errors import redis_errors
from store.live_call_records import decode, encode, milliseconds

#: Three missed refreshes at the 20 s between FreeSWITCH's heartbeats, and some.
TTL_S: Final = 90
#: Most calls of one node; FreeSWITCH's max-sessions is far below.
MAX_CALLS_PER_NODE: Final = 20_000
_CALL: Final = "fernamt:live:call:"
_ALL: Final = "fernamt:live:calls"
_NODE: Final = "fernamt:live:node:"

_PREAMBLE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function forget(index, id)
  redis.call('DEL', KEYS[3] .. id)
  redis.call('ZREM', KEYS[1], id)
  redis.call('ZREM', index, id)
end
local function keep(index, id, text, ttl)
  redis.call('SET', KEYS[3] .. id, text, 'PX', ttl)
  redis.call('ZADD', KEYS[1], now + ttl, id)
  redis.call('ZADD', index, now + ttl, id)
  redis.call('PEXPIRE', index, ttl)
end
local function sweep()
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
end
"""

#: KEYS: all, node's index, prefix. ARGV: id, JSON, ttl in ms, "1" to change only a call that is known.
_PUT: Final = (
    _PREAMBLE
    + """
if ARGV[4] == '1' and redis.call('EXISTS', KEYS[3] .. ARGV[1]) == 0 then return 0 end
keep(KEYS[2], ARGV[1], ARGV[2], ARGV[3])
sweep()
return 1
"""
)

#: KEYS: all, prefix of the nodes' indexes, prefix. ARGV: id.
_REMOVE: Final = """
local text = redis.call('GET', KEYS[3] .. ARGV[1])
redis.call('DEL', KEYS[3] .. ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
if not text then return 0 end
local readable, call = pcall(cjson.decode, text)
if readable and call.node then redis.call('ZREM', KEYS[2] .. call.node, ARGV[1]) end
return 1
"""

#: KEYS: all, node's index, prefix. ARGV: ttl in ms. Returns how many live on.
_REFRESH: Final = (
    _PREAMBLE
    + """
sweep()
local ids = redis.call('ZRANGE', KEYS[2], 0, -1)
local kept = 0
for _, id in ipairs(ids) do
  if redis.call('PEXPIRE', KEYS[3] .. id, ARGV[1]) == 1 then
    redis.call('ZADD', KEYS[1], now + ARGV[1], id)
    redis.call('ZADD', KEYS[2], now + ARGV[1], id)
    kept = kept + 1
  else
    forget(KEYS[2], id)
  end
end
if kept > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
return kept
"""
)

#: KEYS: all, node's index, prefix. ARGV: ttl in ms, as-of in ms, then id and JSON by turns. Returns ghosts.
_REPLACE: Final = (
    _PREAMBLE
    + """
local wanted = {}
for place = 3, #ARGV, 2 do
  wanted[ARGV[place]] = true
  keep(KEYS[2], ARGV[place], ARGV[place + 1], ARGV[1])
end
sweep()
local ghosts = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if not wanted[id] then
    local text = redis.call('GET', KEYS[3] .. id)
    local readable, call = pcall(cjson.decode, text or '')
    if not (readable and type(call.started_at_ms) == 'number' and call.started_at_ms > tonumber(ARGV[2])) then
      forget(KEYS[2], id)
      ghosts = ghosts + 1
    end
  end
end
return ghosts
"""
)

_log = structlog.get_logger(__name__)


class LiveCalls:
    """All methods raise LiveStateError's children. `client` comes from redis_client.call_path_client."""

    def __init__(self, client: redis.Redis, *, ttl_s: float = TTL_S) -> None:
        self._client = client
        self._ttl_ms = round(ttl_s * 1000)
        self._put = client.register_script(_PUT)
        self._remove = client.register_script(_REMOVE)
        self._refresh = client.register_script(_REFRESH)
        self._replace = client.register_script(_REPLACE)

    def write(self, changes: Sequence[LiveChange]) -> None:
        """Carry out changes in their order, all in one message to the server."""
        with redis_errors("writing live calls"):
            try:
                self._send(changes)
            except NoScriptError:
                # A new server, or one whose scripts were flushed. Whatever was done is done again: the last
                # change of each call is what counts.
                for script in (self._put, self._remove, self._refresh):
                    self._client.script_load(script.script)
                self._send(changes)

    def _send(self, changes: Sequence[LiveChange]) -> None:
        # By hand: a pipeline with script objects asks the server each time whether it knows them.
        pipeline = self._client.pipeline(transaction=False)
        for change in changes:
            script, keys, words = self._wanted(change)
            pipeline.evalsha(script.sha, len(keys), *keys, *words)
        pipeline.execute()

    def _wanted(self, change: LiveChange) -> tuple[Script, list[str], list[str | int]]:
        match change:
            case CallBegun(call):
                return self._put, _keys(call.node), self._words(call, "0")
            case CallAnswered(call):
                return self._put, _keys(call.node), self._words(call, "1")
            case CallEnded(call_id):
                return self._remove, [_ALL, _NODE, _CALL], [call_id]
            case NodeSeen(node):
                return self._refresh, _keys(node), [self._ttl_ms]

    def _words(self, call: LiveCall, only_known: str) -> list[str | int]:
        return [call.call_id, encode(call), self._ttl_ms, only_known]

    def put(self, call: LiveCall) -> None:
        """Keep a call, new or changed."""
        self._store(call, only_known="0")

    def update(self, call: LiveCall) -> bool:
        """Change a call that is known. False when it is not: a late event must not bring it back."""
        return self._store(call, only_known="1")

    def _store(self, call: LiveCall, only_known: str) -> bool:
        with redis_errors(f"keeping live call {call.call_id}"):
            stored = self._put(keys=_keys(call.node), args=self._words(call, only_known))
        return bool(stored)

    def remove(self, call_id: str) -> bool:
        """Forget a call that ended. False when it was not there."""
        with redis_errors(f"removing live call {call_id}"):
            return bool(self._remove(keys=[_ALL, _NODE, _CALL], args=[call_id]))

    def refresh(self, node: str) -> int:
        """A node gave a sign of life: its calls live TTL_S longer. Returns how many there are."""
        with redis_errors(f"refreshing live calls of {node}"):
            return int(cast(int, self._refresh(keys=[_ALL, _NODE + node, _CALL], args=[self._ttl_ms])))

    def replace_node(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> int:
        """After a reconnect: `calls` is what the switch has. Returns how many ghosts were removed.

        Calls that started after `as_of`, when the switch was asked, stay. Raises LiveStateLimit over
        MAX_CALLS_PER_NODE, ValueError for a call of another node; nothing is changed then.
        """
        if len(calls) > MAX_CALLS_PER_NODE:
            raise LiveStateLimit(
                f"live calls of {node}",
                f"{len(calls)} calls, {MAX_CALLS_PER_NODE} are kept",
                "Use more nodes",
            )
        words: list[str | int] = [self._ttl_ms, milliseconds(as_of)]
        for call in calls:
            if call.node != node:
                raise ValueError(f"call {call.call_id} is of node {call.node}, not of {node}")
            words += (call.call_id, encode(call))
        with redis_errors(f"replacing live calls of {node}"):
            return int(cast(int, self._replace(keys=[_ALL, _NODE + node, _CALL], args=words)))

    def show(self, call_id: str) -> LiveCall | None:
        """One call, or None when it is not (or no longer) in progress."""
        with redis_errors(f"reading live call {call_id}"):
            text = cast("bytes | None", self._client.get(_CALL + call_id))
        return None if text is None else self._decoded(call_id, text)

    def list(
        self, *, customer_id: str | None = None, node: str | None = None, limit: int = 1000
    ) -> tuple[LiveCall, ...]:
        """Calls in progress, longest running first, at most `limit`, filtered by customer and node.

        Of more than MAX_CALLS_PER_NODE calls that many are looked at. An entry that cannot be read is left
        out and logged; it ends by itself.
        """
        index = _ALL if node is None else _NODE + node
        found: list[LiveCall] = []
        with redis_errors("listing live calls"):
            raw_ids = cast("list[bytes]", self._client.zrange(index, 0, MAX_CALLS_PER_NODE - 1))
            ids = [raw.decode("utf-8", "replace") for raw in raw_ids]
            for start in range(0, len(ids), 500):
                portion = ids[start : start + 500]
                texts = cast(
                    "list[bytes | None]", self._client.mget([_CALL + call_id for call_id in portion])
                )
                for call_id, text in zip(portion, texts, strict=True):
                    call = None if text is None else self._decoded(call_id, text)
                    if call is not None and customer_id in (None, call.customer_id):
                        found.append(call)
        found.sort(key=lambda call: (call.started_at, call.call_id))
        return tuple(found[:limit])

    def _decoded(self, call_id: str, text: bytes) -> LiveCall | None:
        try:
            return decode(text)
        except ValueError as error:
            _log.warning("live-call-unreadable", call_id=call_id, error=str(error)[:200])
            return None


def _keys(node: str) -> list[str]:
    return [_ALL, _NODE + node, _CALL]
