"""fernamt's controller with a fixed configuration, wired as cli/bootstrap.py wires it: decide and leave on
the outbound socket, an inbound connection that follows the calls, Redis for what operators see. A status
port tells what the process holds."""

from __future__ import annotations

import gc
import json
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom

import gevent
from gevent import socket
from gevent.event import Event as Flag
from gevent.server import StreamServer
from greenlet import greenlet

from benchmarks.calls.site import HOST, Ports, settings, snapshot
from cli.logs import configure_logs
from cli.wiring.adapters import Live, SharedLimits, SharedTrunks
from controller.audience import Audience
from controller.calls import CallDecider
from controller.following import Following
from controller.health import TrunkHealth
from controller.limiting import Limiting
from freeswitch.channel import ChannelData, Instructions
from freeswitch.follow import Follower
from freeswitch.offer import decision_variables, offered_call
from freeswitch.outbound import OutboundServer
from store.limits import CallCounters
from store.live_calls import LiveCalls
from store.redis_client import call_path_client, limits_client
from store.trunk_statuses import TrunkStatuses


class Controller:
    """The parts and what they hold."""

    def __init__(self, ports: Ports, redis_url: str) -> None:
        place = settings(ports, Path("unused"))
        self._domain = place.domain
        live = Live(LiveCalls(call_path_client(redis_url)))
        self._following = Following(live, on_return=self._resync)
        counters = CallCounters(
            call_path_client(redis_url), quick=limits_client(redis_url), controller="benchmark"
        )
        self._limiting = Limiting(SharedLimits(counters), _now_ms, on_return=self._resync)
        statuses = TrunkStatuses(call_path_client(redis_url))
        self._health = TrunkHealth(SharedTrunks(statuses, "benchmark"), _now)
        self._decider = CallDecider(self._following, self._limiting, self._health, _now)
        self._decider.swap(snapshot(ports))
        self._server = OutboundServer((HOST, ports.controller), self._decide)
        self._follower = Follower(
            place.node,
            place.event_socket,
            Audience(self._following, self._limiting, self._health),
            self._health,
            random=SystemRandom(),
            clock=_now,
            channels=self._limiting.channels,
        )
        self._status = StreamServer((HOST, ports.status), self._tell)

    def start(self) -> bool:
        """Begin; whether FreeSWITCH let us in."""
        self._following.start()
        self._limiting.start()
        self._health.start()
        self._server.start()
        self._status.start()
        self._follower.connection.start()
        return self._follower.connection.wait_up(10.0)

    def stop(self) -> None:
        """End, as on SIGTERM."""
        self._status.close()
        self._server.stop()
        self._follower.connection.stop()
        self._following.stop(1.0)
        self._limiting.stop(1.0)
        self._health.stop(1.0)

    def _resync(self) -> None:
        self._follower.resync()

    def _decide(self, channel: ChannelData) -> Instructions:
        offered = offered_call(channel.get)
        return Instructions(decision_variables(self._decider.decide(offered), offered, domain=self._domain))

    def _tell(self, sock: socket.socket, _: tuple[str, int]) -> None:
        gc.collect()
        held = {
            "greenlets": sum(isinstance(thing, greenlet) and not thing.dead for thing in gc.get_objects()),
            "sessions": self._server.sessions,
            "decided": self._decider.decided,
            "changes_dropped": self._following.dropped,
            "events_dropped": self._follower.connection.dropped,
        }
        sock.sendall(json.dumps(held).encode() + b"\n")
        sock.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _now_ms() -> float:
    return time.monotonic() * 1000


def serve(ports: str, redis_url: str) -> None:
    """Run until SIGTERM. Prints "ready" when calls may come."""
    configure_logs(service=True)
    controller = Controller(Ports.from_text(ports), redis_url)
    ended = Flag()
    gevent.signal_handler(signal.SIGTERM, ended.set)
    if not controller.start():
        sys.exit("FreeSWITCH does not answer on its Event Socket")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    ended.wait()
    controller.stop()
