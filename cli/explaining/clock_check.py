"""The check of `fernamt doctor` on the clock by which things are deleted."""

from __future__ import annotations

from cli.bootstrap import engine, now
from cli.explaining.findings import Finding, State, outside_the_lab
from cli.settings import Settings
from cli.wiring.trusted_clock import CONFIRM, DEBITS
from privacy.trusted_day import apart, doubt, unconfirmed
from store.work_days import clocks, debits_unconfirmed


def clock(settings: Settings) -> Finding:
    """Whether it agrees with the database's, and with the days on which the day's work was done; whether the
    database was restored and nobody has confirmed it. A lab is off for days, and nobody needs to say anything
    then."""
    database = engine(settings, "fernamt doctor")
    found = clocks(database, now())
    if why := unconfirmed(found):
        told = f"nothing is deleted, issued or debited: {why}"
        return Finding("clock", State.FAULT, told, CONFIRM)
    if why := apart(found):
        step = "Set the wrong one: nothing is deleted, and no day's work is done, while they differ"
        return Finding("clock", State.FAULT, why, step)
    if why := doubt(found):
        step = f"Set the clock if it is wrong, else: fernamt privacy run --today {found.today}"
        return outside_the_lab(settings, Finding("clock", State.FAULT, f"nothing is deleted: {why}", step))
    if made_at := debits_unconfirmed(database):
        return Finding("clock", State.WARNING, f"no debit is made: {DEBITS.format(made_at)}", CONFIRM)
    return Finding("clock", State.OK, f"{found.today}, as the database says")
