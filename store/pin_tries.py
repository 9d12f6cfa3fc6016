"""Attempts to open a mailbox with its PIN, in Redis, counted over all controllers (C3).

fernamt:pin:CUSTOMER/MAILBOX   attempts of the hour; the key ends by itself
"""

from __future__ import annotations

from typing import Final

import redis

from store.foreign_errors import redis_errors

#: Attempts are forgotten so long after the first one, or after the one that locked the mailbox.
HOUR_S: Final = 3_600
#: KEYS: the counter. ARGV: seconds, attempts that lock. Returns the attempts, this one counted.
_BEGIN: Final = """
local count = redis.call('INCR', KEYS[1])
if count == 1 or count == tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


class PinCounter:
    """Both methods raise LiveStateError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._begin = client.register_script(_BEGIN)

    def begin(self, customer_id: str, mailbox_id: str, most: int) -> int:
        """Count an attempt: how many there were. The one that makes `most` begins the hour anew."""
        with redis_errors("counting a PIN"):
            return int(self._begin(keys=[_key(customer_id, mailbox_id)], args=[HOUR_S, most]))

    def forget(self, customer_id: str, mailbox_id: str) -> None:
        """The PIN was right."""
        with redis_errors("counting a PIN"):
            self._client.delete(_key(customer_id, mailbox_id))


def _key(customer_id: str, mailbox_id: str) -> str:
    return f"fernamt:pin:{customer_id}/{mailbox_id}"
