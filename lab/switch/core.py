"""The switch: configuration, profiles, gateways, channels, and what belongs to all calls together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Final

from aiosipua.message import SipRequest

from lab.media.errors import SdpRejectedError
from lab.media.sdp import parse_audio
from lab.switch import session
from lab.switch.apps.execute import execute, execute_now
from lab.switch.causes import Cause
from lab.switch.channel import Channel, new_uuid
from lab.switch.clock import now_us, uptime
from lab.switch.config.load import load
from lab.switch.config.settings import ProfileSettings, User
from lab.switch.dialplan import Action
from lab.switch.events import EventBus
from lab.switch.expand import Scope, disarmed, expand
from lab.switch.sip.building import dialog_of_request, response_to
from lab.switch.sip.endpoint import SipProfile
from lab.switch.sip.gateway import Gateway
from lab.switch.sip.incoming import IncomingLeg
from lab.switch.sip.invite_facts import caller_profile, variables
from lab.switch.sip.nat import via_is_inside
from lab.switch.sip.reading import first, via_host
from lab.switch.sip.registrar import Registrar, Registration
from lab.switch.sip.transactions import ServerTransaction
from lab.switch.states import CallState, State

log = logging.getLogger(__name__)

DRAIN_S: Final = 2.0
HEARTBEAT_S: Final = 20.0

ExpansionApi = Callable[[str, str], str]


class Switch:
    """Everything that runs. `folders` are FreeSWITCH's globals conf_dir, log_dir, db_dir, run_dir."""

    def __init__(self, folders: Mapping[str, Path], heartbeat_s: float = HEARTBEAT_S) -> None:
        self.folders = folders
        self.heartbeat_s = heartbeat_s
        self.config = load(folders["conf_dir"], self._preset())
        self.bus = EventBus(self.config.switch_params.get("switchname", ""))
        self.globals: dict[str, str] = {
            **self._preset(),
            **self.config.globals,
            "core_uuid": self.bus.core_uuid,
        }
        self.channels: dict[str, Channel] = {}
        self.profiles: dict[str, SipProfile] = {}
        self.gateways: dict[str, Gateway] = {}
        self.registrar = Registrar(self._registration_changed)
        self.tasks: set[asyncio.Task[None]] = set()
        self.paused = False
        self.started_us = now_us()
        self.sessions = 0
        self.peak = 0
        self.closing = asyncio.Event()
        self.expansion_api: ExpansionApi | None = None
        self.on_reload: Callable[[], None] = lambda: None
        self._timers: set[asyncio.TimerHandle] = set()
        self._recent: deque[float] = deque(maxlen=10_000)

    def _preset(self) -> dict[str, str]:
        return {name: str(path) for name, path in self.folders.items()} | {
            "base_dir": str(self.folders["conf_dir"])
        }

    # -- life -----------------------------------------------------------------------------------

    async def open(self) -> None:
        """Bind all profiles and start the gateways. Raises PortTakenError; what was opened is closed then."""
        try:
            for settings in self.config.profiles.values():
                profile = SipProfile(self, settings)
                await profile.open()
                self.profiles[settings.name] = profile
        except BaseException:
            await self.close()
            raise
        self._start_gateways()

    def _start_gateways(self) -> None:
        for profile in self.profiles.values():
            for settings in profile.settings.gateways:
                if settings.name not in self.gateways:
                    gateway = Gateway(profile, settings)
                    self.gateways[settings.name] = gateway
                    gateway.start()

    async def drain(self) -> None:
        """Hang everything up and wait until all records are written, at most two seconds."""
        self.paused = True
        self.hangup_all(Cause.SYSTEM_SHUTDOWN)
        if self.tasks:
            _, left = await asyncio.wait(tuple(self.tasks), timeout=DRAIN_S)
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left, timeout=0.5)

    async def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for gateway in self.gateways.values():
            gateway.stop()
        self.registrar.close()
        for profile in self.profiles.values():
            await profile.close()

    def hangup_all(self, cause: Cause) -> int:
        channels = list(self.channels.values())
        for channel in channels:
            channel.hangup(cause)
        return len(channels)

    def reload(self) -> None:
        """Read the configuration again: dialplan, directory, access lists and new gateways count from now on.

        Raises ConfigurationError and keeps the old one when the new one cannot be loaded.
        """
        fresh = load(self.folders["conf_dir"], self._preset())
        self.config = fresh
        self.on_reload()
        self.globals.update(fresh.globals)
        for name, profile in self.profiles.items():
            if name in fresh.profiles:
                profile.settings = fresh.profiles[name]
        self.bus.fire("RELOADXML")

    def rescan(self, name: str) -> bool:
        """Take a profile's gateways from the configuration: new ones start, changed ones start again."""
        profile = self.profiles.get(name)
        if profile is None:
            return False
        wanted = {settings.name: settings for settings in profile.settings.gateways}
        for gateway in [gateway for gateway in self.gateways.values() if gateway.profile is profile]:
            if wanted.get(gateway.name) != gateway.settings:
                self.kill_gateway(gateway.name)
        self._start_gateways()
        return True

    def kill_gateway(self, name: str) -> bool:
        gateway = self.gateways.pop(name, None)
        if gateway is not None:
            gateway.stop()
        return gateway is not None

    # -- calls ----------------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        """Whether max-sessions and sessions-per-second allow another channel; counts it when they do."""
        now = time.monotonic()
        while self._recent and now - self._recent[0] >= 1.0:
            self._recent.popleft()
        full = len(self.channels) >= self.config.max_sessions
        if self.paused or full or len(self._recent) >= self.config.sessions_per_second:
            log.warning("no further channel: %s up, %s in this second", len(self.channels), len(self._recent))
            return False
        self._recent.append(now)
        return True

    def next_session_id(self) -> str:
        self.sessions += 1
        self.peak = max(self.peak, len(self.channels) + 1)
        return str(self.sessions)

    def call_arrived(
        self, profile: SipProfile, request: SipRequest, transaction: ServerTransaction, user: User | None
    ) -> None:
        """A new INVITE that may come in: make its channel and let it run."""
        if not self.has_room:
            response = response_to(request, 503)
            response.headers.set_single("Retry-After", "300")
            transaction.respond(response)
            return
        settings, source = profile.settings, transaction.source
        facts = caller_profile(request, source, settings, new_uuid(), settings.context)
        prefix, _, name = facts.destination_number.partition("+")
        called = self.gateways.get(name) if prefix == "gw" else None
        if called is not None:
            facts.destination_number = disarmed(called.dialled(request))
        channel = Channel(self, facts, outbound=False)
        if called is not None:
            channel.set("sip_gateway", called.name)
        channel.set("session_id", self.next_session_id())
        for name, value in variables(request, source, settings):
            channel.take(name, value)
        if user is not None:
            self._set_user(channel, user)
        elif settings.is_on("auth-calls", default=True):
            channel.set("sip_authorized", "true")
            channel.set("sip_acl_authed_by", settings.get("apply-inbound-acl"))
        elif (peer := self._peer(settings, source.host)) is not None:
            channel.set("acl_token", f"{peer.id}@{peer.domain}")
            self._set_directory(channel, peer)
        facts.context = channel.get("user_context") or facts.context
        if first(request, "replaces"):
            # FreeSWITCH answers and lets it `intercept`, which our configuration forbids.
            facts.dialplan, facts.destination_number = "inline", "answer"
        dialog = dialog_of_request(request, source)
        dialog.sticky = channel.get("sip-force-contact") is not None or via_is_inside(
            settings, self.config.acls, via_host(request), source.host
        )
        leg = IncomingLeg(profile, channel, dialog, request, transaction)
        channel.leg = leg
        profile.keep(leg)
        self.channels[channel.uuid] = channel
        self._announce(channel, leg, request)
        session.start(channel)

    def _set_user(self, channel: Channel, user: User) -> None:
        channel.set("sip_authorized", "true")
        channel.set("sip_auth_username", user.id)
        channel.set("sip_auth_realm", user.domain)
        self._set_directory(channel, user)

    def _set_directory(self, channel: Channel, user: User) -> None:
        channel.set("user_name", user.id)
        channel.set("domain_name", user.domain)
        for name, value in user.variables.items():
            channel.take(name, value)

    def _peer(self, settings: ProfileSettings, address: str) -> User | None:
        """The directory user whom the profile's access list has for the address."""
        listed = self.config.acls.get(settings.get("apply-inbound-acl"))
        known = listed.user_at(address) if listed is not None else None
        return self.config.find_user(*known) if known is not None else None

    def _announce(self, channel: Channel, leg: IncomingLeg, request: SipRequest) -> None:
        channel.set("endpoint_disposition", "RECEIVED" if request.body else "RECEIVED_NOSDP")
        channel.run_state()
        usable = True
        if request.body:
            try:
                leg.agree(leg.first_common(parse_audio(request.text)))
            except SdpRejectedError as refused:
                log.info("%r: %s", channel, refused)
                usable = False
        channel.set("call_uuid", channel.uuid)
        channel.set_state(State.INIT)
        channel.run_state()
        channel.fire("CHANNEL_CREATE")
        channel.set_callstate(CallState.RINGING)
        channel.set_state(State.ROUTING)
        if not usable:
            channel.hangup(Cause.INCOMPATIBLE_DESTINATION)

    def run(self, channel: Channel) -> None:
        """Start the channel's task."""
        session.start(channel)

    async def execute(self, channel: Channel, action: Action) -> None:
        """Run one application in the channel's task."""
        await execute(channel, action.application, action.data)

    async def execute_named(self, channel: Channel, name: str, data: str, uuid: str | None) -> None:
        """Run one application under the Application-UUID that the controller gave, if it gave one."""
        await execute(channel, name, data, uuid)

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run in the background; drained with the channels."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def execute_now(self, channel: Channel, action: Action) -> None:
        """Run an application that waits for nothing (inline actions)."""
        execute_now(channel, action)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Call `what` in `seconds`; forgotten when the switch closes."""

        def due() -> None:
            self._timers.discard(timer)
            what()

        timer = asyncio.get_running_loop().call_later(seconds, due)
        self._timers.add(timer)

    def count_ended(self, channel: Channel) -> None:
        # By its id alone: the name has the number that was called, and logs are kept longer than that may be.
        log.info("channel %s ended: %s", channel.uuid, channel.cause.name)

    def expand_for(self, caller: Channel | None, text: str, values: Mapping[str, str]) -> str:
        """Expand with some values in front of the channel's own."""

        def value(name: str, index: int) -> str | None:
            if name in values:
                return values[name]
            return caller.get(name, index) if caller is not None else self.globals.get(name)

        return expand(text, Scope(value, self.expansion_api))

    # -- events ---------------------------------------------------------------------------------

    def _registration_changed(self, what: str, entry: Registration) -> None:
        self.bus.fire(
            "CUSTOM",
            lambda: [
                ("profile-name", entry.profile),
                ("from-user", entry.user),
                ("from-host", entry.domain),
                ("contact", entry.contact),
                ("call-id", entry.call_id),
                ("user-agent", entry.agent),
                ("username", entry.user),
                ("realm", entry.domain),
                ("network-ip", entry.reach.host),
                ("network-port", str(entry.reach.port)),
                ("expires", str(max(0, round(entry.expires_at - time.monotonic())))),
            ],
            subclass=f"sofia::{what}",
        )

    def heartbeat(self) -> None:
        """One HEARTBEAT event."""
        seconds = (now_us() - self.started_us) // 1_000_000
        count = len(self.channels)
        self.bus.fire(
            "HEARTBEAT",
            lambda: [
                ("Event-Info", "System Ready"),
                ("Up-Time", uptime(seconds)),
                ("FreeSWITCH-Version", "lab"),
                ("Uptime-msec", str(seconds * 1000)),
                ("Session-Count", str(count)),
                ("Max-Sessions", str(self.config.max_sessions)),
                ("Session-Per-Sec", str(self.config.sessions_per_second)),
                ("Session-Per-Sec-Last", str(len(self._recent))),
                ("Session-Since-Startup", str(self.sessions)),
                ("Session-Peak-Max", str(self.peak)),
                ("Idle-CPU", "100.000000"),
            ],
        )
