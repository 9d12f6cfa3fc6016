"""Steps of calls in Redis for a short while (`fernamt call trace`).

    fernamt:trace:ID         what controllers did and heard, newest last; ends by itself
    fernamt:sip:CALL-ID      SIP messages of a dialogue while they are captured

No step outlives the time it was written with: traffic data that no bill needs (TDDDG § 9(1), § 12(1)).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, cast

import redis

from store.foreign_errors import redis_errors

#: Most steps of one call or leg, and most SIP messages of one dialogue; older ones go first.
MOST_STEPS: Final = 200
_STEPS: Final = "fernamt:trace:"
_SIP: Final = "fernamt:sip:"

#: KEYS: prefix. ARGV: seconds, most, then id and entry by turns.
_APPEND: Final = """
for place = 3, #ARGV, 2 do
  local key = KEYS[1] .. ARGV[place]
  redis.call('RPUSH', key, ARGV[place + 1])
  redis.call('LTRIM', key, -ARGV[2], -1)
  redis.call('EXPIRE', key, ARGV[1])
end
return 1
"""
#: Entries of one message to the server.
_BATCH: Final = 1_000


class CallTraces:
    """All methods raise LiveStateError's children. `keep_s`: how long after its last step a trace is kept."""

    def __init__(self, client: redis.Redis, keep_s: int) -> None:
        self._client = client
        self._keep_s = keep_s
        self._append = client.register_script(_APPEND)

    def add_steps(self, entries: Sequence[tuple[str, bytes]]) -> None:
        """Id of the call or leg, and the step as JSON."""
        self._add(_STEPS, entries)

    def add_messages(self, entries: Sequence[tuple[str, bytes]]) -> None:
        """SIP Call-ID, and the message as JSON."""
        self._add(_SIP, entries)

    def steps(self, ids: Iterable[str]) -> tuple[bytes, ...]:
        """Everything that is kept of these calls and legs, each in its order."""
        return self._read(_STEPS, ids)

    def messages(self, sip_call_ids: Iterable[str]) -> tuple[bytes, ...]:
        """The same of SIP dialogues."""
        return self._read(_SIP, sip_call_ids)

    def _add(self, prefix: str, entries: Sequence[tuple[str, bytes]]) -> None:
        with redis_errors("keeping steps of calls"):
            for start in range(0, len(entries), _BATCH):
                words: list[str | bytes | int] = [self._keep_s, MOST_STEPS]
                for id_, entry in entries[start : start + _BATCH]:
                    words += (id_, entry)
                self._append(keys=[prefix], args=words)

    def _read(self, prefix: str, ids: Iterable[str]) -> tuple[bytes, ...]:
        found: list[bytes] = []
        with redis_errors("reading steps of calls"):
            for id_ in dict.fromkeys(ids):
                found += cast("list[bytes]", self._client.lrange(prefix + id_, 0, -1))
        return tuple(found)
