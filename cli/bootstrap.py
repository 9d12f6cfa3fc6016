"""What the settings name, opened for use: servers, secrets, spools, the node.

Together with run_controller.py and run_intake.py this is the composition root: nowhere else do adapters meet
the service layer.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import SystemRandom
from typing import Any, Final

import gevent
import structlog
from gevent.event import Event as Flag
from sqlalchemy import URL, Engine
from sqlalchemy.exc import ArgumentError

from cli.errors import NotRunning
from cli.layout import make_private
from cli.setting_types import HostPort
from cli.settings import ServerEntry, Settings
from cli.wiring.mailing import Mailer
from cli.wiring.obvious_passwords import refuse_obvious, refuse_obvious_login
from cli.wiring.this_machine import certificates_dir, secrets
from freeswitch.commands import Subscription
from freeswitch.inbound import InboundConnection
from freeswitch.message_spool import MessageSpool
from freeswitch.recording_spool import RecordingSpool
from freeswitch.settings import SOUNDS, EventSocketAddress, NodeDoor, SwitchSettings, TlsSettings
from provisioning.notation.secret import SecretRef
from store.acd_desk import AcdDesk
from store.acd_log import AcdLog
from store.audit import write
from store.bans import BanStore
from store.call_requests import CallRequests
from store.call_traces import CallTraces
from store.database import make_engine
from store.emergency_records import AttemptFiles
from store.limits import CallCounters
from store.live_calls import LiveCalls
from store.mailbox_messages import MailboxMessages
from store.recordings import RecordingArchive
from store.redis_client import call_path_client, limits_client
from store.sealed import new_key, read_key
from store.server_urls import read_url
from store.spend import SpendCounters
from store.trunk_statuses import TrunkStatuses
from store.versions_in_force import VersionsInForce

_log = structlog.get_logger(__name__)

_CONNECT_S: Final = 3.0


def now() -> datetime:
    """The time in UTC, to the millisecond."""
    return datetime.now(UTC)


def read_secret(settings: Settings, ref: SecretRef) -> str:
    """A secret of the settings. Raises ProvisioningError's children."""
    return secrets(settings).read(ref)


def server_url(settings: Settings, server: ServerEntry | None, what: str) -> str:
    """Where it is, with its password. Raises NotRunning without any, outside the lab UnsafePassword."""
    if server is None:
        raise NotRunning(
            f"no {what} is configured and no embedded one runs in {settings.state_dir}: "
            "start `fernamt up`, or name a server in the settings"
        )
    try:
        url: URL = read_url(server.url)
    except (ArgumentError, ValueError):
        return server.url  # whoever opens it says how it is written
    if server.password is not None:
        # An empty name where there is none, as for Redis: SQLAlchemy leaves a password without a name out.
        url = url.set(username=url.username or "", password=read_secret(settings, server.password))
    if settings.lab_network is None:
        key = "database" if server is settings.database else "redis"
        place = f"{key}.url" if server.password is None else f"{key}.password"
        refuse_obvious_login(url, place, f"{key}.password")
    return server.url if server.password is None else url.render_as_string(hide_password=False)


def engine(settings: Settings, name: str) -> Engine:
    """The database. Raises NotRunning when there is none to use."""
    return make_engine(server_url(settings, settings.database, "PostgreSQL"), name=name)


def live_calls(settings: Settings) -> LiveCalls:
    """The live state. Raises NotRunning when there is none to use."""
    return LiveCalls(call_path_client(server_url(settings, settings.redis, "Redis")))


def controller_name(settings: Settings, listen: tuple[str, int]) -> str:
    """Among the controllers of all nodes, who share Redis: those of two sites listen on the same address."""
    return "{}/{}:{}".format(settings.node.name, *listen)


def call_counters(settings: Settings, controller: str) -> CallCounters:
    """The counters of limits. Raises NotRunning when there is none to use."""
    url = server_url(settings, settings.redis, "Redis")
    return CallCounters(call_path_client(url), quick=limits_client(url), controller=controller)


def spend_counters(settings: Settings) -> SpendCounters:
    """What was booked of customers' money. Raises NotRunning when there is no Redis to use."""
    return SpendCounters(call_path_client(server_url(settings, settings.redis, "Redis")))


def trunk_board(settings: Settings) -> TrunkStatuses:
    """How all controllers see the trunks. Raises NotRunning when there is no Redis to use."""
    return TrunkStatuses(call_path_client(server_url(settings, settings.redis, "Redis")))


def versions_in_force(settings: Settings) -> VersionsInForce:
    """Which version each controller has. Raises NotRunning when there is no Redis to use."""
    return VersionsInForce(call_path_client(server_url(settings, settings.redis, "Redis")))


def call_requests(settings: Settings) -> CallRequests:
    """Calls that programs ask controllers for. Raises NotRunning when there is no Redis to use."""
    return CallRequests(call_path_client(server_url(settings, settings.redis, "Redis")))


def call_traces(settings: Settings) -> CallTraces:
    """Steps of calls. Raises NotRunning when there is no Redis to use."""
    client = call_path_client(server_url(settings, settings.redis, "Redis"))
    return CallTraces(client, 60 * max(1, settings.trace_minutes))


def ban_store(settings: Settings) -> BanStore:
    """Addresses that are shut out. Raises NotRunning when there is no Redis to use."""
    return BanStore(call_path_client(server_url(settings, settings.redis, "Redis")))


def acd_desk(settings: Settings) -> AcdDesk:
    """Commands and screens of the contact centres. Raises NotRunning when there is no Redis to use."""
    return AcdDesk(call_path_client(server_url(settings, settings.redis, "Redis")))


def acd_log(settings: Settings) -> AcdLog:
    """What contact centres leave for the database. Raises NotRunning when there is no Redis to use."""
    return AcdLog(call_path_client(server_url(settings, settings.redis, "Redis")))


def audited(
    settings: Settings, actor: str, action: str, kind: str, object_id: str, details: Mapping[str, Any]
) -> None:
    """Note what somebody did and the database does not hold. Raises StoreError."""
    write(engine(settings, "fernamt audit"), actor, action, kind, object_id, details)


def event_socket(settings: Settings) -> EventSocketAddress:
    """Where the node listens for us, with its password."""
    key = "node.event_socket_password"
    return _door(settings, settings.node.event_socket, settings.node.event_socket_password, key)


def _door(settings: Settings, address: HostPort, secret: SecretRef, key: str) -> EventSocketAddress:
    """An Event Socket and its password, `key` in the settings. Raises UnsafePassword outside the lab."""
    password = read_secret(settings, secret)
    if settings.lab_network is None:
        refuse_obvious(password, key)
    return EventSocketAddress(*address, password)


def switch_settings(settings: Settings) -> SwitchSettings:
    """What `freeswitch.render` needs of the settings."""
    node = settings.node
    return SwitchSettings(
        node=node.name,
        carrier_port=node.ports.carrier,
        trunk_port=node.ports.trunk,
        phone_port=node.ports.phone,
        event_socket=event_socket(settings),
        controllers=settings.controllers,
        cdr_dir=node.cdr_dir.absolute(),
        sip_ip=node.sip_ip,
        rtp_ports=node.rtp_ports,
        domain=node.domain,
        sessions_per_second=node.sessions_per_second,
        max_sessions=node.max_sessions,
        log_level=node.log_level,
        sounds_dir=node.sounds_dir or SOUNDS,
        silence_s=node.silence_s,
        node_port=node.ports.node,
        other_nodes=tuple(NodeDoor(*each.sip) for each in settings.other_nodes),
        other_event_sockets=tuple(each.event_socket[0] for each in settings.other_nodes),
        sip_capture=settings.sip_capture,
        tls=_tls(settings),
    )


def _tls(settings: Settings) -> TlsSettings | None:
    ports, tls = settings.node.ports, settings.node.tls
    if tls is None:
        return None
    return TlsSettings(
        certificates_dir(settings),
        ports.carrier_tls,
        ports.trunk_tls,
        ports.phone_tls,
        ports.wss,
        ports.teams,
        verified=tls.verify,
    )


def other_nodes(settings: Settings) -> dict[str, tuple[EventSocketAddress, NodeDoor]]:
    """The nodes on other machines by name: where they listen for us, and where they take calls."""
    return {
        each.name: (
            _door(
                settings,
                each.event_socket,
                each.event_socket_password,
                f"other_nodes ({each.name}) event_socket_password",
            ),
            NodeDoor(*each.sip),
        )
        for each in settings.other_nodes
    }


@contextmanager
def node_connection(settings: Settings) -> Iterator[InboundConnection]:
    """A connection to the node for one command. Raises NotRunning when nobody answers."""
    with connected(event_socket(settings)) as connection:
        yield connection


@contextmanager
def connected(address: EventSocketAddress) -> Iterator[InboundConnection]:
    """A connection to any node for one command. Raises NotRunning when nobody answers."""
    connection = InboundConnection(address, Subscription(()), lambda _: None, random=SystemRandom())
    connection.start()
    try:
        if not connection.wait_up(_CONNECT_S):
            raise NotRunning(f"no switch answers at {address.host}:{address.port}: is `fernamt up` running?")
        yield connection
    finally:
        connection.stop()


def until_stopped() -> Flag:
    """Set by SIGTERM and SIGINT; waiting for it lets everything else run."""
    stopped = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stopped.set)
    return stopped


def attempt_files(settings: Settings) -> AttemptFiles:
    """Where emergency attempts wait for the database."""
    return AttemptFiles(settings.state_dir / "emergency")


def message_dir(settings: Settings) -> Path:
    """Where messages are in clear for a moment."""
    return (settings.message_dir or settings.state_dir / "messages").absolute()


def message_spool(settings: Settings) -> MessageSpool:
    """Where the node records messages."""
    return MessageSpool(message_dir(settings))


def mailbox_messages(settings: Settings, name: str) -> MailboxMessages:
    """Messages in the database, with the key of this machine."""
    return MailboxMessages(engine(settings, name), lambda: _mailbox_key(settings))


def _mailbox_key(settings: Settings) -> bytes:
    if settings.mailbox_key is not None:
        return read_key(read_secret(settings, settings.mailbox_key))
    path = settings.state_dir / "mailbox.key"
    if not path.exists():
        make_private(path, new_key())
    return read_key(path.read_text())


def recording_spool(settings: Settings) -> RecordingSpool:
    """Where the node records conversations."""
    return RecordingSpool(message_dir(settings) / "recordings")


def recording_archive(settings: Settings, name: str) -> RecordingArchive:
    """Recorded conversations in the database, with the key that mailbox messages have."""
    return RecordingArchive(engine(settings, name), lambda: _mailbox_key(settings))


def mailer(settings: Settings) -> Mailer | None:
    """Who sends e-mails; None without a mail server."""
    smtp = settings.smtp
    if smtp is None:
        return None
    secret = smtp.password
    return Mailer(smtp, (lambda: read_secret(settings, secret)) if secret is not None else None)


def spool_size(directory: Path) -> int:
    """How many leg records wait in the spool."""
    return sum(1 for _ in directory.glob("*.cdr.json"))


def oldest_in_spool(directory: Path) -> datetime | None:
    """When the oldest of some records that wait was written, as its file says."""
    times = []
    for path in islice(directory.glob("*.cdr.json"), 1_000):
        with suppress(FileNotFoundError):
            times.append(path.stat().st_mtime)
    return datetime.fromtimestamp(min(times), UTC) if times else None
