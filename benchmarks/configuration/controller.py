"""A controller that keeps a large configuration, in a process of its own.

    python -m benchmarks.configuration.controller DATABASE_URL FOLDER

Speaks in lines of JSON: first what starting cost, then after each line read (a version number) what
swapping that version in cost.
"""

# ruff: noqa: E402 - gevent patches before anything else is imported
from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import gc
import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import gevent
from gevent.fileobject import FileObjectThread

from cli.wiring.applied import AppliedCarrier, Versions, keep_for_long
from cli.wiring.node_configuration import NodeConfiguration
from cli.wiring.version_cache import write_cache
from controller.configuration import Configuration, ConfigurationState
from dialplan.snapshot import Snapshot
from freeswitch.settings import EventSocketAddress, SwitchSettings
from numbering.e164 import E164
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets
from store.config_items import ItemChanges
from store.config_versions import ConfigStore
from store.database import cooperate_with_gevent, make_engine

_TICK_S: Final = 0.001
_LOOK_UPS: Final = 200_000


class Ticker:
    """A greenlet that wants to run every millisecond, as a call would: the longest it had to wait."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        gevent.spawn(self._tick)

    def _tick(self) -> None:
        last = time.perf_counter()
        while True:
            gevent.sleep(_TICK_S)
            now = time.perf_counter()
            self.longest_s = max(self.longest_s, now - last - _TICK_S)
            last = now

    def take_ms(self) -> float:
        """The longest wait since the last question, in ms."""
        longest, self.longest_s = self.longest_s, 0.0
        return round(longest * 1000, 1)


def main() -> None:
    """Until standard input ends."""
    cooperate_with_gevent()
    url, folder = sys.argv[1], Path(sys.argv[2])
    store = ConfigStore(make_engine(url, name="fernamt benchmark"))
    carrier = AppliedCarrier(RealNetwork(), lambda: Secrets({}, Path(), lab=True), lambda: date(2026, 11, 22))
    began = time.perf_counter()
    gc.disable()
    version = store.current()
    in_force = carrier.compile(ItemChanges(version, store.items(version), whole=True))
    gc.enable()
    keep_for_long()
    started_s = time.perf_counter() - began

    def swap(fresh: Snapshot) -> None:
        nonlocal in_force
        in_force = fresh
        keep_for_long()

    def report(state: ConfigurationState) -> None:
        gevent.spawn(_cache, folder / "cache", carrier)

    ticker = Ticker()
    configuration = Configuration(
        Versions(store, "node-1"), carrier, _node(folder), first=in_force, swap=swap, report=report
    )
    configuration.start()
    _say(
        start_s=round(started_s, 2),
        numbers=len(in_force.numbers),
        look_up_us=_look_up_us(in_force),
        idle_ms=_after(3.0, ticker.take_ms),
        rss_mb=_rss_mb(),
    )
    # Waiting for a line must not stop the others.
    orders = FileObjectThread(sys.stdin.fileno(), "rb", closefd=False)
    while line := orders.readline():
        wanted, began = int(line), time.perf_counter()
        while configuration.version != wanted:
            gevent.sleep(_TICK_S)
        in_force_s = time.perf_counter() - began
        pause_ms = _after(2.0, ticker.take_ms)
        _say(in_force_s=round(in_force_s, 2), pause_ms=pause_ms, rss_mb=_rss_mb())


def _after(seconds: float, measure: Callable[[], float]) -> float:
    gevent.sleep(seconds)
    return measure()


def _cache(path: Path, carrier: AppliedCarrier) -> None:
    items = tuple(carrier.items.values())
    write_cache(path, carrier.version, items, breathe=lambda: gevent.sleep(0))


def _node(folder: Path) -> NodeConfiguration:
    """A node that says yes to everything: what is measured is what its configuration costs us."""
    settings = SwitchSettings(
        node="node-1",
        carrier_port=5060,
        trunk_port=5070,
        phone_port=5080,
        event_socket=EventSocketAddress("127.0.0.1", 8021, "not-used"),
        controllers=(("127.0.0.1", 8084),),
        cdr_dir=folder / "cdr",
    )
    return NodeConfiguration(folder / "conf", settings, lambda _call, _timeout_s: "+OK")


def _look_up_us(snapshot: Snapshot) -> float:
    """The mean over numbers all over the table, strings made beforehand as the offer's parser makes them."""
    known = list(snapshot.numbers)
    step = max(1, len(known) // _LOOK_UPS)
    wanted = [E164(str(each)) for each in known[::step]]
    numbers = snapshot.numbers
    began = time.perf_counter()
    for each in wanted:
        numbers[each]
    return round((time.perf_counter() - began) / len(wanted) * 1e6, 2)


def _rss_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 // 1_000_000


def _say(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
