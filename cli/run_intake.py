"""The intake process: CDRs and mailbox messages from the spool to the database, and the day's work."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from cli.bootstrap import (
    acd_log,
    call_traces,
    engine,
    mailbox_messages,
    mailer,
    message_spool,
    now,
    recording_archive,
    recording_spool,
    spool_size,
)
from cli.centre_metrics import of_log
from cli.metrics import (
    of_backups,
    of_certificates,
    of_clock,
    of_daily,
    of_disks,
    of_due,
    of_quarantined,
    of_recordings,
    of_records,
    serve_metrics,
)
from cli.settings import Settings
from cli.wiring.abuse_store import AbuseRecords
from cli.wiring.adapters import (
    Messages,
    NumberSweep,
    PrivacyWork,
    Records,
    Settled,
)
from cli.wiring.backup_age import BackupAge, backup_age
from cli.wiring.call_traces import CapturedSip
from cli.wiring.centre_log import KeptInDatabase, LeftInRedis
from cli.wiring.certificates import CertificateDays
from cli.wiring.disk import rooms
from cli.wiring.recording_switch import KeptRecordings
from cli.wiring.this_machine import today
from cli.wiring.trusted_clock import TrustedClock
from controller.abuse_watch import AbuseWatch
from controller.centre_log import CentreLog
from controller.daily import Daily
from controller.errors import StoreAway
from controller.intake import Intake
from controller.mailbox import Mailboxes
from controller.meters import LegMeters, LoopLag
from controller.recordings import Recordings
from controller.settled_files import SettledFiles
from dialplan.cdr import LegRecord, LegSide
from freeswitch.json_cdr import parse
from freeswitch.sip_capture import SipCapture
from freeswitch.spool import Spool, SpoolFile
from store.acd_history import AcdHistory
from store.cdr_repository import CdrRepository
from store.daily_sweep import DailySweep
from store.errors import DatabaseTimeout, DatabaseUnavailable, StoreError
from store.quarantined_files import QuarantinedFiles
from store.rating_waiting import WaitingLegs
from store.schema import require_current

_log = structlog.get_logger(__name__)

#: Between two looks at an empty spool.
_REST_S: Final = 0.2
#: After a store did not answer.
_RETRY_S: Final = 1.0


def run_intake(settings: Settings, stopped: Callable[[float], bool]) -> None:
    """Take CDR files in until `stopped(seconds)`, which waits that long, says so and the spool is empty.

    The process also does the day's work on numbers: it takes processor time that calls must not wait for, so
    it is not the controllers'. Of several intakes one does it. It watches for abuse and keeps the contact
    centres' log too, for the same reason. Raises SchemaMismatch.
    """
    spool = Spool(settings.node.cdr_dir)
    database = engine(settings, "fernamt intake")
    # Another version's tables may hold what this program would not write. While nobody answers, records wait.
    with suppress(DatabaseUnavailable, DatabaseTimeout):
        require_current(database)
    abuse = AbuseWatch(AbuseRecords(database), now)
    meters, loop = LegMeters(now), LoopLag()

    def noticed(leg: LegRecord) -> None:
        meters.note(leg)
        _alarm(leg)

    intake = Intake(spool, Records(CdrRepository(database), abuse.note), parse, noticed)
    clock = TrustedClock(database)
    daily = Daily(NumberSweep(DailySweep(database), now, clock.trusts).work, today)
    daily.start()
    erasing = PrivacyWork(engine(settings, "fernamt intake deleting"), now, clock.trusts)
    deleting = Daily(erasing.work, today)
    deleting.start()
    abuse.start()
    mailboxes = _mailboxes(settings, clock)
    mailboxes.start()
    kept = KeptInDatabase(AcdHistory(database), settings.figures_days, clock.trusts)
    centre_log = CentreLog(LeftInRedis(acd_log(settings)), kept, now)
    centre_log.start()
    archive = KeptRecordings(recording_archive(settings, "fernamt intake recordings"), clock.trusts)
    recorded = recording_spool(settings)
    recordings = Recordings(recorded, archive, now)
    recordings.start()
    settled = SettledFiles(spool, Settled(QuarantinedFiles(database)).of)
    settled.start()
    loop.start()
    metrics = serve_metrics(
        settings.metrics.intake if settings.metrics is not None else None,
        of_records(meters, loop, lambda: spool_size(settings.node.cdr_dir)),
        of_log(acd_log(settings)),
        of_due(WaitingLegs(database)),
        of_disks(lambda: rooms(settings)),
        of_certificates(CertificateDays(settings, now).left),
        of_clock(lambda: not clock.doubted),
        of_quarantined(CdrRepository(database).count_quarantined),
        of_recordings(lambda: len(recorded.left(now()))),
        of_daily(lambda: {"numbers": bool(daily.failing), "deletion": bool(deleting.failing)}),
        of_backups(BackupAge(lambda: backup_age(database), time.monotonic).seconds),
    )
    captured = _sip_capture(settings)
    _log.info("intake ready", spool=str(spool.directory))
    try:
        _empty(intake, meters, stopped)
    finally:
        if metrics is not None:
            metrics.stop(1.0)
        if captured is not None:
            captured.stop()
        loop.stop(1.0)
        daily.stop(5.0)
        deleting.stop(5.0)
        abuse.stop(1.0)
        mailboxes.stop(5.0)
        centre_log.stop(5.0)
        recordings.stop(5.0)
        settled.stop(1.0)


def _empty(intake: Intake[SpoolFile], meters: LegMeters, stopped: Callable[[float], bool]) -> None:
    ending, failing = False, ""
    while True:
        try:
            done = intake.round()
        except (StoreAway, OSError) as error:
            found = _error_id(error)
            meters.errors[found] += 1
            if found != failing:
                _log.error("CDRs wait in the spool", why=found, error=str(error))
            failing = found
            if ending or stopped(_RETRY_S):
                return
            continue
        if failing:
            _log.info("CDRs are taken in again")
        failing = ""
        meters.errors["spool"] += bool(done.stuck or done.unread)
        if done.idle:
            if ending:
                return
            ending = stopped(_RETRY_S if done.stuck else _REST_S)


def _error_id(error: StoreAway | OSError) -> str:
    """What docs/metrics.md calls it."""
    return error.__cause__.id if isinstance(error.__cause__, StoreError) else "spool"


def _mailboxes(settings: Settings, clock: TrustedClock) -> Mailboxes:
    sender = mailer(settings)
    send = sender.send if sender is not None else None
    messages = Messages(mailbox_messages(settings, "fernamt intake"), clock.trusts)
    return Mailboxes(message_spool(settings), messages, send, now)


def _sip_capture(settings: Settings) -> SipCapture | None:
    """Where copies of SIP messages arrive; a port that is taken is told in the log, records go on."""
    if settings.sip_capture is None:
        return None
    kept = CapturedSip(call_traces(settings))
    capture = SipCapture(settings.sip_capture, kept.note)
    try:
        capture.start()
    except OSError as error:
        _log.error("SIP is not captured", listen="{}:{}".format(*settings.sip_capture), error=str(error))
        return None
    kept.start()
    return capture


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
