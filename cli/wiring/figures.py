"""What a controller counts of itself, and where Prometheus reads it (docs/metrics.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cli.bootstrap import attempt_files, now
from cli.centre_metrics import of_led
from cli.metrics import node_link, of_calls, of_controller, serve_metrics
from cli.redis_metrics import of_redis
from cli.settings import Settings
from cli.wiring.configuration_state import TellVersion
from controller.calls import CallDecider
from controller.centres import Centres
from controller.emergency import Emergency
from controller.following import Following
from controller.health import TrunkHealth
from controller.meters import CallMeters, LoopLag
from controller.overload import Overload
from controller.probing import Probing
from controller.tracing import Tracing
from freeswitch.inbound import InboundConnection
from web.server import HttpServer


@dataclass(frozen=True, slots=True)
class Parts:
    """Of a controller: those that its figures are asked of, each time somebody reads them. `connections`:
    to nodes, by their names. `probing`: None where nothing is probed."""

    decider: CallDecider
    overload: Overload
    connections: Callable[[], Mapping[str, InboundConnection]]
    health: TrunkHealth
    probing: Probing | None
    following: Following
    emergency: Emergency
    tracing: Tracing
    centres: Centres
    in_force: TellVersion


class Figures:
    """Of the controller that takes calls on `listen`. `calls` counts from the beginning; how late greenlets
    are woken is counted, and all is shown, from `start` to `stop`."""

    def __init__(self, settings: Settings, listen: tuple[str, int]) -> None:
        self.calls = CallMeters(now)
        self._settings = settings
        self._listen = listen
        self._loop = LoopLag()
        self._server: HttpServer | None = None

    def start(self, parts: Parts) -> None:
        self._loop.start()
        waiting = attempt_files(self._settings)
        probing, following, emergency = parts.probing, parts.following, parts.emergency
        self._server = serve_metrics(
            _address(self._settings, self._listen),
            of_calls(self.calls, self._loop, lambda: parts.decider.version, lambda: parts.overload.share),
            of_controller(
                lambda: {name: node_link(each) for name, each in parts.connections().items()},
                parts.health.statuses,
                lambda: probing.recent() if probing is not None else {},
                lambda: (following.running, waiting.count() + emergency.in_memory, parts.tracing.lost),
                parts.health.whose,
            ),
            of_led(parts.centres),
            of_redis(lambda: parts.in_force.told),
        )

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(1.0)
        self._loop.stop(1.0)


def _address(settings: Settings, listen: tuple[str, int]) -> tuple[str, int] | None:
    """The one that stands where this controller stands in the list of controllers."""
    addresses = settings.metrics.controllers if settings.metrics is not None else ()
    return dict(zip(settings.controllers, addresses, strict=False)).get(listen)
