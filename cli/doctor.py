"""`fernamt doctor`: each dependency, its state, what to do."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

import click
from rich.table import Table
from sqlalchemy import text

from cli.bootstrap import (
    acd_log,
    attempt_files,
    ban_store,
    call_counters,
    connected,
    engine,
    live_calls,
    mailer,
    node_connection,
    now,
    other_nodes,
    spool_size,
)
from cli.carriers.emergency_reminders import reminders_of
from cli.carriers.teams_health import teams_health
from cli.errors import NotRunning, ProgramError
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown
from cli.trunk import trunks_now
from cli.wiring.carrier import sounds, today
from cli.wiring.certificates import certificate_state
from cli.wiring.configuration_state import controllers_of
from controller.errors import MailAway
from dialplan.trunks.status import TrunkState
from freeswitch import api_calls
from freeswitch.errors import FreeSwitchError
from freeswitch.node_state import is_drained, node_state
from freeswitch.probe import takes_calls
from provisioning.errors import ProvisioningError
from provisioning.load import CheckedConfig, load
from provisioning.mailbox_access import guidance
from provisioning.queue_sentences import sentences
from provisioning.schema import CustomerEntry
from provisioning.sounds import PROGRAM as SPEAKER
from store.availability_book import AvailabilityBook
from store.bank_state import BankStanding, BankState
from store.cdr_repository import CdrRepository
from store.config_versions import ConfigStore
from store.daily_sweep import DailySweep, SweepRun
from store.embedded.home import NEEDED_FREE_BYTES
from store.emergency_reminders import EmergencyReminders
from store.errors import StoreError
from store.rating_tariffs import TariffStore
from store.rating_waiting import WaitingLegs
from store.schema import require_current
from store.teams_standing import TeamsStanding

#: Between two looks at an exchange that has just started.
_LOOK_AGAIN_S: Final = 0.5
#: A sweep of yesterday is in time until today's is done.
_LATE: Final = timedelta(days=1)
#: A record that waits for longer has no worker, or not all of its call's records came.
_RATED_WITHIN: Final = timedelta(minutes=10)
#: A probe a minute, and some time for controllers that start.
_PROBED_WITHIN: Final = timedelta(minutes=5)
#: A bank credits debits on their day; its statement of that day is imported by then.
_CREDITED_WITHIN: Final = timedelta(days=4)
#: Entries of contact centres that may wait for the next round or two of the intake.
_LOG_BEHIND: Final = 10_000


class State(StrEnum):
    """`ok` needs nothing; `warning` works but wants attention; `fault` does not work."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One dependency: what was looked at, what was seen, what to do about it ("" for nothing)."""

    name: str
    state: State
    seen: str
    next_step: str = ""


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
    checks: list[tuple[str, Callable[[Settings], Finding]]] = [
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
        ("trunks", _trunks),
        ("probes", _probes),
        ("emergency calls", _emergency),
        ("emergency reminders", _reminders),
        ("announcements", lambda each: announcements(each, _loaded(each.carrier).config.customers)),
        ("mail server", lambda each: mail_server(each, _loaded(each.carrier).config.customers)),
        ("CDR spool", _spool),
        ("CDR quarantine", _quarantine),
        ("rating", _rating),
        ("bank", _bank),
        ("contact centres' log", _centre_log),
        ("number sweep", _sweep),
        ("numbers at Microsoft", _teams),
        ("disk", _disk),
        ("freeswitch program", _program),
    ]
    return [_safely(name, check, settings) for name, check in checks]


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
    database = engine(settings, "fernamt doctor")
    require_current(database)
    with database.connect() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
    return Finding("database", State.OK, f"PostgreSQL {version}, schema is current")


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
    count = len(live_calls(settings).list(limit=20_000))
    return Finding("redis", State.OK, f"answers; {count} calls in progress")


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
        status = connection.api(api_calls.status()).strip().splitlines()
        drained = node_state("\n".join(status), connection.api(is_drained())).drained
    ready = next((line for line in status if "ready" in line.lower()), status[0] if status else "answers")
    if drained:
        step = f"fernamt node undrain {settings.node.name}, when it is to take calls again"
        return Finding("switch", State.WARNING, "takes no new calls but those to 110 and 112: drained", step)
    return Finding("switch", State.OK, ready.strip())


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
    if settings.guard is None:
        step = "Give the settings `guard: {}` (docs/security.md), or guard the ports in your network"
        missing = Finding("guard", State.WARNING, "none: nobody is banned from the SIP ports", step)
        return _outside_the_lab(settings, missing)
    told = ban_store(settings).told(settings.node.name)
    if told is None:
        return Finding("guard", State.FAULT, "it is silent", "See that `fernamt guard run` runs")
    if told["problem"]:
        return Finding("guard", State.FAULT, str(told["problem"]), "docs/security.md")
    return Finding("guard", State.OK, f"{told['banned']} addresses banned, {told['slowed']} slowed")


def _controllers(settings: Settings) -> Finding:
    up = [f"{host}:{port}" for host, port in settings.controllers if takes_calls((host, port))]
    if not up:
        step = "Start `fernamt up` or `fernamt controller run`; calls get the static dialplan meanwhile"
        return Finding("controllers", State.FAULT, "none takes calls", step)
    return Finding(
        "controllers", State.OK, f"{len(up)} of {len(settings.controllers)} take calls: {', '.join(up)}"
    )


def _trunks(settings: Settings) -> Finding:
    """Trunks that do not answer or rest, by the word of the controllers."""
    found = trunks_now(settings)
    bad = [each for each in found if each.state in (TrunkState.DOWN, TrunkState.RESTING)]
    if not bad:
        return Finding("trunks", State.OK, f"{len(found)} known, none is down")
    seen = "; ".join(f"{each.trunk_id} is {each.state.value} ({each.why})" for each in bad[:5])
    step = "Ask the other side; `fernamt trunk show ID` tells since when. Calls try it last meanwhile"
    return Finding("trunks", State.FAULT if len(bad) == len(found) else State.WARNING, seen, step)


def _probes(settings: Settings) -> Finding:
    """Synthetic calls over trunks: minutes without any count as an outage (docs/availability.md)."""
    wanted = settings.probes
    if wanted is None:
        return Finding("probes", State.OK, "none is configured: availability is not measured")
    newest = AvailabilityBook(engine(settings, "fernamt doctor")).newest()
    last = {each.trunk_id: each for each in newest if now() - each.minute < _PROBED_WITHIN}
    silent = sorted(set(wanted.trunks) - set(last))
    bad = [each for each in last.values() if not each.reached]
    if silent:
        step = "See the controllers' logs: `no probe over this trunk` says why; fernamt availability probes"
        return Finding("probes", State.WARNING, f"no probe of late over {', '.join(silent)}", step)
    if bad:
        seen = "; ".join(f"{each.trunk_id} from {each.node}: {each.cause}" for each in bad[:5])
        state = State.FAULT if len(bad) == len(last) else State.WARNING
        return Finding("probes", state, seen, "docs/runbooks/probes-fail.md")
    return Finding("probes", State.OK, f"get through over {', '.join(sorted(last))}")


def _emergency(settings: Settings) -> Finding:
    """Ways out for 110 and 112, lines without an area, attempts that the database does not have yet."""
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


def announcements(settings: Settings, customers: Sequence[CustomerEntry]) -> Finding:
    """Texts need a program that speaks; without it callers hear three tones in place of each."""
    name = "announcements"
    texts = sum(
        each.text is not None
        for customer in customers
        if customer.plans
        for each in (*customer.prompts, *guidance(customer), *sentences(customer, sounds(settings)))
    )
    if not texts or shutil.which(SPEAKER):
        return Finding(name, State.OK, f"{texts} texts to be spoken")
    seen = f"{texts} texts, and {SPEAKER} is not installed: callers hear tones instead"
    return _outside_the_lab(settings, Finding(name, State.WARNING, seen, f"apt install {SPEAKER}"))


def mail_server(settings: Settings, customers: Sequence[CustomerEntry]) -> Finding:
    """The server that tells of new messages; no call waits for it, so it is never a fault."""
    name = "mail server"
    boxes = sum(bool(box.notify) for customer in customers for box in customer.mailboxes)
    seen = f"{boxes} mailboxes tell of messages by e-mail"
    sender = mailer(settings)
    if sender is None:
        missing = Finding(
            name, State.WARNING, f"none, and {seen}: they wait", "Name one: smtp, in the settings"
        )
        return _outside_the_lab(settings, missing) if boxes else Finding(name, State.OK, "none is needed")
    try:
        sender.probe()
    except MailAway as error:
        step = "See address and password under smtp in the settings; e-mails are tried again"
        return Finding(name, State.WARNING, f"{error}; {seen}", step)
    return Finding(name, State.OK, f"answers; {seen}")


def _outside_the_lab(settings: Settings, finding: Finding) -> Finding:
    """The lab does without speech and e-mail: told, and nothing to be done."""
    return finding if settings.lab_network is None else replace(finding, state=State.OK)


def _spool(settings: Settings) -> Finding:
    directory = settings.node.cdr_dir
    if not directory.is_dir():
        raise NotRunning(f"{directory} does not exist: it is made by `fernamt freeswitch render`")
    waiting = spool_size(directory)
    if waiting > 1_000:
        step = "See that `fernamt cdr intake` runs and the database answers"
        return Finding("CDR spool", State.WARNING, f"{waiting} records wait in {directory}", step)
    return Finding("CDR spool", State.OK, f"{waiting} records wait in {directory}")


def _quarantine(settings: Settings) -> Finding:
    count = CdrRepository(engine(settings, "fernamt doctor")).count_quarantined()
    if count:
        return Finding("CDR quarantine", State.WARNING, f"{count} records", "fernamt cdr quarantine")
    return Finding("CDR quarantine", State.OK, "empty")


def _sweep(settings: Settings) -> Finding:
    return sweep_finding(DailySweep(engine(settings, "fernamt doctor")).last(), today())


def sweep_finding(last: SweepRun | None, today: date) -> Finding:
    """Activations, last days and quarantines are kept by a run each day."""
    name, step = "number sweep", "See that `fernamt cdr intake` runs; by hand: fernamt number sweep"
    if last is None:
        return Finding(name, State.WARNING, "never ran", step)
    seen = f"last ran {shown(last.at)}: {last.numbers} numbers moved, {last.blocks_lifted} blocks ended"
    if last.day < today - _LATE:
        return Finding(name, State.WARNING, seen, step)
    return Finding(name, State.OK, seen)


def _teams(settings: Settings) -> Finding:
    standing = TeamsStanding(engine(settings, "fernamt doctor"))
    configured = settings.operator_connect is not None
    found = teams_health(configured, standing.tenants(), standing.open_orders(), now())
    state = State.WARNING if found.next_step else State.OK
    finding = Finding("numbers at Microsoft", state, found.seen, found.next_step)
    return finding if configured else _outside_the_lab(settings, finding)


def _rating(settings: Settings) -> Finding:
    """Whether calls become charges: a price list is there, nothing waits for long, nothing in quarantine."""
    database = engine(settings, "fernamt doctor")
    revision = TariffStore(database).revision()
    found = WaitingLegs(database).backlog()
    seen = f"{found.due} calls to rate, {found.quarantined} legs in quarantine"
    if not revision:
        step = "fernamt tariff import DIRECTORY: calls are kept and rated afterwards"
        # A lab may do without prices.
        state = State.WARNING if settings.lab_network is None else State.OK
        return Finding("rating", state, f"no price list; {seen}", step)
    if found.quarantined:
        return Finding("rating", State.WARNING, seen, "fernamt rate quarantine list")
    if found.oldest is not None and now() - found.oldest > _RATED_WITHIN:
        step = "See that `fernamt rate run --follow` runs; a call also waits for its first leg's record"
        return Finding("rating", State.WARNING, f"{seen}, since {shown(found.oldest)}", step)
    return Finding("rating", State.OK, f"{seen}, tariff revision {revision}")


def _bank(settings: Settings) -> Finding:
    """What the bank said that fits no claim, and files of debits that it did not credit (E9)."""
    return bank_finding(BankState(engine(settings, "fernamt doctor")).now(), today())


def bank_finding(found: BankStanding, today: date) -> Finding:
    """A person looks at each; the money of an unmatched line lies on our account, and its invoice is open."""
    since = f", since {found.oldest}" if found.oldest else ""
    seen = f"{found.unmatched} lines wait for a person{since}"
    late = [each.name for each in found.runs if each.due_on < today - _CREDITED_WITHIN]
    if late:
        seen += f"; not credited: {', '.join(late[:5])}"
        step = "fernamt sepa import what the bank says of it, or fernamt sepa withdraw it"
        return Finding("bank", State.WARNING, seen, step)
    if found.unmatched:
        return Finding("bank", State.WARNING, seen, "fernamt sepa unmatched")
    return Finding("bank", State.OK, seen)


def _centre_log(settings: Settings) -> Finding:
    """What happened in contact centres is on its way to the database in a second or so."""
    log = acd_log(settings)
    waiting, lost = sum(log.waiting(each) for each in log.customers()), log.lost()
    name, seen = "contact centres' log", f"{waiting} entries wait for the database"
    if lost:
        return Finding(
            name, State.WARNING, f"{seen}; {lost} found no room", "Figures lack them; see the intake"
        )
    if waiting > _LOG_BEHIND:
        return Finding(
            name, State.WARNING, seen, "See that `fernamt cdr intake` runs and the database answers"
        )
    return Finding(name, State.OK, seen)


def _disk(settings: Settings) -> Finding:
    place: Path = settings.state_dir
    while not place.exists():
        place = place.absolute().parent
    free = shutil.disk_usage(place).free
    seen = f"{free // 1_000_000:,} MB free at {place}"
    if free < NEEDED_FREE_BYTES:
        return Finding("disk", State.FAULT, seen, "Free disk: records and live state are written there")
    return Finding("disk", State.OK, seen)


def _program(settings: Settings) -> Finding:
    found = shutil.which("freeswitch")
    wanted = settings.node.program
    if wanted == "freeswitch" and not found:
        return Finding("freeswitch program", State.FAULT, "not on the PATH", "Install FreeSWITCH")
    if wanted == "lab":
        return Finding("freeswitch program", State.OK, "not needed: the lab switch stands in")
    return Finding("freeswitch program", State.OK, found or "runs elsewhere")
