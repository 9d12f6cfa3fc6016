"""A whole exchange with everybody around it, as the programs that put a long load on it need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.exchange_load.carrier import write
from benchmarks.exchange_load.sides import Load, Sides, sides
from tests.e2e.exchange import Exchange, exchange

CONTROLLERS: Final = 2
#: One call in so many is to 110 or 112.
_URGENT: Final = 20
#: Where FreeSWITCH's own databases lie, as docs/operation.md asks of a node under load.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a private folder is made in it


def mixed(seconds: float, rate: float) -> Load:
    """So many calls a second for so long, one in twenty of them urgent."""
    total = max(_URGENT * 2, round(seconds * rate))
    return Load(total - total // _URGENT, total // _URGENT, rate)


@contextmanager
def loaded_exchange(amend: Callable[[dict[str, Any]], None]) -> Iterator[tuple[Exchange, Sides]]:
    """Two controllers and FreeSWITCH, its databases in memory where that can be; `amend`: the settings."""

    def in_memory(tree: dict[str, Any]) -> None:
        tree["node"]["db_dir"] = databases
        amend(tree)

    with (
        TemporaryDirectory(prefix="fernamt-load-") as name,
        TemporaryDirectory(prefix="fernamt-load-", dir=_MEMORY if _MEMORY.is_dir() else None) as databases,
        exchange("freeswitch", CONTROLLERS, write(Path(name) / "carrier"), in_memory) as running,
        sides(running.settings, Path(name) / "calls") as around,
    ):
        yield running, around
