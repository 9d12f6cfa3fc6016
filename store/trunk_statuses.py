"""How each controller sees the trunks, in Redis: for the other controllers and for `fernamt trunk`.

fernamt:trunks           names of controllers
fernamt:trunks:NAME      the controller's view as JSON; ends by itself TTL_S after it was told last
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import redis
import structlog

from dialplan.trunks.status import TrunkState, TrunkStatus
from store.foreign_errors import redis_errors

_log = structlog.get_logger(__name__)

#: Controllers tell every second; one that is silent for longer does not count any more.
TTL_S: Final = 5.0
_NAMES: Final = "fernamt:trunks"


class TrunkStatuses:
    """All methods raise StoreError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def put(self, controller: str, statuses: Sequence[TrunkStatus]) -> None:
        """This is what the controller knows now."""
        text = json.dumps([_plain(each) for each in statuses])
        with redis_errors("telling of trunks"):
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.set(f"{_NAMES}:{controller}", text, px=int(TTL_S * 1000))
            pipeline.sadd(_NAMES, controller)
            pipeline.execute()

    def all(self) -> Mapping[str, tuple[TrunkStatus, ...]]:
        """The views of all controllers that told lately, by their names."""
        with redis_errors("reading of trunks"):
            names = sorted(_text(name) for name in self._redis.smembers(_NAMES))
            if not names:
                return {}
            texts = self._redis.mget([f"{_NAMES}:{name}" for name in names])
            gone = [name for name, text in zip(names, texts, strict=True) if text is None]
            if gone:
                self._redis.srem(_NAMES, *gone)
        found = zip(names, texts, strict=True)
        return {name: _view(name, text) for name, text in found if text is not None}


def _plain(status: TrunkStatus) -> dict[str, Any]:
    plain = {**asdict(status), "since": status.since.isoformat() if status.since else None}
    if not status.in_clear:
        # Controllers of an older version do not know it, and would not read the others either.
        del plain["in_clear"]
    return plain


def _view(name: str, text: bytes | str) -> tuple[TrunkStatus, ...]:
    """What a controller of another program version wrote may not be readable: then it says nothing."""
    try:
        return tuple(_status(each) for each in json.loads(text))
    except (ValueError, TypeError, KeyError) as error:
        _log.warning("a controller's trunks cannot be read", controller=name, error=str(error))
        return ()


def _status(plain: dict[str, Any]) -> TrunkStatus:
    since = datetime.fromisoformat(plain["since"]).astimezone(UTC) if plain["since"] else None
    return TrunkStatus(**{**plain, "state": TrunkState(plain["state"]), "since": since})


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
