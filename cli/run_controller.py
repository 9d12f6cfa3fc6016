"""The controller process: adapters meet the service layer that decides calls and leads contact centres."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from functools import partial
from random import SystemRandom
from typing import Final
from uuid import uuid4

import structlog
from gevent.event import Event as Flag

from cli.bootstrap import (
    acd_desk,
    attempt_files,
    audited,
    call_counters,
    call_requests,
    call_traces,
    controller_name,
    engine,
    event_socket,
    live_calls,
    message_spool,
    now,
    other_nodes,
    recording_spool,
    trunk_board,
    versions_in_force,
)
from cli.settings import Settings
from cli.wiring.adapters import (
    Attempts,
    Live,
    OperatorBlocks,
    SharedLimits,
    SharedTrunks,
)
from cli.wiring.applied import Versions, keep_for_long
from cli.wiring.aside import AttemptsAside
from cli.wiring.call_requests import FirstLegNode, RequestDesk
from cli.wiring.call_traces import NoTraces, TraceSteps
from cli.wiring.carrier import applied_carrier, applied_version
from cli.wiring.configuration_state import StateFile, TellVersion
from cli.wiring.drained import Instead
from cli.wiring.figures import Figures, Parts
from cli.wiring.heartbeat import Heartbeat
from cli.wiring.kept_for_calls import journal_of, listening_of
from cli.wiring.node_configuration import configuration_of_node
from cli.wiring.phone_codes import PhoneCodes
from cli.wiring.phone_homes import EachTold, PhoneHomes, SwitchNode
from cli.wiring.probes import probing_of
from cli.wiring.queue_desk import OwnersDesk
from cli.wiring.queue_switch import QueueNodes
from cli.wiring.recording_orders import OrdersForNode, RecorderOfNodes, RecordingOrders
from cli.wiring.recording_switch import RecorderSwitch
from cli.wiring.supervision_switch import SupervisorSwitch
from cli.wiring.tls_ways import tls_ways
from controller.audience import Audience
from controller.blocking import Blocking
from controller.calling_back import CallingBack
from controller.calls import CallDecider
from controller.centres import Centres
from controller.configuration import Configuration
from controller.emergency import Emergency
from controller.errors import NodeAway
from controller.following import Following
from controller.health import TrunkHealth
from controller.limiting import Limiting
from controller.menus import Menus
from controller.node_orders import NodeOrders
from controller.originating import Originating
from controller.overload import Overload
from controller.places import Places
from controller.recorder import Recorder
from controller.tracing import Tracing
from controller.trunk_logins import TrunkLogins
from controller.waking import Waking
from dialplan.call import CallOffered
from dialplan.decision import Converse, Decision, Wait
from dialplan.snapshot import Snapshot
from freeswitch import api_calls
from freeswitch.agent_calls import AgentCalls
from freeswitch.channel import ChannelData, Instructions
from freeswitch.commands import ApiCall
from freeswitch.errors import FreeSwitchError
from freeswitch.first_leg import FirstLegs
from freeswitch.follow import Follower
from freeswitch.inbound import InboundConnection
from freeswitch.invite import sent_leg
from freeswitch.menu_call import MenuCall
from freeswitch.music import music_goes_on
from freeswitch.offer import decision_variables, offered_call
from freeswitch.outbound import Hold, OutboundServer
from freeswitch.own_calls import own_mark
from freeswitch.queue_events import OtherNode
from freeswitch.recorder_calls import RecorderCalls
from freeswitch.session import Session
from freeswitch.settings import NodeDoor
from freeswitch.supervisor_calls import SupervisorCalls
from store.config_versions import ConfigStore
from store.customer_blocks import BlockedReader
from store.emergency_attempts import EmergencyAttempts

_log = structlog.get_logger(__name__)

_DRAIN_S: Final = 5.0
_PRE_EMPT_S: Final = 2.0
#: Longest time of one call in menus.
MENU_S: Final = 900.0


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
    own_name = controller_name(settings, listen)
    counters = call_counters(settings, f"{own_name}/{os.getpid()}")
    limiting = Limiting(SharedLimits(counters), lambda: time.monotonic() * 1000, on_return=compare_notes)
    board = SharedTrunks(trunk_board(settings), own_name)
    health = TrunkHealth(board, now, live.calls_of)
    emergency = Emergency(
        health,
        lambda call_id: _pre_empt(follower.connection, call_id),
        lambda leg: sent_leg(leg, settings.node.domain),
        AttemptsAside(attempt_files(settings)),
        Attempts(EmergencyAttempts(database)),
    )

    kept = TraceSteps(call_traces(settings)) if settings.trace_minutes else NoTraces()
    tracing = Tracing(kept, "{}:{}".format(*listen), now)

    def commanded(call: ApiCall, answer: str, seconds: float) -> None:
        tracing.commanded(call.name, call.argument, answer, seconds)

    holder = f"{own_name}/{os.getpid()}/{time.time_ns()}"
    home, others = settings.node.name, other_nodes(settings)
    clock_ms = steady_clock_ms()
    places = Places((home, *others), clock_ms)

    def following_node(name: str) -> Follower | OtherNode:
        return follower if name == home else other_followers[name]

    def node_of(call_id: str) -> str:
        return places.of(call_id) or home

    recorder = Recorder(
        RecorderSwitch(lambda: RecorderCalls(follower.connection)), recording_spool(settings), now
    )
    switch_nodes = {name: _commanded(settings, following_node, name) for name in (home, *others)}
    homes = PhoneHomes(switch_nodes)
    trunk_logins = TrunkLogins(health.reachable)
    registrations = EachTold(homes, trunk_logins)
    tls_of = tls_ways(trunk_logins, switch_nodes)
    instead = Instead(switch_nodes, home)
    queue_nodes = QueueNodes(
        switch_nodes,
        homes,
        home,
        places.of,
        places.shown,
        places.called,
        instead.node,
    )
    centres = Centres(
        queue_nodes,
        OwnersDesk(acd_desk(settings)),
        lambda customer_id: journal_of(settings, customer_id, holder),
        {name: partial(_look, following_node, name) for name in (home, *others)},
        places,
        clock_ms,
        lambda: time.time_ns() // 1_000_000,
        SupervisorSwitch(
            queue_nodes.node_of_channel,
            lambda name: SupervisorCalls(following_node(name).connection, settings.node.domain),
            homes,
            queue_nodes.stop,
        ),
        RecorderOfNodes(recorder, acd_desk(settings), home, node_of),
        lambda customer_id: CallingBack(
            customer_id,
            queue_nodes,
            decider.decide,
            Audience(following, limiting).ended,
        ),
    )
    other_followers = {
        name: OtherNode(
            name, address, centres, registrations, random=SystemRandom(), clock=now, on_command=commanded
        )
        for name, (address, _) in others.items()
    }
    overload = Overload(time.monotonic)
    decider = CallDecider(
        following, limiting, health, now, emergency, centres.served, tracing.decided, overload.refuses
    )

    def swap(fresh: Snapshot) -> None:
        centres.swap(fresh, carrier.centres)
        decider.swap(fresh)
        trunk_logins.watch(fresh)
        keep_for_long()

    swap(snapshot)
    domain = settings.node.domain

    listening = listening_of(settings, "{}-{}".format(*listen))
    menus = Menus(decider.decide, decider.think, message_spool(settings), listening, now)

    figures = Figures(settings, listen)
    phone_codes = PhoneCodes(
        acd_desk(settings),
        RecordingOrders(recorder, lambda: acd_desk(settings), list(others)),
        lambda actor, agent, details: audited(settings, actor, "agent.code", "agent", agent, details),
    )

    def handle(channel: ChannelData) -> Instructions | Hold:
        began = time.perf_counter()
        offered = offered_call(channel.get)
        if offered.dialled.startswith("*8") and (agent := centres.caller(offered)) is not None:
            told = phone_codes.decision(agent, offered.dialled)
            if told is not None:
                return Instructions(decision_variables(told, offered, domain=domain))
        decision = decider.decide(offered)
        if isinstance(decision.outcome, Converse):
            figures.calls.note(decision, time.perf_counter() - began)
            return Hold(lambda session: converse(session, offered, decision), MENU_S)
        if isinstance(decision.outcome, Wait):
            waking.soon()
        variables = decision_variables(decision, offered, domain=domain, door_of=homes.door, tls_of=tls_of)
        if isinstance(decision.outcome, Wait) and decision.outcome.goes_on:
            variables |= music_goes_on(channel.get)
        if (agents := centres.decided(offered, decision)) is not None:
            variables.setdefault("presence_data", own_mark(*agents))
        figures.calls.note(decision, time.perf_counter() - began)
        return Instructions(variables)

    def wake() -> None:
        follower.connection.nudge()
        for each in other_followers.values():
            each.connection.nudge()

    waking = Waking(wake, centres.is_awaited)

    def converse(session: Session, offered: CallOffered, decision: Decision) -> Instructions:
        call = MenuCall(session, offered, domain=domain, tls_of=tls_of)
        said = menus.converse(offered, decision, call)
        decided = decision_variables(said, call.offered, domain=domain, door_of=homes.door, tls_of=tls_of)
        return Instructions(decided)

    server = OutboundServer(listen, handle, on_data=overload.heard)
    audience = Audience(following, limiting, health, centres, figures.calls, tracing)
    follower = Follower(
        settings.node.name,
        event_socket(settings),
        audience,
        health,
        random=SystemRandom(),
        clock=now,
        channels=limiting.channels,
        queues=centres,
        phones=registrations,
        on_command=commanded,
    )
    originating = Originating(
        RequestDesk(call_requests(settings)),
        FirstLegNode(lambda: FirstLegs(follower.connection, settings.node.domain), homes, home, tls_of),
        decider,
        audience.ended,
        lambda: str(uuid4()),
        settings.node.name,
        lambda: instead.node() is not None,
    )
    probing = probing_of(
        settings, decider, audience.ended, lambda: follower.connection, "{}:{}".format(*listen)
    )
    # From here on nothing waits for PostgreSQL but the watch for a new version, in its own greenlet.
    configuration = Configuration(
        Versions(store, settings.node.name),
        carrier,
        configuration_of_node(settings, follower.connection),
        first=snapshot,
        swap=swap,
        report=StateFile(settings, "{}:{}".format(*listen), carrier).write,
    )
    in_force = TellVersion(
        versions_in_force(settings), "{}:{}".format(*listen), settings.node.name, lambda: configuration.state
    )
    blocking = Blocking(OperatorBlocks(BlockedReader(database), now), decider.block)
    following.start()
    tracing.start()
    emergency.start()
    limiting.start()
    health.start()
    blocking.start()
    centres.start()
    waking.start()
    server.start()
    follower.connection.start()
    for other in other_followers.values():
        other.connection.start()
    configuration.start()
    in_force.start()
    figures.start(
        Parts(
            decider,
            overload,
            lambda: {name: following_node(name).connection for name in (home, *others)},
            health,
            probing,
            following,
            emergency,
            tracing,
            centres,
            in_force,
        )
    )
    originating.start()
    if probing is not None:
        probing.start()
    node_orders = NodeOrders(OrdersForNode(acd_desk(settings), home), recorder)
    node_orders.start()
    heartbeat = Heartbeat()
    heartbeat.start()
    _log.info("controller ready", listen="{}:{}".format(*server.address), version=snapshot.version)
    stopped.wait()
    figures.stop()
    if probing is not None:
        probing.stop(1.0)
    originating.stop(1.0)
    in_force.stop(1.0)
    node_orders.stop(1.0)
    configuration.stop(1.0)
    blocking.stop(1.0)
    left = server.stop(_DRAIN_S)
    waking.stop()
    centres.stop(1.0)
    follower.connection.stop()
    for other in other_followers.values():
        other.connection.stop()
    following.stop(1.0)
    tracing.stop(1.0)
    emergency.stop(2.0)
    limiting.stop(1.0)
    health.stop(1.0)
    heartbeat.stop(1.0)
    _log.info("controller stopped", decided=decider.decided, sessions_cut=left)


def steady_clock_ms() -> Callable[[], int]:
    """Milliseconds since 1970 when the program began; from then on a clock that nobody sets."""
    ahead_ns = time.time_ns() - time.monotonic_ns()
    return lambda: (time.monotonic_ns() + ahead_ns) // 1_000_000


def _commanded(settings: Settings, following: Callable[[str], Follower | OtherNode], name: str) -> SwitchNode:
    """A node as contact centres command it."""
    own = NodeDoor(settings.node.sip_ip, settings.node.ports.node)
    door = next((NodeDoor(*each.sip) for each in settings.other_nodes if each.name == name), own)
    return SwitchNode(lambda: AgentCalls(following(name).connection, settings.node.domain), door)


def _look(following: Callable[[str], Follower | OtherNode], name: str) -> None:
    """Ask a node what it has. Raises NodeAway."""
    try:
        following(name).resync()
    except FreeSwitchError as error:
        raise NodeAway(str(error)) from error


def _pre_empt(connection: InboundConnection, call_id: str) -> None:
    """Q.850 cause 45: pre-empted. Raises NodeAway."""
    try:
        connection.bgapi(api_calls.uuid_kill(call_id, "PRE_EMPTED"), _PRE_EMPT_S)
    except FreeSwitchError as error:
        raise NodeAway(str(error)) from error
