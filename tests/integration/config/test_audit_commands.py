"""`fernamt audit`: what an auditor asks for."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import Result
from sqlalchemy import text

from cli.accounts import account
from cli.bootstrap import engine
from cli.settings import load_settings
from store.audit import AuditLog, write
from tests.integration.config.conftest import Operator


@pytest.fixture
def audited(applied: Operator) -> Operator:
    """Anna applied the configuration, ben heard two messages; the second by a name that sheets run."""
    database = engine(load_settings(applied.directory / "fernamt.json"), "fernamt test")
    write(database, "ben", "mailbox.play", "mailbox_message", "m-1", {"reason": "=HYPERLINK(1)"})
    write(database, "=ben", "mailbox.play", "mailbox_message", "m-2", {"reason": "[bold]x\x1b[2J"})
    return applied


def listed(done: Result) -> list[tuple[str, str]]:
    assert done.exit_code == 0, done.output
    return [(each["actor"], each["object_id"]) for each in json.loads(done.stdout)]


def test_entries_are_listed_newest_first_by_who_what_and_when(audited: Operator) -> None:
    everything = listed(audited("audit", "list", "--json"))
    assert everything[:2] == [("=ben", "m-2"), ("ben", "m-1")]
    assert ("anna", "1") in everything
    assert listed(audited("audit", "list", "--json", "--by", "ben")) == [("ben", "m-1")]
    assert listed(audited("audit", "list", "--json", "--action", "config", "--kind", "config")) == [
        ("anna", "1")
    ]
    assert len(listed(audited("audit", "list", "--json", "--action", "mailbox.play"))) == 2
    assert listed(audited("audit", "list", "--json", "--action", "mail")) == []
    assert listed(audited("audit", "list", "--json", "--action", "mailbox_play")) == []
    assert listed(audited("audit", "list", "--json", "--object", "m-2", "--limit", "1")) == [("=ben", "m-2")]
    assert listed(audited("audit", "list", "--json", "--to", "2026-01-01")) == []
    assert len(listed(audited("audit", "list", "--json", "--from", "2026-01-01"))) == len(everything)


def test_people_see_a_table_in_which_nothing_is_carried_out(audited: Operator) -> None:
    done = audited("audit", "list", "--limit", "2")
    assert done.exit_code == 0
    assert "[bold]" in done.output
    assert "\x1b[2J" not in done.output
    assert "--limit" in done.output
    assert "No such entry." in audited("audit", "list", "--by", "nobody").output


def test_one_entry_is_shown_whole(audited: Operator) -> None:
    (found,) = json.loads(audited("audit", "list", "--json", "--by", "ben").stdout)
    assert json.loads(audited("audit", "show", str(found["id"])).stdout) == found
    none = audited("audit", "show", "999999")
    assert none.exit_code == 1
    assert "fernamt audit list" in none.output


def test_an_export_is_oldest_first_safe_for_spreadsheets_and_an_entry_itself(audited: Operator) -> None:
    done = audited("audit", "export", "--action", "mailbox")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["object_id"] for row in rows] == ["m-1", "m-2"]
    assert rows[1]["actor"] == "'=ben"
    assert json.loads(rows[0]["details"]) == {"reason": "=HYPERLINK(1)"}
    lines = audited("audit", "export", "--format", "jsonl", "--action", "audit.export").stdout.splitlines()
    # The first export, and this one.
    assert [json.loads(line)["actor"] for line in lines] == [account()] * 2
    database = engine(load_settings(audited.directory / "fernamt.json"), "fernamt test")
    newest = AuditLog(database).latest(limit=1)[0]
    assert (newest.action, newest.details) == ("audit.export", {"action": "audit.export"})


EXPORT = ("cdr", "export", "--from", "2026-11-01", "--to", "2026-12-01")
#: Commands that put people's calls before somebody, and the entry that each leaves: action, kind, id.
DISCLOSING = [
    (EXPORT, ("cdr.export", "cdr", "all")),
    ((*EXPORT, "--customer", "kunde-bau"), ("cdr.export", "customer", "kunde-bau")),
    (("emergency", "report"), ("emergency.report", "emergency", "all")),
    (("emergency", "report", "--customer", "kunde-bau"), ("emergency.report", "customer", "kunde-bau")),
]


def test_who_took_calls_of_a_period_away_is_an_entry(applied: Operator) -> None:
    log = AuditLog(engine(load_settings(applied.directory / "fernamt.json"), "fernamt test"))
    for command, entry in DISCLOSING:
        assert applied(*command, "--actor", "otto").exit_code == 0
        newest = log.latest(limit=1)[0]
        assert (newest.actor, newest.action, newest.object_kind, newest.object_id) == ("otto", *entry)
        assert newest.details["from"] < newest.details["to"]


def test_nothing_is_told_that_cannot_be_written_down(applied: Operator) -> None:
    """Not even the first line, though all else can be read."""
    database = engine(load_settings(applied.directory / "fernamt.json"), "fernamt test")
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE audit ADD CONSTRAINT shut CHECK (actor <> 'otto') NOT VALID"))
    for command, _ in DISCLOSING:
        done = applied(*command, "--actor", "otto")
        assert (done.exit_code, done.stdout) == (1, "")


def test_a_period_that_ends_before_it_begins_is_refused(audited: Operator) -> None:
    done = audited("audit", "list", "--from", "2026-02-01", "--to", "2026-01-01")
    assert done.exit_code == 2
    assert "--to must lie after --from" in done.output
