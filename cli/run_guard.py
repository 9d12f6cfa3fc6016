"""The guard's process: packets counted and kept out at the kernel, log-ins from the node, bans in Redis."""

from __future__ import annotations

from dataclasses import asdict
from random import SystemRandom
from typing import Final

import structlog
from gevent.event import Event as Flag

from cli.bootstrap import ban_store, engine, event_socket, now
from cli.guard_metrics import of_guard
from cli.metrics import node_link, serve_metrics
from cli.settings import Settings
from cli.wiring.guarding import (
    Kept,
    KernelBarrier,
    OwnAddresses,
    looking,
    rules_of,
    sip_ports,
    steady_s,
)
from controller.guard import ROUND_S, Guard
from controller.guard_meters import GuardMeters
from controller.known_addresses import KnownAddresses
from controller.rounds import Rounds
from firewall.meter import Meter
from firewall.proc_net import dropped_at
from freeswitch.log_ins import LogIns
from store.errors import StoreError

_log = structlog.get_logger(__name__)

_OWN_S: Final = 5.0
_TELL_S: Final = 3.0


def run_guard(settings: Settings, stopped: Flag) -> None:
    """Guard the node's SIP ports until `stopped`; whoever was shut out may come in again then.

    Raises NotPermitted where packets cannot be counted.
    """
    bans = ban_store(settings)
    own = OwnAddresses(settings, engine(settings, "fernamt guard"), steady_s)
    barrier, ports = KernelBarrier(settings), sip_ports(settings)
    meter, meters = Meter(ports), GuardMeters(steady_s)
    book = Kept(bans, now)
    guard = Guard(
        barrier.name,
        meter,
        barrier,
        book,
        own.why,
        KnownAddresses(book, steady_s),
        rules_of(settings),
        meters,
        clock=now,
        steady_s=steady_s,
    )
    log_ins = LogIns(event_socket(settings), guard, random=SystemRandom())

    def tell() -> None:
        try:
            bans.tell(settings.node.name, asdict(guard.status()))
        except StoreError as error:
            _log.warning("nobody hears how the guard stands", error=str(error))

    rounds = [
        Rounds(looking(own, meters), _OWN_S, "looking for trunks failed"),
        Rounds(guard.round, ROUND_S, "a round of the guard failed"),
        Rounds(tell, _TELL_S, "telling of the guard failed"),
    ]
    for each in rounds:
        each.start()
    log_ins.connection.start()
    metrics = serve_metrics(
        settings.metrics.guard if settings.metrics is not None else None,
        of_guard(
            guard.status,
            meters,
            lambda: {settings.node.name: node_link(log_ins.connection)},
            lambda: dropped_at(frozenset(ports)),
        ),
    )
    _log.info("guard ready", node=settings.node.name, barrier=barrier.name, ports=ports)
    stopped.wait()
    if metrics is not None:
        metrics.stop(1.0)
    log_ins.connection.stop()
    for each in rounds:
        each.stop(1.0)
    barrier.lift_all()
    meter.close()
    _log.info("guard stopped")
