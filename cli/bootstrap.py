"""The composition root: the one place where adapters meet the service layer."""

from __future__ import annotations

import gc
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Final

import gevent
import structlog
from gevent.event import Event as Flag
from sqlalchemy import URL, Engine, make_url

from cli.abuse_store import AbuseRecords
from cli.adapters import (
    Attempts,
    Live,
    Messages,
    NumberSweep,
    OperatorBlocks,
    Records,
    SharedLimits,
    SharedTrunks,
)
from cli.applied import Versions, keep_for_long
from cli.carrier import applied_carrier, applied_version, secrets, today
from cli.configuration_state import StateFile
from cli.contact_centre import TenantJournal
from cli.errors import NotRunning
from cli.layout import make_private
from cli.mailbox_calls import MailboxArchive, MailboxPins
from cli.mailing import Mailer
from cli.node_configuration import NodeConfiguration, NoNode
from cli.queue_desk import OwnersDesk
from cli.queue_switch import QueueNode
from cli.settings import ServerEntry, Settings
from controller.abuse_watch import AbuseWatch
from controller.audience import Audience
from controller.blocking import Blocking
from controller.calls import CallDecider
from controller.centres import Centres
from controller.configuration import Configuration, Node
from controller.contact_centre import RENEW_S
from controller.daily import Daily
from controller.emergency import Emergency
from controller.errors import NodeAway, StoreAway
from controller.following import Following
from controller.health import TrunkHealth
from controller.intake import Intake
from controller.limiting import Limiting
from controller.listening import Listening
from controller.mailbox import Mailboxes
from controller.menus import Menus
from dialplan.call import CallOffered
from dialplan.cdr import LegRecord, LegSide
from dialplan.decision import Converse, Decision
from dialplan.snapshot import Snapshot
from freeswitch import api_calls
from freeswitch.agent_calls import AgentCalls
from freeswitch.channel import ChannelData, Instructions
from freeswitch.commands import Subscription
from freeswitch.errors import FreeSwitchError
from freeswitch.follow import Follower
from freeswitch.heard_files import HeardFiles
from freeswitch.inbound import InboundConnection
from freeswitch.invite import sent_leg
from freeswitch.json_cdr import parse
from freeswitch.menu_call import MenuCall
from freeswitch.message_spool import MessageSpool
from freeswitch.offer import decision_variables, offered_call
from freeswitch.outbound import Hold, OutboundServer
from freeswitch.session import Session
from freeswitch.settings import EventSocketAddress, SwitchSettings
from freeswitch.spool import Spool, SpoolFile
from provisioning.schema import SecretRef
from store.acd_desk import AcdDesk
from store.acd_journals import AcdJournals
from store.audit import write
from store.cdr_repository import CdrRepository
from store.config_versions import ConfigStore
from store.customer_blocks import BlockedReader
from store.daily_sweep import DailySweep
from store.database import make_engine
from store.emergency_attempts import EmergencyAttempts
from store.emergency_records import AttemptFiles
from store.leases import Leases
from store.limits import CallCounters
from store.live_calls import LiveCalls
from store.mailbox_messages import MailboxMessages
from store.pin_tries import PinCounter
from store.redis_client import call_path_client, limits_client
from store.sealed import new_key, read_key
from store.spend import SpendCounters
from store.trunk_statuses import TrunkStatuses

_log = structlog.get_logger(__name__)

_DRAIN_S: Final = 5.0
_CONNECT_S: Final = 3.0
_PRE_EMPT_S: Final = 2.0
#: Between two looks at an empty spool.
_REST_S: Final = 0.2
#: After a store did not answer.
_RETRY_S: Final = 1.0
#: Longest time of one call in menus.
MENU_S: Final = 900.0


def now() -> datetime:
    """The time in UTC, to the millisecond."""
    return datetime.now(UTC)


def read_secret(settings: Settings, ref: SecretRef) -> str:
    """A secret of the settings. Raises ProvisioningError's children."""
    return secrets(settings).read(ref)


def _url(settings: Settings, server: ServerEntry | None, what: str) -> str:
    if server is None:
        raise NotRunning(
            f"no {what} is configured and no embedded one runs in {settings.state_dir}: "
            "start `fernamt up`, or name a server in the settings"
        )
    if server.password is None:
        return server.url
    url: URL = make_url(server.url).set(password=read_secret(settings, server.password))
    return url.render_as_string(hide_password=False)


def engine(settings: Settings, name: str) -> Engine:
    """The database. Raises NotRunning when there is none to use."""
    return make_engine(_url(settings, settings.database, "PostgreSQL"), name=name)


def live_calls(settings: Settings) -> LiveCalls:
    """The live state. Raises NotRunning when there is none to use."""
    return LiveCalls(call_path_client(_url(settings, settings.redis, "Redis")))


def call_counters(settings: Settings, controller: str) -> CallCounters:
    """The counters of limits. Raises NotRunning when there is none to use."""
    url = _url(settings, settings.redis, "Redis")
    return CallCounters(call_path_client(url), quick=limits_client(url), controller=controller)


def spend_counters(settings: Settings) -> SpendCounters:
    """What was booked of customers' money. Raises NotRunning when there is no Redis to use."""
    return SpendCounters(call_path_client(_url(settings, settings.redis, "Redis")))


def trunk_board(settings: Settings) -> TrunkStatuses:
    """How all controllers see the trunks. Raises NotRunning when there is no Redis to use."""
    return TrunkStatuses(call_path_client(_url(settings, settings.redis, "Redis")))


def acd_desk(settings: Settings) -> AcdDesk:
    """Commands and screens of the contact centres. Raises NotRunning when there is no Redis to use."""
    return AcdDesk(call_path_client(_url(settings, settings.redis, "Redis")))


def audited(
    settings: Settings, actor: str, action: str, kind: str, object_id: str, details: Mapping[str, str]
) -> None:
    """Note what somebody did and the database does not hold. Raises StoreError."""
    write(engine(settings, "fernamt audit"), actor, action, kind, object_id, details)


def _journal(settings: Settings, customer_id: str, holder: str) -> TenantJournal:
    client = call_path_client(_url(settings, settings.redis, "Redis"))
    return TenantJournal(Leases(client, ttl_s=3 * RENEW_S), AcdJournals(client), customer_id, holder)


def event_socket(settings: Settings) -> EventSocketAddress:
    """Where the node listens for us, with its password."""
    host, port = settings.node.event_socket
    return EventSocketAddress(host, port, read_secret(settings, settings.node.event_socket_password))


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
    )


@contextmanager
def node_connection(settings: Settings) -> Iterator[InboundConnection]:
    """A connection to the node for one command. Raises NotRunning when nobody answers."""
    address = event_socket(settings)
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


def run_controller(settings: Settings, listen: tuple[str, int], stopped: Flag) -> None:
    """Decide calls on `listen` and follow the node until `stopped`; then finish what is under way."""
    database = engine(settings, "fernamt controller")
    store = ConfigStore(database)
    carrier = applied_carrier(settings)
    gc.disable()  # a million numbers are made now, and none of them is garbage
    snapshot = carrier.compile(applied_version(settings, store))
    gc.enable()

    def compare_notes() -> None:
        """Redis is back: rebuild what it missed. A node that is away does so itself when it is back."""
        try:
            follower.resync()
        except FreeSwitchError as error:
            _log.warning("live state may lack calls: the node did not list them", error=str(error))

    live = Live(live_calls(settings))
    following = Following(live, on_return=compare_notes)
    counters = call_counters(settings, "{}:{}/{}".format(*listen, os.getpid()))
    limiting = Limiting(SharedLimits(counters), lambda: time.monotonic() * 1000, on_return=compare_notes)
    board = SharedTrunks(trunk_board(settings), "{}:{}".format(*listen))
    health = TrunkHealth(board, now, live.calls_of)
    emergency = Emergency(
        health,
        lambda call_id: _pre_empt(follower.connection, call_id),
        lambda leg: sent_leg(leg, settings.node.domain),
        attempt_files(settings),
        Attempts(EmergencyAttempts(database)),
    )

    def look() -> None:
        try:
            follower.resync()
        except FreeSwitchError as error:
            raise NodeAway(str(error)) from error

    holder = "{}:{}/{}/{}".format(*listen, os.getpid(), time.time_ns())
    centres = Centres(
        QueueNode(lambda: AgentCalls(follower.connection, settings.node.domain)),
        OwnersDesk(acd_desk(settings)),
        lambda customer_id: _journal(settings, customer_id, holder),
        look,
        lambda: time.time_ns() // 1_000_000,
    )
    decider = CallDecider(following, limiting, health, now, emergency, centres.served)

    def swap(fresh: Snapshot) -> None:
        centres.swap(fresh, carrier.centres)
        decider.swap(fresh)
        keep_for_long()

    swap(snapshot)
    domain = settings.node.domain

    listening = _listening(settings, "{}-{}".format(*listen))
    menus = Menus(decider.decide, decider.think, message_spool(settings), listening, now)

    def handle(channel: ChannelData) -> Instructions | Hold:
        offered = offered_call(channel.get)
        decision = decider.decide(offered)
        if isinstance(decision.outcome, Converse):
            return Hold(lambda session: converse(session, offered, decision), MENU_S)
        return Instructions(decision_variables(decision, offered, domain=domain))

    def converse(session: Session, offered: CallOffered, decision: Decision) -> Instructions:
        call = MenuCall(session, offered, domain=domain)
        return Instructions(
            decision_variables(menus.converse(offered, decision, call), offered, domain=domain)
        )

    server = OutboundServer(listen, handle)
    follower = Follower(
        settings.node.name,
        event_socket(settings),
        Audience(following, limiting, health, centres),
        health,
        random=SystemRandom(),
        clock=now,
        channels=limiting.channels,
        queues=centres,
    )
    # From here on nothing waits for PostgreSQL but the watch for a new version, in its own greenlet.
    configuration = Configuration(
        Versions(store),
        carrier,
        _node(settings, follower.connection),
        first=snapshot,
        swap=swap,
        report=StateFile(settings, "{}:{}".format(*listen), carrier).write,
    )
    blocking = Blocking(OperatorBlocks(BlockedReader(database), now), decider.block)
    following.start()
    emergency.start()
    limiting.start()
    health.start()
    blocking.start()
    centres.start()
    server.start()
    follower.connection.start()
    configuration.start()
    _log.info("controller ready", listen="{}:{}".format(*server.address), version=snapshot.version)
    stopped.wait()
    configuration.stop(1.0)
    blocking.stop(1.0)
    left = server.stop(_DRAIN_S)
    centres.stop(1.0)
    follower.connection.stop()
    following.stop(1.0)
    emergency.stop(2.0)
    limiting.stop(1.0)
    health.stop(1.0)
    _log.info("controller stopped", decided=decider.decided, sessions_cut=left)


def _pre_empt(connection: InboundConnection, call_id: str) -> None:
    """Q.850 cause 45: pre-empted. Raises NodeAway."""
    try:
        connection.bgapi(api_calls.uuid_kill(call_id, "PRE_EMPTED"), _PRE_EMPT_S)
    except FreeSwitchError as error:
        raise NodeAway(str(error)) from error


def attempt_files(settings: Settings) -> AttemptFiles:
    """Where emergency attempts wait for the database."""
    return AttemptFiles(settings.state_dir / "emergency")


def _node(settings: Settings, connection: InboundConnection) -> Node:
    """The node's own configuration, where it is on this machine."""
    conf_dir = settings.node.conf_dir
    if conf_dir is None:
        return NoNode()
    return NodeConfiguration(conf_dir, switch_settings(settings), connection.bgapi)


def _alarm(leg: LegRecord) -> None:
    """An emergency call that no controller decided: its record is the first that is heard of it."""
    if leg.reason_id == "static.emergency" and leg.side is LegSide.A:
        _log.error(
            "emergency call",
            call=leg.call_id,
            customer=leg.customer_id,
            number=leg.a_network,
            dialled=leg.b_number,
            written=leg.b_dialled,
            outcome="route",
            reason=leg.reason_id,
            answered=leg.answered_at is not None,
        )


def _listening(settings: Settings, owner: str) -> Listening:
    """Those calls alone wait for PostgreSQL. What this controller left when it died is removed."""
    files = HeardFiles(message_dir(settings), re.sub(r"[^A-Za-z0-9.-]", "-", owner))
    try:
        if swept := files.sweep():
            _log.warning("messages in clear of a controller that died were removed", files=swept)
    except OSError as error:
        _log.error("messages in clear may be left behind", error=str(error))
    archive = MailboxArchive(mailbox_messages(settings, "fernamt mailbox calls"), files, now)
    counter = PinCounter(call_path_client(_url(settings, settings.redis, "Redis")))
    return Listening(archive, MailboxPins(counter))


def message_dir(settings: Settings) -> Path:
    """Where messages are in clear for a moment."""
    return (settings.message_dir or settings.state_dir / "messages").absolute()


def message_spool(settings: Settings) -> MessageSpool:
    """Where the node records messages."""
    return MessageSpool(message_dir(settings), time.time)


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


def mailer(settings: Settings) -> Mailer | None:
    """Who sends e-mails; None without a mail server."""
    smtp = settings.smtp
    if smtp is None:
        return None
    secret = smtp.password
    return Mailer(smtp, (lambda: read_secret(settings, secret)) if secret is not None else None)


def _mailboxes(settings: Settings) -> Mailboxes:
    sender = mailer(settings)
    send = sender.send if sender is not None else None
    messages = Messages(mailbox_messages(settings, "fernamt intake"))
    return Mailboxes(message_spool(settings), messages, send, now)


def run_intake(settings: Settings, stopped: Callable[[float], bool]) -> None:
    """Take CDR files in until `stopped(seconds)`, which waits that long, says so and the spool is empty.

    The process also does the day's work on numbers: it takes processor time that calls must not wait for, so
    it is not the controllers'. Of several intakes one does it. It watches for abuse too, for the same reason.
    """
    spool = Spool(settings.node.cdr_dir)
    database = engine(settings, "fernamt intake")
    abuse = AbuseWatch(AbuseRecords(database), now)
    intake = Intake(spool, Records(CdrRepository(database), abuse.note), parse, time.time, _alarm)
    daily = Daily(NumberSweep(DailySweep(database), now).work, today)
    daily.start()
    abuse.start()
    mailboxes = _mailboxes(settings)
    mailboxes.start()
    _log.info("intake ready", spool=str(spool.directory))
    try:
        _empty(intake, stopped)
    finally:
        daily.stop(5.0)
        abuse.stop(1.0)
        mailboxes.stop(5.0)


def _empty(intake: Intake[SpoolFile], stopped: Callable[[float], bool]) -> None:
    ending = False
    while True:
        try:
            done = intake.round()
        except StoreAway as error:
            _log.warning("CDRs wait in the spool: the database is away", error=str(error))
            if ending or stopped(_RETRY_S):
                return
            continue
        if done.idle:
            if ending:
                return
            ending = stopped(_REST_S)


def spool_size(directory: Path) -> int:
    """How many leg records wait in the spool."""
    return sum(1 for _ in directory.glob("*.cdr.json"))
