"""Which version each controller works with, in Redis: for a roll-out node by node.

fernamt:versions           names of controllers
fernamt:versions:NAME      node, version in force and wanted, problem, as JSON; ends by itself after TTL_S
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

import redis
import structlog

from store.foreign_errors import redis_errors

_log = structlog.get_logger(__name__)

#: Controllers tell every second; one that is silent for longer does not count any more.
TTL_S: Final = 5.0
_NAMES: Final = "fernamt:versions"


@dataclass(frozen=True, slots=True)
class InForce:
    """Of one controller. `problem`: why the wanted version is not in force, "" for nothing."""

    controller: str
    node: str
    in_force: int
    wanted: int
    problem: str = ""


class VersionsInForce:
    """All methods raise StoreError's children."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def put(self, state: InForce) -> None:
        """This is what the controller works with now."""
        name = f"{state.node}/{state.controller}"
        with redis_errors("telling of the version in force"):
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.set(f"{_NAMES}:{name}", json.dumps(asdict(state)), px=int(TTL_S * 1000))
            pipeline.sadd(_NAMES, name)
            pipeline.execute()

    def all(self) -> tuple[InForce, ...]:
        """All controllers of all nodes that told lately."""
        with redis_errors("reading of versions in force"):
            names = sorted(_text(name) for name in self._redis.smembers(_NAMES))
            if not names:
                return ()
            texts = self._redis.mget([f"{_NAMES}:{name}" for name in names])
            gone = [name for name, text in zip(names, texts, strict=True) if text is None]
            if gone:
                self._redis.srem(_NAMES, *gone)
        return tuple(each for text in texts if text is not None and (each := _state(text)) is not None)


def _state(text: bytes | str) -> InForce | None:
    """What a controller of another program version wrote may not be readable: then it says nothing."""
    try:
        return InForce(**json.loads(text))
    except (ValueError, TypeError) as error:
        _log.warning("a controller's version cannot be read", error=str(error))
        return None


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
