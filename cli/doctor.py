"""`fernamt doctor`: each dependency, its state, what to do."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Final

import click
from rich.table import Table
from sqlalchemy import text

from cli.bootstrap import (
    acd_desk,
    attempt_files,
    ban_store,
    call_counters,
    connected,
    engine,
    live_calls,
    node_connection,
    now,
    other_nodes,
    server_url,
)
from cli.carriers.emergency_reminders import reminders_of
from cli.errors import NotRunning, ProgramError
from cli.explaining import record_checks
from cli.explaining.backup_check import backup
from cli.explaining.clock_check import clock
from cli.explaining.disk_check import disk
from cli.explaining.exchange_checks import (
    centres_finding,
    controllers_finding,
    guard_finding,
    probes_finding,
    switch_finding,
    trunks_finding,
    web_finding,
)
from cli.explaining.far_controllers import far_controllers, syn_retries, with_far
from cli.explaining.findings import Finding, State, outside_the_lab
from cli.explaining.host_names import without_address
from cli.explaining.mailbox_key_check import mailbox_key
from cli.explaining.message_checks import announcements, mail_server
from cli.explaining.standby_check import database_finding, no_redis_primary, nobody_writes, redis_finding
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.trunk_views import trunks_now
from cli.wiring.allocator import PACKAGE, jemalloc
from cli.wiring.certificates import certificate_state
from cli.wiring.configuration_state import controllers_of
from cli.wiring.queue_desk import screens
from dialplan.trunks.status import TrunkState
from freeswitch import api_calls
from freeswitch.errors import FreeSwitchError
from freeswitch.node_state import drained_said
from freeswitch.probe import takes_calls
from provisioning.errors import ProvisioningError
from provisioning.load import CheckedConfig, load
from store.availability_book import AvailabilityBook
from store.config_versions import ConfigStore
from store.emergency_reminders import EmergencyReminders
from store.errors import StoreError
from store.replicas import redis_servers_seen
from store.room import require_room
from store.schema import require_current
from store.standby import servers_seen, standbys
from web.probe import answers

#: Between two looks at an exchange that has just started.
_LOOK_AGAIN_S: Final = 0.5


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def doctor(settings: Callable[[], Settings], as_json: bool) -> None:
    """Look at everything the exchange needs and say what to do. Exits with 1 on a fault."""
    findings = examine(effective(settings()))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in findings], ensure_ascii=False, indent=1))
    else:
        table = Table("what", "state", "seen", "what to do")
        for each in findings:
            table.add_row(each.name, each.state.value, each.seen, each.next_step)
        console().print(table)
    if any(each.state is State.FAULT for each in findings):
        raise SystemExit(1)


def examine(settings: Settings) -> list[Finding]:
    """Every check; none stops another, and none takes longer than its own timeout."""
    _loaded.cache_clear()
    return [_safely(name, check, settings) for name, check in CHECKS]


def settled(settings: Settings, within_s: float) -> str:
    """The findings in a sentence, as soon as nothing is wrong, else after `within_s`."""
    ended = time.monotonic() + within_s
    while True:
        findings = examine(settings)
        wrong = [each for each in findings if each.state is not State.OK]
        if not wrong:
            return f"doctor: all {len(findings)} checks are ok"
        if time.monotonic() > ended:
            told = "; ".join(f"{each.name} is a {each.state.value}: {each.seen}" for each in wrong)
            return f"doctor: {len(findings) - len(wrong)} of {len(findings)} checks are ok; {told}"
        time.sleep(_LOOK_AGAIN_S)


def _safely(name: str, check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except (ProgramError, ProvisioningError, StoreError, FreeSwitchError, OSError) as error:
        step = getattr(error, "next_step", "")
        return Finding(name, State.FAULT, str(error), str(step))


@lru_cache(maxsize=1)
def _loaded(files: tuple[Path, ...]) -> CheckedConfig:
    """The carrier's files, read once for all checks. Raises ConfigInvalid."""
    return load(files)


def _carrier(settings: Settings) -> Finding:
    carrier = _loaded(settings.carrier)
    seen = f"{len(carrier.config.customers)} customers in {len(carrier.files)} files"
    if carrier.warnings:
        return Finding("configuration", State.WARNING, f"{seen}; {carrier.warnings[0]}", "Mend the warnings")
    return Finding("configuration", State.OK, seen)


def _database(settings: Settings) -> Finding:
    servers = servers_seen(server_url(settings, settings.database, "PostgreSQL"))
    if (not_promoted := nobody_writes(servers)) is not None:
        return not_promoted
    database = engine(settings, "fernamt doctor")
    require_current(database)
    require_room(database)
    with database.connect() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
    return database_finding(version, standbys(database), servers)


def _applied(settings: Settings) -> Finding:
    """The version in force in the database, and what this machine's controllers make of it."""
    name = "applied version"
    store = ConfigStore(engine(settings, "fernamt doctor"))
    newest, version = store.current(), store.current_at(settings.node.name)
    if not version:
        return Finding(name, State.FAULT, "none", "fernamt config apply")
    found = controllers_of(settings)
    refused = [each for each in found if each.state.problem]
    if refused:
        worst = refused[0].state
        seen = f"version {worst.wanted} cannot be used, {worst.in_force} is in force: {worst.problem}"
        return Finding(name, State.FAULT, seen, "Put in place what is missing, or fernamt config rollback")
    late = [each.controller for each in found if each.state.in_force != version]
    if late:
        seen = f"version {version} is not in force yet at {', '.join(late)}"
        return Finding(name, State.WARNING, seen, "Look again in a moment, then at the controllers' logs")
    if version != newest:
        seen = f"version {version} is in force here, {newest} is being rolled out node by node"
        return Finding(name, State.WARNING, seen, "fernamt config rollout --status; then rollout or rollback")
    return Finding(name, State.OK, f"version {version}, in force at {len(found)} controllers here")


def _redis(settings: Settings) -> Finding:
    calls = live_calls(settings)
    servers = redis_servers_seen(server_url(settings, settings.redis, "Redis"))
    if (not_promoted := no_redis_primary(servers)) is not None:
        return not_promoted
    return redis_finding(len(calls.list(limit=20_000)), servers)


def _limits(settings: Settings) -> Finding:
    """Without Redis calls go on, so this is no fault of its own: the one of Redis is told already."""
    try:
        call_counters(settings, "fernamt doctor").ping()
    except StoreError as error:
        seen = f"each controller counts for itself: {error.what}"
        return Finding(
            "limits", State.WARNING, seen, "Bring Redis back; limits of all controllers hold again then"
        )
    return Finding("limits", State.OK, "counted over all controllers")


def _switch(settings: Settings) -> Finding:
    with node_connection(settings) as connection:
        status, drained = connection.api(api_calls.status()), drained_said(connection.api)
    return switch_finding(status, drained, settings.node.name)


def _certificate(settings: Settings) -> Finding:
    """The node's certificate for TLS, WSS and Teams: whether it holds, for how long, and is the one shown."""
    found = certificate_state(settings, _loaded(settings.carrier).config, now())
    return Finding("certificate", State(found.state), found.seen, found.next_step)


def _other_nodes(settings: Settings) -> Finding:
    """Callers who wait there are distributed from here too, when this machine's turn comes."""
    away = []
    for name, (address, _) in other_nodes(settings).items():
        try:
            with connected(address):
                pass
        except NotRunning as error:
            away.append(f"{name}: {error}")
    if away:
        step = "look whether these nodes run, and whether their event_socket.conf admits this machine"
        return Finding("other nodes", State.FAULT, "; ".join(away), step)
    count = len(settings.other_nodes)
    return Finding("other nodes", State.OK, f"{count} reached" if count else "there are none")


def _guard(settings: Settings) -> Finding:
    """Whether scanners and floods are kept from the SIP ports."""
    told = ban_store(settings).told(settings.node.name) if settings.guard is not None else None
    return guard_finding(settings, told)


def _centres(settings: Settings) -> Finding:
    """Whether each contact centre has a controller that leads it."""
    customers = _loaded(settings.carrier).config.customers
    wanted = [each.id for each in customers if each.queues]
    led = {each["customer"] for each in screens(acd_desk(settings))} if wanted else set()
    return centres_finding(wanted, led)


def _web(settings: Settings) -> Finding:
    """The HTTP interface, where this machine's settings have one."""
    if settings.web is None:
        return Finding("screens", State.OK, "no HTTP interface is configured")
    return web_finding(settings.web.listen, there=answers(settings.web.listen))


def _controllers(settings: Settings) -> Finding:
    found = controllers_finding(
        {f"{host}:{port}": takes_calls((host, port)) for host, port in settings.controllers}
    )
    # `fernamt up` starts one of the lab's two unless told otherwise.
    told = outside_the_lab(settings, found) if found.state is State.WARNING else found
    return with_far(told, far_controllers(settings, syn_retries()))


def _trunks(settings: Settings) -> Finding:
    """Trunks that do not answer or rest, by the word of the controllers."""
    found = trunks_now(settings)
    customers: set[str] = set()
    with suppress(ProvisioningError):  # the check of the configuration says so
        config = _loaded(settings.carrier).config
        customers = {trunk.id for each in config.customers for trunk in each.trunks}
        # Whether Microsoft answers shows in calls alone: without a failure Teams trunks say nothing of it.
        teams = {trunk.id for each in config.customers for trunk in each.teams_trunks}
        found = [each for each in found if each.trunk_id not in teams or each.state is not TrunkState.UNKNOWN]
    return trunks_finding(found, customers)


def _probes(settings: Settings) -> Finding:
    """Synthetic calls over trunks."""
    if settings.probes is None:
        return probes_finding(settings, (), (), now())
    carriers = [each.id for each in _loaded(settings.carrier).config.carrier.trunks]
    newest = AvailabilityBook(engine(settings, "fernamt doctor")).newest()
    return probes_finding(settings, carriers, newest, now())


def _emergency(settings: Settings) -> Finding:
    """Ways out for 110 and 112, host names without an address, lines without an area, attempts that the
    database does not have yet."""
    name = "emergency calls"
    config = _loaded(settings.carrier)
    carrier = config.config.carrier
    trunks = [each.id for each in carrier.trunks if each.emergency]
    areas = len(carrier.emergency.areas) if carrier.emergency else 0
    waiting = attempt_files(settings).count()
    wrong = [each for each in config.warnings if each.id.startswith("config.emergency-")]
    seen = f"{len(trunks)} trunks, {areas} areas, {waiting} attempts wait for the database"
    if not trunks:
        return Finding(name, State.FAULT, seen, "Give at least two trunks emergency: true")
    hosts = [each.address.host for each in carrier.trunks if each.emergency and each.address is not None]
    if settings.lab_network is None and (lost := without_address(hosts)):
        step = "Mend the DNS, or give these trunks an IP address (docs/emergency.md)"
        return Finding(name, State.FAULT, f"{seen}; no address is found for {', '.join(lost)}", step)
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return Finding(name, State.WARNING, f"{seen}; {wrong[0]}{more}", "docs/emergency.md")
    if waiting or len(trunks) < 2:
        step = "Bring the database back" if waiting else "Give a second trunk emergency: true"
        return Finding(name, State.WARNING, seen, step)
    return Finding(name, State.OK, seen)


def _reminders(settings: Settings) -> Finding:
    """Customers with phones that reach no emergency service are told so regularly (B9)."""
    name = "emergency reminders"
    customers = _loaded(settings.carrier).config.customers
    phones = {
        each.id: tuple(phone.id for phone in each.phones if not phone.own_line)
        for each in customers
        if any(not phone.own_line for phone in each.phones)
    }
    last = EmergencyReminders(engine(settings, "fernamt doctor")).last()
    due = [each for each in reminders_of(phones, last, now()) if each.due]
    seen = f"customers with phones without a line of their own: {len(phones)}, to be told: {len(due)}"
    if due:
        return Finding(name, State.WARNING, seen, "Tell them: fernamt emergency reminders list")
    return Finding(name, State.OK, seen)


def _program(settings: Settings) -> Finding:
    found = shutil.which("freeswitch")
    wanted = settings.node.program
    if wanted == "freeswitch" and not found:
        return Finding("freeswitch program", State.FAULT, "not on the PATH", "Install FreeSWITCH")
    if wanted == "lab":
        return Finding("freeswitch program", State.OK, "not needed: the lab switch stands in")
    if wanted == "freeswitch" and jemalloc() is None:
        step = f"apt-get install {PACKAGE}, then start FreeSWITCH again (docs/operation.md)"
        seen = f"{found}, without jemalloc: a call costs it a third more"
        return outside_the_lab(settings, Finding("freeswitch program", State.WARNING, seen, step))
    return Finding("freeswitch program", State.OK, found or "runs elsewhere")


#: Every check by the name of its finding; docs/operation.md says what each is for, and which test shows it.
CHECKS: Final[tuple[tuple[str, Callable[[Settings], Finding]], ...]] = (
    ("configuration", _carrier),
    ("database", _database),
    ("applied version", _applied),
    ("redis", _redis),
    ("limits", _limits),
    ("switch", _switch),
    ("certificate", _certificate),
    ("other nodes", _other_nodes),
    ("guard", _guard),
    ("controllers", _controllers),
    ("contact centres", _centres),
    ("trunks", _trunks),
    ("probes", _probes),
    ("emergency calls", _emergency),
    ("emergency reminders", _reminders),
    ("announcements", lambda each: announcements(each, _loaded(each.carrier).config.customers)),
    ("mail server", lambda each: mail_server(each, _loaded(each.carrier).config.customers)),
    ("screens", _web),
    ("CDR spool", record_checks.spool),
    ("CDR quarantine", record_checks.quarantine),
    ("recordings", record_checks.recordings),
    ("mailbox key", mailbox_key),
    ("rating", record_checks.rating),
    ("bank", record_checks.bank),
    ("contact centres' log", record_checks.centre_log),
    ("clock", clock),
    ("number sweep", record_checks.sweep),
    ("numbers at Microsoft", record_checks.teams),
    ("backup", backup),
    ("disk", disk),
    ("freeswitch program", _program),
)
