"""`fernamt config` from files to versions and back (A1, guarantee 7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.accounts import account
from cli.bootstrap import engine
from cli.errors import NothingApplied
from cli.main import fernamt
from cli.settings import Settings, load_settings
from cli.wiring.carrier import applied_version, version_at_start
from cli.wiring.this_machine import cache_path
from cli.wiring.version_cache import write_cache
from store.audit import AuditLog
from store.config_versions import ConfigStore
from store.errors import DatabaseUnavailable
from tests.integration.config.conftest import Operator


def loaded(operator: Operator) -> Settings:
    return load_settings(operator.directory / "fernamt.json")


def store(operator: Operator) -> ConfigStore:
    return ConfigStore(engine(loaded(operator), "fernamt test"))


def grow(operator: Operator) -> None:
    """Ten more numbers for kunde-bau."""
    operator.change("kunde-bau.yaml", '"0221 4710-199"', '"0221 4710-209"')


def test_a_fault_is_told_with_its_place_and_nothing_is_applied(applied: Operator) -> None:
    applied.change("kunde-bau.yaml", "trunks: [bau-1, bau-2]", "trunks: [bau-1, bau-22]")
    for command in (["validate"], ["plan"], ["apply", "--yes"]):
        done = applied.config(*command)
        assert done.exit_code == 1
        assert "kunde-bau.yaml:" in done.output
        assert "did you mean 'bau-2'? [config.unknown-trunk]" in done.output
    assert store(applied).current() == 1
    as_json = json.loads(applied.config("validate", "--json").stdout)
    assert not as_json["valid"]
    assert as_json["problems"][0]["id"] == "config.unknown-trunk"


def test_valid_files_are_told_and_warnings_count_when_they_are_to(operator: Operator) -> None:
    done = operator.config("validate", str(operator.files))
    assert done.exit_code == 0
    assert done.output.startswith("valid: 4 customers in 5 files")
    operator.change(
        "carrier.yaml", "priority: 20\n      emergency: true", "priority: 20\n      emergency: false"
    )
    assert operator.config("validate").exit_code == 0
    assert operator.config("validate", "--strict").exit_code == 1
    assert operator.config("apply", "--yes", "--strict").exit_code == 1
    assert store(operator).current() == 0


def test_a_plan_changes_nothing_and_says_by_its_exit_status_what_it_found(applied: Operator) -> None:
    done = applied.config("plan", "--detailed-exitcode")
    assert (done.exit_code, "No change: this is version 1." in done.output) == (0, True)
    grow(applied)
    assert applied.config("plan").exit_code == 0
    done = applied.config("plan", "--detailed-exitcode")
    assert done.exit_code == 2
    assert "numbers[from +492214710100].last: +492214710199 -> +492214710209" in done.output
    assert json.loads(applied.config("plan", "--json").stdout)["changed"] == 1
    assert store(applied).current() == 1


def test_applying_needs_a_yes_and_the_version_that_was_looked_at(applied: Operator) -> None:
    grow(applied)
    assert "say --yes" in applied.config("apply").output
    refused = applied.config("apply", "--yes", "--expect", "0")
    assert refused.exit_code == 1
    assert "version 1 is in force, not 0" in refused.output
    assert store(applied).current() == 1
    done = applied.config("apply", "--yes", "--expect", "1", "--note", "ten more", "--author", "bert")
    assert done.exit_code == 0, done.output
    assert "Version 2 is applied." in done.output
    again = applied.config("apply", "--yes")
    assert "No change: this is version 2." in again.output
    assert store(applied).current() == 2


def test_who_applied_what_and_why_stands_in_history_and_audit(applied: Operator) -> None:
    grow(applied)
    applied.config("apply", "--yes", "--note", "ten more", "--author", "bert")
    history = json.loads(applied.config("history", "--json").stdout)
    assert [(each["version"], each["author"], each["note"]) for each in history] == [
        (2, "bert", "ten more"),
        (1, "anna", "first"),
    ]
    assert "ten more" in applied.config("history").output
    newest = AuditLog(engine(loaded(applied), "fernamt test")).latest(object_kind="config")[0]
    assert (newest.actor, newest.action, newest.object_id) == ("bert", "config.apply", "2")
    assert newest.details["changed"] == ["kunde-bau"]


def test_who_applied_is_the_account_whatever_the_environment_says(
    applied: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/security.md: the account is the kernel's word."""
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "mallory")
    grow(applied)
    assert applied.config("apply", "--yes").exit_code == 0
    assert applied.config("rollback", "1", "--yes").exit_code == 0
    entries = AuditLog(engine(loaded(applied), "fernamt test")).latest(object_kind="config")[:2]
    assert [(each.actor, each.action) for each in entries] == [
        (account(), "config.rollback"),
        (account(), "config.apply"),
    ]
    assert account() != "mallory"


def test_rolling_back_makes_a_new_version_of_what_was(applied: Operator) -> None:
    grow(applied)
    applied.config("apply", "--yes")
    done = applied.config("rollback", "1", "--yes")
    assert done.exit_code == 0, done.output
    assert "10 numbers (+492214710200 to +492214710209) no longer reach anybody" in done.output
    versions = store(applied)
    assert versions.current() == 3
    assert versions.items(3) == versions.items(1)
    assert versions.history()[0].note == "back to version 1"
    assert applied.config("rollback", "99", "--yes").exit_code == 1


def test_an_export_plans_to_no_change(applied: Operator, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert applied.config("export", str(out)).exit_code == 0
    assert len(list(out.iterdir())) == 5
    assert "No change" in applied.config("plan", str(out)).output
    assert "is not empty" in applied.config("export", str(out)).output
    grow(applied)
    applied.config("apply", "--yes")
    assert applied.config("plan", str(out), "--detailed-exitcode").exit_code == 2
    assert applied.config("export", str(tmp_path / "old"), "--version", "1").exit_code == 0
    assert (tmp_path / "old/carrier.yaml").read_text() == (out / "carrier.yaml").read_text()


def test_a_version_can_be_looked_at(applied: Operator) -> None:
    shown = applied.config("show", "1", "--customer", "kunde-bau")
    assert "by anna: first" in shown.output
    assert "  - id: kunde-bau\n" in shown.output
    assert "and 4 customers" in applied.config("show", "1").output
    assert json.loads(applied.config("show", "1", "--json").stdout)["carrier"]["name"] == "Beispiel-Carrier"
    assert applied.config("show", "1", "--customer", "niemand").exit_code == 1
    assert applied.config("show", "9").exit_code == 1


def test_the_switch_is_given_the_applied_version_or_files(applied: Operator, tmp_path: Path) -> None:
    applied.change("kunde-kanzlei.yaml", "kanzlei-3", "kanzlei-4")
    path = str(applied.directory / "fernamt.json")
    for name, arguments in (("applied", []), ("files", ["--config", str(applied.files)])):
        done = CliRunner().invoke(
            fernamt, ["--settings", path, "freeswitch", "render", str(tmp_path / name), *arguments]
        )
        assert done.exit_code == 0, done.output
        text = (tmp_path / name / "freeswitch.xml").read_text()
        assert ("kanzlei-3" in text, "kanzlei-4" in text) == (name == "applied", name == "files")


def test_a_removed_customer_has_to_be_meant(applied: Operator) -> None:
    (applied.files / "kunde-praxis.yaml").unlink()
    refused = applied.config("apply", "--yes")
    assert refused.exit_code == 1
    assert "kunde-praxis would go with 52 numbers in service" in refused.output
    assert store(applied).current() == 1
    assert applied.config("apply", "--yes", "--allow-removal").exit_code == 0
    assert "praxis" not in str(store(applied).items(2))


def test_secrets_in_clear_text_do_not_reach_the_database_outside_the_lab(operator: Operator) -> None:
    """F5."""
    operator.write_settings(lab_network=None)
    for command in (["plan"], ["apply", "--yes"]):
        refused = operator.config(*command)
        assert refused.exit_code == 1
        assert "kunde-kanzlei.yaml:" in refused.output
        assert "[config.lab-secret]" in refused.output
        assert "nur-im-labor" not in refused.output
    assert store(operator).current() == 0


def test_an_operator_who_was_overtaken_while_being_asked_applies_nothing(applied: Operator) -> None:
    from cli.carriers.config_step import Step
    from cli.carriers.config_step import applied as apply_step
    from provisioning.load import load
    from provisioning.plan import make_plan
    from store.config_items import by_key
    from store.errors import VersionConflict

    grow(applied)
    versions = store(applied)
    mine = load([applied.files])
    step = Step(versions, make_plan(1, by_key(versions.items(1)), mine.config), mine.config, mine.places)
    applied.change("carrier.yaml", "no_progress_s: 20", "no_progress_s: 5")
    assert applied.config("apply", "--yes", "--author", "bert").exit_code == 0
    with pytest.raises(VersionConflict, match="version 2 was applied meanwhile"):
        apply_step(step, "config.apply", author="anna", note="")
    assert versions.history()[0].author == "bert"


def test_at_the_first_start_the_files_are_applied_and_later_only_when_the_settings_say_so(
    operator: Operator,
) -> None:
    operator.write_settings(apply_on_start=False)
    database = engine(loaded(operator), "fernamt test")
    versions = ConfigStore(database)
    with pytest.raises(NothingApplied):
        applied_version(loaded(operator), versions)
    assert version_at_start(loaded(operator), database) == 1
    grow(operator)
    assert version_at_start(loaded(operator), database) == 1
    operator.write_settings(apply_on_start=True)
    assert version_at_start(loaded(operator), database) == 2
    assert version_at_start(loaded(operator), database) == 2
    database.dispose()
    assert versions.history()[0].author == "fernamt up"


def test_without_the_database_the_version_seen_last_is_used(applied: Operator) -> None:
    """Guarantee 1: a controller starts without the database."""
    versions, settings = store(applied), loaded(applied)
    seen = applied_version(settings, versions)
    applied.write_settings(database={"url": "postgresql://fernamt@127.0.0.1:1/fernamt"})
    away = store(applied)
    with pytest.raises(DatabaseUnavailable):
        applied_version(loaded(applied), away)
    write_cache(cache_path(settings), seen.version, seen.changed)
    assert applied_version(loaded(applied), away) == seen
