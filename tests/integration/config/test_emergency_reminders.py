"""Customers whose phones reach no emergency service are reminded of it (B9)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result

from cli.bootstrap import engine, now
from cli.doctor import examine
from cli.explaining.findings import State
from cli.settings import load_settings
from store.audit import AuditLog
from tests.integration.config.conftest import Operator

ON = ("--reason", "e-mail to it@kanzlei.example", "--actor", "anna")


@pytest.fixture
def office(applied: Operator) -> Operator:
    """The first phone of kunde-kanzlei has no line of its own."""
    applied.change("kunde-kanzlei.yaml", "own_line: true", "own_line: false")
    assert applied.config("apply", "--yes").exit_code == 0
    return applied


def run(office: Operator, *arguments: str) -> Result:
    return office("emergency", "reminders", *arguments)


def listed(office: Operator, *options: str) -> list[dict[str, Any]]:
    done = run(office, "list", "--json", *options)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.output)
    return found


def test_nobody_is_due_where_every_phone_has_a_line(applied: Operator) -> None:
    assert listed(applied, "--all") == []
    assert "No customer has phones without a line" in run(applied, "list").output


def test_a_customer_is_due_until_told_and_again_after_half_a_year(office: Operator) -> None:
    """B9: the customer is reminded regularly."""
    never = {"customer": "kunde-kanzlei", "phones": ["kanzlei-1"], "told": None, "due": True}
    assert listed(office) == [never]
    old, recent = (now() - timedelta(days=days) for days in (200, 20))
    assert run(office, "told", "kunde-kanzlei", "--at", old.isoformat(), *ON).exit_code == 0
    assert [each["due"] for each in listed(office)] == [True]
    assert run(office, "told", "kunde-kanzlei", "--at", recent.isoformat(), *ON).exit_code == 0
    assert listed(office) == []
    assert [each["due"] for each in listed(office, "--all")] == [False]
    assert [each["due"] for each in listed(office, "--every", "10")] == [True]


def test_what_was_told_stands_in_the_audit(office: Operator) -> None:
    at = now() - timedelta(days=3)
    assert run(office, "told", "kunde-kanzlei", "--at", at.isoformat(), *ON).exit_code == 0
    settings = load_settings(office.directory / "fernamt.json")
    (entry,) = AuditLog(engine(settings, "fernamt test")).latest(object_kind="emergency-reminder")
    assert (entry.action, entry.object_id, entry.actor) == ("emergency.remind", "kunde-kanzlei", "anna")
    assert entry.details == {"told": at.isoformat(), "how": ON[1], "phones": ["kanzlei-1"]}


@pytest.mark.parametrize("customer", ["kunde-bau", "nobody"])
def test_there_is_nothing_to_tell_who_has_no_such_phone(office: Operator, customer: str) -> None:
    done = run(office, "told", customer, *ON)
    assert done.exit_code == 1
    assert "program.nobody-to-remind" in done.output
    assert "emergency reminders list --all" in done.output


def test_the_doctor_says_who_is_due(office: Operator) -> None:
    def finding() -> tuple[State, str]:
        settings = load_settings(office.directory / "fernamt.json")
        (found,) = [each for each in examine(settings) if each.name == "emergency reminders"]
        return found.state, found.seen

    assert finding() == (
        State.WARNING,
        "customers with phones without a line of their own: 1, to be told: 1",
    )
    assert run(office, "told", "kunde-kanzlei", *ON).exit_code == 0
    assert finding()[0] is State.OK
