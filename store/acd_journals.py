"""Journals of the contact centres in Redis: events are there before anything is done about them.

A tenant's journal is a checkpoint (a whole state) and the records since, in order. Only the holder of the
tenant's lease may write, and it writes with its token: an owner that was asleep while another one took over
is refused (fencing), so two owners never act on one contact centre. Redis keeps texts; what they mean is
`acd.journal`'s.

With the records goes the log that figures are made of, in one step: a stream that store.acd_log empties. Its
entries are numbered by the owner, RUN-NUMBER, so that what is sent twice is there once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import redis

from store.foreign_errors import redis_errors
from store.leases import Lease

#: KEYS: lease, journal, log, tenants with a log, entries lost, channel of listeners. ARGV: token, tenant,
#: most entries, how many records, how many the holder wrote before, the records, then id and text of each
#: entry. What an attempt brought whose answer was lost is not added again: the lease counts the records that
#: its holder wrote, and an entry whose id is not greater than the last one's is there. Returns the number of
#: records now, or -1 when fenced out.
_APPEND: Final = """
local held = redis.call('HMGET', KEYS[1], 'token', 'written')
if held[1] ~= ARGV[1] then return -1 end
local first = 6 + tonumber(ARGV[4])
local before = tonumber(ARGV[5])
local written = tonumber(held[2] or '0')
for place = 6 + math.max(0, written - before), first - 1 do redis.call('RPUSH', KEYS[2], ARGV[place]) end
redis.call('HSET', KEYS[1], 'written', string.format('%.0f', math.max(written, before + ARGV[4])))
if first > #ARGV then return redis.call('LLEN', KEYS[2]) end
redis.call('SADD', KEYS[4], ARGV[2])
local room = tonumber(ARGV[3]) - redis.call('XLEN', KEYS[3])
for place = first, #ARGV, 2 do
  if room > 0 then
    local added = redis.pcall('XADD', KEYS[3], ARGV[place], 'e', ARGV[place + 1])
    if not added['err'] then redis.call('PUBLISH', KEYS[6], ARGV[place + 1]) end
  else redis.call('HINCRBY', KEYS[5], ARGV[2], 1) end
  room = room - 1
end
return redis.call('LLEN', KEYS[2])
"""

#: KEYS: the tenant's last run. Returns a number greater than every earlier one, Redis' own time where it can.
_RUN: Final = """
local time = redis.call('TIME')
local run = time[1] * 1000 + math.floor(time[2] / 1000)
run = math.max(run, tonumber(redis.call('GET', KEYS[1]) or '0') + 1)
redis.call('SET', KEYS[1], string.format('%.0f', run))
return string.format('%.0f', run)
"""

#: KEYS: lease, journal, checkpoint. ARGV: token, state, how many of the holder's records it contains. Those
#: after it stay. One that comes late, after a newer one, changes nothing. Returns 1, or -1 when fenced out.
_CHECKPOINT: Final = """
local held = redis.call('HMGET', KEYS[1], 'token', 'written', 'kept')
if held[1] ~= ARGV[1] then return -1 end
local contained = tonumber(ARGV[3])
if contained < tonumber(held[3] or '0') then return 1 end
redis.call('HSET', KEYS[1], 'kept', ARGV[3])
redis.call('SET', KEYS[3], ARGV[2])
local since = tonumber(held[2] or '0') - contained
if since > 0 then redis.call('LTRIM', KEYS[2], -since, -1) else redis.call('DEL', KEYS[2]) end
return 1
"""


#: An entry of a log: the owner's run and the number in it, from 1.
LogId = tuple[int, int]
#: Customers that have a log, and how many entries of each found no room.
LOGS: Final = "fernamt:acd-logs"
LOST: Final = "fernamt:acd-logs-lost"
#: Channels on which each entry is told to whoever listens (store.acd_live).
LIVE: Final = "fernamt:acd-live:"
#: Entries of one customer that wait for the database: a day of 100,000 calls. What comes then is counted.
MAX_LOG: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What a successor goes on from: the last checkpoint (None: there was none) and the records since."""

    checkpoint: str | None
    records: tuple[str, ...]


class AcdJournals:
    """Journals of all tenants. All methods raise LiveStateError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._append = client.register_script(_APPEND)
        self._run = client.register_script(_RUN)
        self._checkpoint = client.register_script(_CHECKPOINT)

    def new_run(self, tenant: str) -> int:
        """The number of an owner's run: greater than those of all before, also when Redis lost everything."""
        with redis_errors(f"log of {tenant}"):
            return int(cast(bytes, self._run(keys=[f"fernamt:acd:{tenant}:run"])))

    def append(
        self,
        lease: Lease,
        tenant: str,
        records: Sequence[str],
        log: Sequence[tuple[LogId, str]] = (),
        *,
        written: int,
    ) -> int | None:
        """Add records and log in one round trip; how many records there are since the checkpoint. None: the
        lease is lost. `written`: how many records its holder knows to have added by it before; so that what
        is sent again after an error is there once."""
        keys = [_lease(lease), _records(tenant), log_key(tenant), LOGS, LOST, LIVE + tenant]
        entries = [part for (run, number), text in log for part in (f"{run}-{number}", text)]
        args: list[str | int] = [lease.token, tenant, MAX_LOG, len(records), written, *records, *entries]
        with redis_errors(f"journal of {tenant}"):
            count = self._append(keys=keys, args=args)
        return None if count == -1 else int(cast(int, count))

    def checkpoint(self, lease: Lease, tenant: str, state: str, *, written: int) -> bool:
        """Keep the state instead of what led to it: all records there were at the lease's begin and `written`
        added by it. False: the lease is lost."""
        keys = [_lease(lease), _records(tenant), _state(tenant)]
        with redis_errors(f"checkpoint of {tenant}"):
            return bool(self._checkpoint(keys=keys, args=[lease.token, state, written]) == 1)

    def kept(self, tenant: str) -> Kept:
        """What there is. Read it after the lease was acquired: then nobody writes any more."""
        with redis_errors(f"journal of {tenant}"), self._client.pipeline(transaction=True) as pipeline:
            pipeline.get(_state(tenant))
            pipeline.lrange(_records(tenant), 0, -1)
            state, records = pipeline.execute()
        decoded = tuple(each.decode("utf-8", "replace") for each in records)
        return Kept(None if state is None else state.decode("utf-8", "replace"), decoded)


def _lease(lease: Lease) -> str:
    return f"fernamt:lease:{lease.name}"


def _records(tenant: str) -> str:
    return f"fernamt:acd:{tenant}:journal"


def log_key(tenant: str) -> str:
    """The stream of a customer's log."""
    return f"fernamt:acd:{tenant}:log"


def _state(tenant: str) -> str:
    return f"fernamt:acd:{tenant}:checkpoint"
