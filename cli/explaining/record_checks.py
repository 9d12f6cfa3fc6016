"""Checks of `fernamt doctor` on what calls leave behind and on the books: spool, rating, bank, numbers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from cli.bootstrap import acd_log, engine, now, oldest_in_spool, recording_spool, spool_size
from cli.carriers.teams_health import teams_health
from cli.errors import NotRunning
from cli.explaining.findings import Finding, State, outside_the_lab
from cli.settings import Settings
from cli.times import shown
from cli.wiring.this_machine import today
from freeswitch.spool import Spool
from store.bank_state import BankStanding, BankState
from store.cdr_repository import CdrRepository
from store.daily_sweep import DailySweep, SweepRun
from store.rating_tariffs import TariffStore
from store.rating_waiting import Backlog, WaitingLegs
from store.teams_standing import TeamsStanding

#: A sweep of yesterday is in time until today's is done.
_LATE: Final = timedelta(days=1)
#: A record that waits for longer has no worker, or not all of its call's records came.
_RATED_WITHIN: Final = timedelta(minutes=10)
#: Files are taken in within a second, one that makes no sense within some.
_TAKEN_WITHIN: Final = timedelta(minutes=2)
#: Files of the spool that are opened to see whether they can be read.
_LOOKED_AT: Final = 1_000
#: Entries of contact centres that may wait for the next round or two of the intake.
_LOG_BEHIND: Final = 10_000
#: A bank credits debits on their day; its statement of that day is imported by then.
_CREDITED_WITHIN: Final = timedelta(days=4)


def spool(settings: Settings) -> Finding:
    directory = settings.node.cdr_dir
    if not directory.is_dir():
        raise NotRunning(f"{directory} does not exist: it is made by `fernamt freeswitch render`")
    waiting = spool_size(directory)
    if unread := Spool(directory).unreadable(_LOOKED_AT):
        path, why = min(unread.items())
        seen = f"{len(unread)} records cannot be read and stay: {path} ({why})"
        return Finding("CDR spool", State.FAULT, seen, "docs/runbooks/records-stuck.md")
    step = "See that `fernamt cdr intake` runs and the database answers, and its log"
    if waiting > 1_000:
        return Finding("CDR spool", State.WARNING, f"{waiting} records wait in {directory}", step)
    since = oldest_in_spool(directory)
    if since is not None and now() - since > _TAKEN_WITHIN:
        seen = f"{waiting} records wait in {directory}, since {shown(since)}"
        return Finding("CDR spool", State.WARNING, seen, step)
    return Finding("CDR spool", State.OK, f"{waiting} records wait in {directory}")


def quarantine(settings: Settings) -> Finding:
    count = CdrRepository(engine(settings, "fernamt doctor")).count_quarantined()
    if count:
        return Finding(
            "CDR quarantine",
            State.WARNING,
            f"{count} records",
            "fernamt cdr quarantine list; then retry or settle each",
        )
    return Finding("CDR quarantine", State.OK, "empty")


def recordings(settings: Settings) -> Finding:
    """Whether what was recorded here is encrypted soon after the conversation (C4)."""
    left = recording_spool(settings).left(now())
    if left:
        seen = f"{len(left)} conversations that are over lie unencrypted on the disk: {left[0]}"
        return Finding("recordings", State.FAULT, seen, "docs/runbooks/recordings-in-clear.md")
    return Finding("recordings", State.OK, "none lies unencrypted after its conversation")


def sweep(settings: Settings) -> Finding:
    day = today()
    return sweep_finding(DailySweep(engine(settings, "fernamt doctor")).last(day), day)


def sweep_finding(last: SweepRun | None, today: date) -> Finding:
    """Activations, last days and quarantines are kept by a run each day."""
    name, step = "number sweep", "See that `fernamt cdr intake` runs; by hand: fernamt number sweep"
    if last is None:
        return Finding(name, State.WARNING, "never ran", step)
    seen = f"last ran {shown(last.at)}: {last.numbers} numbers moved, {last.blocks_lifted} blocks ended"
    if last.day < today - _LATE:
        return Finding(name, State.WARNING, seen, step)
    return Finding(name, State.OK, seen)


def teams(settings: Settings) -> Finding:
    standing = TeamsStanding(engine(settings, "fernamt doctor"))
    configured = settings.operator_connect is not None
    found = teams_health(configured, standing.tenants(), standing.open_orders(), now())
    state = State.WARNING if found.next_step else State.OK
    finding = Finding("numbers at Microsoft", state, found.seen, found.next_step)
    return finding if configured else outside_the_lab(settings, finding)


def rating(settings: Settings) -> Finding:
    """Whether calls become charges: a price list is there, nothing waits for long, nothing in quarantine."""
    database = engine(settings, "fernamt doctor")
    revision = TariffStore(database).revision()
    return rating_finding(settings, revision, WaitingLegs(database).backlog(), now())


def rating_finding(settings: Settings, revision: int, found: Backlog, at: datetime) -> Finding:
    """`revision`: of the tariff, 0 without any. A worker that is down comes before legs for a person."""
    seen = f"{found.due} calls to rate, {found.quarantined} legs in quarantine"
    if not revision:
        step = "fernamt tariff import DIRECTORY: calls are kept and rated afterwards"
        # A lab may do without prices.
        state = State.WARNING if settings.lab_network is None else State.OK
        return Finding("rating", state, f"no price list; {seen}", step)
    if found.oldest is not None and at - found.oldest > _RATED_WITHIN:
        step = "See that `fernamt rate run --follow` runs; a call also waits for its first leg's record"
        return Finding("rating", State.WARNING, f"{seen}, since {shown(found.oldest)}", step)
    if found.quarantined:
        return Finding("rating", State.WARNING, seen, "fernamt rate quarantine list")
    return Finding("rating", State.OK, f"{seen}, tariff revision {revision}")


def bank(settings: Settings) -> Finding:
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


def centre_log(settings: Settings) -> Finding:
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
