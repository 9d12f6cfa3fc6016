"""Journals of the contact centres in Redis: events are there before anything is done about them.

A tenant's journal is a checkpoint (a whole state) and the records since, in order. Only the holder of the
tenant's lease may write, and it writes with its token: an owner that was asleep while another one took over
is refused (fencing), so two owners never act on one contact centre. Redis keeps texts; what they mean is
`acd.journal`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import redis

from store.foreign_errors import redis_errors
from store.leases import Lease

#: KEYS: lease, journal. ARGV: token, records. Returns the number of records now, or -1 when fenced out.
_APPEND: Final = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return -1 end
for place = 2, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[place]) end
return redis.call('LLEN', KEYS[2])
"""

#: KEYS: lease, journal, checkpoint. ARGV: token, state, records it contains. Returns 1, or -1.
_CHECKPOINT: Final = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return -1 end
redis.call('SET', KEYS[3], ARGV[2])
redis.call('LTRIM', KEYS[2], ARGV[3], -1)
return 1
"""


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
        self._checkpoint = client.register_script(_CHECKPOINT)

    def append(self, lease: Lease, tenant: str, records: Sequence[str]) -> int | None:
        """Add records in one round trip; how many there are since the checkpoint. None: the lease is lost."""
        with redis_errors(f"journal of {tenant}"):
            count = self._append(keys=[_lease(lease), _records(tenant)], args=[lease.token, *records])
        return None if count == -1 else int(cast(int, count))

    def checkpoint(self, lease: Lease, tenant: str, state: str, records: int) -> bool:
        """Keep the state instead of the `records` records that led to it. False: the lease is lost."""
        keys = [_lease(lease), _records(tenant), _state(tenant)]
        with redis_errors(f"checkpoint of {tenant}"):
            return bool(self._checkpoint(keys=keys, args=[lease.token, state, records]) == 1)

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


def _state(tenant: str) -> str:
    return f"fernamt:acd:{tenant}:checkpoint"
