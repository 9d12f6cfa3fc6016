"""The process of the HTTP interface: adapters meet it here."""

from __future__ import annotations

import time
from typing import Final

import structlog
from gevent.event import Event as Flag
from sqlalchemy import Engine, text

from cli.bootstrap import acd_desk, engine, now, server_url
from cli.metrics import serve_metrics
from cli.settings import Settings
from cli.wiring.recording_orders import NotHere, RecordingOrders
from cli.wiring.web_centre import CustomerFigures, Dependencies, Hearing, OwnedCentre
from cli.wiring.web_users import TokenUsers
from store.acd_live import AcdLive
from store.api_tokens import ApiTokens
from store.foreign_errors import database_errors
from store.redis_client import blocking_client
from web.app import make_app
from web.door import Door
from web.operation import Services
from web.server import HttpServer
from web.stream import Streams

_log = structlog.get_logger(__name__)

_DRAIN_S: Final = 2.0
_BLOCK_S: Final = 1.0


def run_web(settings: Settings, listen: tuple[str, int], stopped: Flag) -> None:
    """Serve on `listen` until `stopped`; streams end then. Raises OSError when it cannot listen."""
    database = engine(settings, "fernamt web")
    desk = acd_desk(settings)
    users = TokenUsers(ApiTokens(database), now)
    nodes = [settings.node.name, *(each.name for each in settings.other_nodes)]
    recordings = RecordingOrders(NotHere(), lambda: desk, nodes)
    centre = OwnedCentre(desk, database, recordings, time.monotonic)
    redis_url = server_url(settings, settings.redis, "Redis")
    hearing = Hearing(AcdLive(blocking_client(redis_url, _BLOCK_S)))
    streams = Streams(hearing, centre, time.monotonic, stopped.is_set)
    checks = {"database": lambda: _answers(database), "redis": lambda: desk.screen("-")}
    health = Dependencies(checks, time.monotonic)
    services = Services(users, centre, CustomerFigures(database, now), now)
    server = HttpServer(listen, make_app(services, Door(users, time.monotonic), streams, health))
    hearing.start()
    server.start()
    metrics = serve_metrics(settings.metrics.web if settings.metrics is not None else None)
    _log.info("HTTP interface ready", listen="{}:{}".format(*server.address))
    stopped.wait()
    if metrics is not None:
        metrics.stop(1.0)
    server.stop(_DRAIN_S)
    hearing.stop(_DRAIN_S)


def _answers(database: Engine) -> None:
    with database_errors("status"), database.connect() as connection:
        connection.execute(text("SELECT 1"))
