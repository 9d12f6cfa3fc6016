"""What happens in contact centres, as it happens, over Redis' publish and subscribe (store.acd_journals).

One connection hears of all customers and passes on to as many listeners as there are. It is no record: who
is not listening misses it, and looks at the screen instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

import redis

from store.acd_journals import LIVE
from store.foreign_errors import redis_errors

_WAIT_S: Final = 0.5
Hearer = Callable[[str], None]


class AcdLive:
    """Call `hear` again and again from one place; `on` and `off` from anywhere."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._pubsub: Any = None
        self._hearers: defaultdict[str, set[Hearer]] = defaultdict(set)

    def on(self, customer_id: str, hearer: Hearer) -> None:
        """Tell this one what happens at the customer's; it must not wait."""
        self._hearers[customer_id].add(hearer)

    def off(self, customer_id: str, hearer: Hearer) -> None:
        """No longer."""
        self._hearers[customer_id].discard(hearer)
        if not self._hearers[customer_id]:
            del self._hearers[customer_id]

    def hear(self) -> None:
        """Wait for half a second at most and pass on what came. Raises LiveStateError's children; then again
        from the beginning."""
        try:
            with redis_errors("what happens in contact centres"):
                if self._pubsub is None:
                    self._pubsub = self._client.pubsub(  # type: ignore[no-untyped-call]
                        ignore_subscribe_messages=True
                    )
                    self._pubsub.psubscribe(f"{LIVE}*")
                message = self._pubsub.get_message(timeout=_WAIT_S)
        except BaseException:
            self.close()
            raise
        if message is None or message["type"] != "pmessage":
            return
        customer_id = message["channel"].decode("utf-8", "replace").removeprefix(LIVE)
        for hearer in tuple(self._hearers.get(customer_id, ())):
            hearer(message["data"].decode("utf-8", "replace"))

    def close(self) -> None:
        """Hear no more."""
        if self._pubsub is not None:
            self._pubsub.close()
            self._pubsub = None
