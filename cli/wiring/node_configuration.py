"""The node's own configuration kept in line with the snapshot: freeswitch.xml, gateways, registrations.

What the node was last brought to stands in `.loaded.json` beside freeswitch.xml, as digests. So whoever
comes next (another controller, one that was away) knows what is left to do, and doing it twice is harmless.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

import structlog

from cli.bootstrap import switch_settings
from cli.layout import write_private
from cli.settings import Settings
from cli.wiring.aside import aside
from controller.configuration import Node
from controller.errors import NodeAway
from dialplan.call import Entry
from dialplan.carrier import Customer, Phone, SipAddress, TeamsEdge, Trunk
from dialplan.emergency.routing import LineAddress
from dialplan.snapshot import Snapshot
from freeswitch import api_calls, profile_calls
from freeswitch.commands import ApiCall
from freeswitch.dialstring import gateway_name
from freeswitch.errors import CommandFailed, FreeSwitchError, NotConnected
from freeswitch.gateway_state import registering
from freeswitch.inbound import InboundConnection
from freeswitch.render import render, write
from freeswitch.render.modules import codec_modules
from freeswitch.render.teams import teams_ways
from freeswitch.settings import SwitchSettings

_log = structlog.get_logger(__name__)

_LOADED: Final = ".loaded.json"
_GATEWAYS: Final = (Entry.CARRIER.value, Entry.TRUNK.value)
_TEAMS: Final = Entry.TEAMS.value
_PHONES: Final = Entry.PHONE.value
_MODULES: Final = "modules"
#: FreeSWITCH reads the whole XML anew for each of these.
_TIMEOUT_S: Final = 30.0

#: Digest of each gateway and phone by profile and name; modules of codecs by theirs.
State = dict[str, dict[str, str]]


class NodeConfiguration:
    """controller.configuration.Node for a node on this machine whose freeswitch.xml is in `conf_dir`.

    `api` runs an API command on the node and gives what it printed; raises FreeSwitchError.
    """

    def __init__(
        self, conf_dir: Path, settings: SwitchSettings, api: Callable[[ApiCall, float], str]
    ) -> None:
        self._conf_dir = conf_dir
        self._settings = settings
        self._api = api
        self._prepared: Snapshot | None = None
        self._wanted: State = {}
        #: Whether something that is not wanted may be left on the node.
        self._left = False

    def prepare(self, snapshot: Snapshot) -> None:
        if self._prepared is not None and _same_for_node(snapshot, self._prepared):
            self._prepared = snapshot
            return
        # In a thread of the system: ten thousand trunks take seconds, calls must not wait for that.
        text, wanted, loaded = aside(self._compared, snapshot)
        try:
            if wanted != loaded:
                self._bring(text, wanted, loaded)
        except (FreeSwitchError, OSError) as error:
            raise NodeAway(str(error)) from error
        self._prepared, self._wanted, self._left = snapshot, wanted, wanted != loaded

    def retire(self, snapshot: Snapshot) -> None:
        if not self._left:
            return
        wanted, loaded = self._wanted, aside(self._loaded)
        try:
            for profile in (*_GATEWAYS, _TEAMS):
                for gateway in loaded.get(profile, {}).keys() - wanted[profile].keys():
                    self._kill(profile, gateway)
            for user in loaded.get(_PHONES, {}).keys() - wanted[_PHONES].keys():
                self._run(profile_calls.flush_registrations(_PHONES, user, self._settings.domain))
            aside(self._note, wanted)
        except (FreeSwitchError, OSError) as error:
            raise NodeAway(str(error)) from error
        self._left = False

    def write(self, snapshot: Snapshot) -> None:
        """For a node that is about to be started: it reads all of this then. Raises OSError."""
        text, wanted, _ = self._compared(snapshot)
        write(self._conf_dir, text)
        self._note(wanted)

    def _compared(self, snapshot: Snapshot) -> tuple[str, State, State]:
        """The XML, and the node's state as wanted and as it is."""
        text = render(snapshot, self._settings)
        return text, _state(snapshot, text, self._settings), self._loaded()

    def _bring(self, text: str, wanted: State, loaded: State) -> None:
        aside(write, self._conf_dir, text)
        self._run(api_calls.reload_xml())
        self._run(profile_calls.reload_acl())
        for module in sorted(wanted[_MODULES].keys() - loaded.get(_MODULES, {}).keys()):
            self._load(module)
        for profile in (*_GATEWAYS, _TEAMS):
            have, old = wanted[profile], loaded.get(profile, {})
            if have and not old and profile == _TEAMS:
                # The carrier has Teams from now on; where the profile runs already this changes nothing.
                self._run(profile_calls.start(profile))
            for gateway in [name for name in have if name in old and old[name] != have[name]]:
                self._kill(profile, gateway)
            if have.items() - old.items():
                self._run(profile_calls.rescan(profile))
        aside(self._note, {name: loaded.get(name, {}) | wanted[name] for name in wanted})

    def _load(self, module: str) -> None:
        """A module that is not installed is told; it keeps nothing else from the node."""
        missing = api_calls.module_missing(self._api(api_calls.load_module(module), _TIMEOUT_S))
        if missing:
            step = (
                f"install freeswitch-{module.replace('_', '-')}; calls with its codec alone fail until then"
            )
            _log.error("a codec's module is not loaded", module=module, why=missing, next_step=step)

    def _kill(self, profile: str, gateway: str) -> None:
        try:
            self._run(profile_calls.kill_gateway(profile, gateway))
        except CommandFailed as error:
            if "no such gateway" not in str(error):
                raise

    def _run(self, call: ApiCall) -> None:
        self._api(call, _TIMEOUT_S)

    def _loaded(self) -> State:
        try:
            found: Any = json.loads((self._conf_dir / _LOADED).read_text(encoding="utf-8"))
            return {str(profile): dict(names) for profile, names in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _note(self, state: State) -> None:
        write_private(self._conf_dir / _LOADED, json.dumps(state, sort_keys=True))


def not_running(call: ApiCall, timeout_s: float) -> str:
    """The `api` of a node that does not run yet: nothing is to be asked of it."""
    raise NotConnected(f"the node does not run yet: {call.name} has to wait")


class NoNode:
    """For nodes elsewhere: their configuration is rendered there."""

    def prepare(self, snapshot: Snapshot) -> None: ...

    def retire(self, snapshot: Snapshot) -> None: ...


def configuration_of_node(settings: Settings, connection: InboundConnection) -> Node:
    """The node's own configuration, where it is on this machine."""
    conf_dir = settings.node.conf_dir
    if conf_dir is None:
        return NoNode()
    return NodeConfiguration(conf_dir, switch_settings(settings), connection.bgapi)


def _same_for_node(snapshot: Snapshot, other: Snapshot) -> bool:
    """Whether both are rendered alike. Parts that did not change are the same objects: this is fast."""
    if snapshot is other:
        return True
    same_tables = snapshot.trunks == other.trunks and snapshot.phones == other.phones
    return (
        same_tables
        and snapshot.emergency_trunks == other.emergency_trunks
        and snapshot.emergency == other.emergency
        and snapshot.teams == other.teams
        and snapshot.customers.keys() == other.customers.keys()
        and all(
            each is other.customers[name]
            or (each.main_number, each.address, _main_address(snapshot, each))
            == (other.customers[name].main_number, other.customers[name].address, _main_address(other, each))
            for name, each in snapshot.customers.items()
        )
    )


def _main_address(snapshot: Snapshot, customer: Customer) -> LineAddress | None:
    """Where emergency calls of the customer's trunks come from, when no controller decides them."""
    assigned = snapshot.numbers.get(customer.main_number)
    return assigned.address if assigned else None


def _state(snapshot: Snapshot, text: str, settings: SwitchSettings) -> State:
    """What the node has to know: the whole XML, gateways by profile, who may log in. Without
    certificates there is no profile for Teams."""
    state: State = {"xml": {"sha256": hashlib.sha256(text.encode()).hexdigest()}}
    state[_MODULES] = dict.fromkeys(codec_modules(snapshot), "")
    state |= {entry.value: {} for entry in Entry}
    if snapshot.teams is not None and settings.tls is not None:
        state[_TEAMS] = {name: _digest(facts) for name, *facts in _teams(snapshot, snapshot.teams)}
    for trunk in snapshot.trunks.values():
        if trunk.teams is not None:
            continue
        entry = Entry.CARRIER if trunk.customer_id is None else Entry.TRUNK
        if trunk.address is not None:
            calls = gateway_name(trunk)
            state[entry.value][calls] = _trunk(trunk, trunk.address, calls)
            if trunk.registration is not None:
                registers = registering(trunk.id)
                state[entry.value][registers] = _trunk(trunk, trunk.address, registers)
        if trunk.login is not None:
            facts = (trunk.id, trunk.customer_id, trunk.login.password)
            state[_PHONES][trunk.login.username] = _digest(facts)
    for phone in snapshot.phones.values():
        state[_PHONES][phone.credentials.username] = _phone(phone)
    return state


def _teams(snapshot: Snapshot, edge: TeamsEdge) -> Iterator[tuple[str, str, str, int | None]]:
    for name, address, fqdn, asks in teams_ways(snapshot, edge):
        yield name, str(address), fqdn, edge.ping_s if asks else None


def _trunk(trunk: Trunk, address: SipAddress, name: str) -> str:
    """Of what is rendered for a gateway. Where we register the name stands in it: of the two, an earlier
    program had that of calls register."""
    registered = (*astuple(trunk.registration), name) if trunk.registration is not None else None
    return _digest((str(address), address.transport.value, registered, trunk.ping_s))


def _phone(phone: Phone) -> str:
    return _digest((phone.id, phone.customer_id, phone.credentials.password, phone.number))


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
