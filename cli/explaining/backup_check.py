"""The check of `fernamt doctor` on the newest backup of the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from cli.bootstrap import engine
from cli.explaining.findings import Finding, State, outside_the_lab
from cli.settings import Settings
from cli.wiring.backup_age import backup_age

#: One a night (deploy/systemd/fernamt-backup.timer), and time to make it; alerts.yaml has the same.
LATEST: Final = timedelta(hours=26)
_ENABLE: Final = "systemctl enable --now fernamt-backup.timer"


def backup(settings: Settings) -> Finding:
    return outside_the_lab(settings, backup_finding(backup_age(engine(settings, "fernamt doctor"))))


def backup_finding(age: timedelta | None) -> Finding:
    """`age`: of the newest that `fernamt backup create` made, wherever it lies; None: it never made one."""
    if age is None:
        step = f"{_ENABLE}; saved by other means: see that somebody hears when these fail"
        return Finding("backup", State.WARNING, "`fernamt backup create` never made one", step)
    seen = f"the newest was made {age // timedelta(hours=1)} hours ago"
    if age > LATEST:
        return Finding("backup", State.WARNING, seen, "docs/runbooks/backup-old.md")
    return Finding("backup", State.OK, seen)
