"""A backup that fails or is not made is told (issue 7)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import yaml
from sqlalchemy import Engine, text

from cli.explaining.backup_check import LATEST, backup, backup_finding
from cli.explaining.findings import State
from cli.settings import settings_from
from cli.wiring.backup_age import backup_age
from store.audit import write
from tests.architecture.program import ROOT
from tests.typed import good, settings_file, settings_of, typed


def test_the_doctor_and_the_figures_know_how_old_the_newest_backup_is(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    """One that began or failed is none."""
    tree = settings_of(tmp_path, database_url)
    settings = settings_from(settings_file(tree).read_text(), "test")
    for action in ("backup.create", "backup.create.failed", "backup.restore"):
        write(engine, "anna", action, "backup", "/var/backups/fernamt", {})
    assert backup_age(engine) is None
    assert (backup(settings).state, "never" in backup(settings).seen) == (State.WARNING, True)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit (at, actor, action, object_kind, object_id, details) VALUES"
                " (now() - interval '27 hours', 'fernamt', 'backup.create.done', 'backup', '/b', '{}')"
            )
        )
    age = backup_age(engine)
    assert age is not None
    assert timedelta(hours=27) <= age < timedelta(hours=27, minutes=5)
    assert (backup(settings).state, backup(settings).seen) == (
        State.WARNING, "the newest was made 27 hours ago",
    )  # fmt: skip
    assert (ROOT / backup(settings).next_step).exists()
    good(typed(tree)("backup", "create", tmp_path / "backups"))
    age = backup_age(engine)
    assert age is not None
    assert timedelta() <= age < timedelta(minutes=5)
    assert backup(settings).state is State.OK


def test_the_doctor_and_the_alert_have_the_same_bound() -> None:
    assert backup_finding(LATEST).state is State.OK
    assert backup_finding(LATEST + timedelta(seconds=1)).state is State.WARNING
    (rule,) = [
        rule
        for group in yaml.safe_load((ROOT / "deploy" / "monitoring" / "alerts.yaml").read_text())["groups"]
        for rule in group["rules"]
        if "fernamt_backup_age_seconds" in rule["expr"]
    ]
    assert rule["expr"].endswith(f"> {LATEST.total_seconds():.0f}")
