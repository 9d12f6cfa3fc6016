"""Calls that programs ask controllers for, in Redis.

    fernamt:call-requests        requests, in order; gone REQUEST_S after the last one
    fernamt:call-progress:ID     how far the call has come, for the one who asked

A request that no controller takes in time is gone, and its sender hears that nobody answered: nothing rings
late.
"""

from __future__ import annotations

from typing import Final, cast

import redis

from store.foreign_errors import redis_errors

REQUEST_S: Final = 5
#: How long the last word about a call can be read.
PROGRESS_S: Final = 700
#: Requests that may wait for all controllers together.
MAX_REQUESTS: Final = 1_000
_REQUESTS: Final = "fernamt:call-requests"

#: KEYS: requests. ARGV: request, seconds, most. Returns 0 when too many wait.
_SEND: Final = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""


class CallRequests:
    """All methods raise LiveStateError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._send = client.register_script(_SEND)

    def send(self, request: str) -> bool:
        """Leave a request for any controller; False when too many wait."""
        with redis_errors("asking for a call"):
            return bool(self._send(keys=[_REQUESTS], args=[request, REQUEST_S, MAX_REQUESTS]) == 1)

    def oldest(self) -> str | None:
        """The request that waits longest; it stays there."""
        with redis_errors("requests for calls"):
            found = cast(bytes | None, self._client.lindex(_REQUESTS, 0))
        return None if found is None else found.decode("utf-8", "replace")

    def take(self, request: str) -> bool:
        """Whether it was still there, and is ours now."""
        with redis_errors("requests for calls"):
            return bool(self._client.lrem(_REQUESTS, 1, request))

    def tell(self, request_id: str, word: str) -> None:
        """Say how far the call has come."""
        with redis_errors(f"progress of call {request_id}"):
            self._client.set(_progress(request_id), word, ex=PROGRESS_S)

    def progress(self, request_id: str) -> str | None:
        """The newest word, None so far."""
        with redis_errors(f"progress of call {request_id}"):
            word = cast(bytes | None, self._client.get(_progress(request_id)))
        return None if word is None else word.decode("utf-8", "replace")


def _progress(request_id: str) -> str:
    return f"fernamt:call-progress:{request_id}"
