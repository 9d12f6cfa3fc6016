"""`fernamt barring`: what bars and opens numbers for a customer. B6."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from cli.layout import EXAMPLE_CARRIER
from cli.main import fernamt


def shown(customer: str, *options: str) -> Any:
    arguments = ["barring", "show", customer, "--config", str(EXAMPLE_CARRIER), "--json", *options]
    done = CliRunner().invoke(fernamt, arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


@pytest.mark.parametrize(
    ("moment", "state"),
    [("2026-01-01 12:00", "not yet"), ("2027-12-31 23:00", "lifted"), ("2028-01-01 00:30", "over")],
)
def test_a_lifted_bar_is_shown_with_who_when_and_why(moment: str, state: str) -> None:
    (bar,) = shown("kunde-bau", "--at", moment)["lifted_bars"]
    assert (bar["number_class"], bar["operator"], bar["state"]) == ("directory", "Kundendienst", state)
    assert "29.12.2025" in bar["reason"]


def test_profiles_are_shown_with_the_lines_they_hold_for() -> None:
    (profile,) = shown("kunde-kanzlei")["profiles"]
    assert (profile["lines"], profile["id"]) == ("kanzlei-1", "night")
    (profile,) = shown("kunde-praxis")["profiles"]
    assert (profile["lines"], profile["classes"]) == ("praxis-empfang", ["mobile"])


def test_people_read_a_table() -> None:
    done = CliRunner().invoke(fernamt, ["barring", "show", "kunde-bau", "--config", str(EXAMPLE_CARRIER)])
    assert done.exit_code == 0, done.output
    assert "no-foreign-mobile" in done.output


def test_an_unknown_customer_is_told_with_those_there_are() -> None:
    done = CliRunner().invoke(fernamt, ["barring", "show", "nobody", "--config", str(EXAMPLE_CARRIER)])
    assert done.exit_code == 1
    assert "program.no-such-customer" in done.output
    assert "kunde-bau" in done.output


def test_the_default_of_every_class_is_shown() -> None:
    done = CliRunner().invoke(fernamt, ["barring", "classes", "--json"])
    assert json.loads(done.output)["premium"] == "barred"
    assert json.loads(done.output)["vpn"] == "never"
