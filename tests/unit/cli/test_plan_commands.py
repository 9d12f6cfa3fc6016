"""`fernamt plan`: what people and programs get to read; the worked example of docs/plans.md (C2)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from cli.explaining.plan_drawing import drawing
from cli.main import fernamt
from provisioning.schema import PlanEntry
from tests.architecture.program import ROOT
from tests.unit.provisioning.conftest import CARRIER

CONTRACT = """\
    company: {legal_name: Beispiel Werkstatt GmbH, legal_form: GmbH}
    addresses: {main: {street: Beispielufer, house_number: "7", postcode: "10115", town: Berlin}}
    contacts: [{email: post@werkstatt.example}]
    contract: {product: teams, price_model: basis, start: 2026-01-01}
    sites:
      - id: berlin
        area_code: "030"
        address: {street: Beispielufer, house_number: "7", postcode: "10115", town: Berlin, state: BE}
        evidence: [{kind: lease, dated: 2025-12-01, document: Mietvertrag}]
"""
BLOCK = '    - {area_code: "030", first: "+493023125000", last: "+493023125999"}\n'


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The customer of docs/plans.md with a carrier."""
    text = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "plans.md").read_text(), re.DOTALL)[0]
    file = tmp_path_factory.mktemp("carrier") / "werkstatt.yaml"
    file.write_text(CARRIER.replace("  trunks:\n", BLOCK + "  trunks:\n") + text + CONTRACT)
    return file


def plan(example: Path, *arguments: str) -> Result:
    return CliRunner().invoke(fernamt, ["plan", *arguments, "--config", str(example)])


def outcome(example: Path, *arguments: str) -> str:
    done = plan(example, "try", "werkstatt", "zentrale", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return str(json.loads(done.output)["path"])


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["--at", "2026-12-24T10:00"], "zeiten=closed,geschlossen"),
        (["--at", "2026-12-25T10:00"], "zeiten=closed,geschlossen"),
        (["--at", "2026-12-22T07:59"], "zeiten=closed,geschlossen"),
        (["--at", "2026-12-22T10:00", "--from", "069 90009-001"], "zeiten=open,wer=1,empfang"),
        (["--at", "2026-12-22T10:00"], "zeiten=open,wer=other,menue=silence,empfang"),
        (["--at", "2026-12-22T10:00", "--keys", ",2"], "zeiten=open,wer=other,menue=2,lager"),
        (
            ["--at", "2026-12-22T10:00", "--from", "0221 4710-100", "--keys", "2", "--nobody"],
            "zeiten=open,wer=other,menue=2,lager=none,mobil=none,geschlossen",
        ),
    ],
)
def test_the_example_of_the_documentation_does_what_it_says(
    example: Path, arguments: list[str], path: str
) -> None:
    """C2."""
    assert outcome(example, *arguments) == path


def test_a_trial_tells_every_step(example: Path) -> None:
    done = plan(example, "try", "werkstatt", "zentrale", "--at", "2026-12-22T10:00", "--keys", "9,1")
    lines = [line.strip() for line in done.output.splitlines()]
    assert lines == [
        "at       2026-12-22 10:00:00 in Germany",
        "menue: plays menue, waits 5 s for keys",
        "menue: caller presses 9",
        "menue: plays menue, waits 5 s for keys",
        "menue: caller presses 1",
        "empfang: rings werkstatt-1, werkstatt-2",
        "path     zeiten=open,wer=other,menue=1,empfang",
        "outcome  rings werkstatt-1, werkstatt-2",
    ]


def test_plans_are_listed_and_shown(example: Path) -> None:
    (row,) = json.loads(plan(example, "list", "--json").output)
    assert (row["plan"], row["nodes"], row["numbers"]) == ("zentrale", 7, "+493023125100")
    assert "zeiten (start)" in plan(example, "show", "werkstatt", "zentrale").output
    assert json.loads(plan(example, "show", "werkstatt", "zentrale", "--json").output)["start"] == "zeiten"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "werkstat", "zentrale"], "there is no customer 'werkstat'; there are werkstatt"),
        (["show", "werkstatt", "nachts"], "has no plan 'nachts'; there are: zentrale"),
        (["try", "werkstatt", "zentrale", "--from", "4711"], "not a number with its area code"),
    ],
)
def test_what_is_not_there_is_told(example: Path, arguments: list[str], told: str) -> None:
    done = plan(example, *arguments)
    assert done.exit_code != 0
    assert told in done.output


def test_a_drawing_shows_every_node_and_is_always_the_same(example: Path, tmp_path: Path) -> None:
    target = tmp_path / "plan.svg"
    assert plan(example, "draw", "werkstatt", "zentrale", "--svg", str(target)).exit_code == 0
    text = target.read_text()
    assert plan(example, "draw", "werkstatt", "zentrale").output == text
    root = ElementTree.fromstring(text)  # noqa: S314 - made by ourselves
    shown = {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"zeiten", "wer", "menue", "empfang", "lager", "mobil", "geschlossen"} <= shown
    assert {"open", "closed", "1, silent", "not reached", "phones werkstatt-2"} <= shown


def test_texts_of_a_plan_are_escaped_in_its_drawing() -> None:
    evil = PlanEntry.model_validate(
        {"id": "p", "name": "<script>&", "start": "a", "nodes": [{"id": "a", "end": {"cause": "busy"}}]}
    )
    assert "<script>" not in drawing(evil)
    assert "&lt;script&gt;&amp;" in drawing(evil)


def test_missing_announcements_end_with_a_status(
    example: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # the lab's state directory is made where one stands
    monkeypatch.setenv("PATH", "/nonexistent")
    done = plan(example, "sounds")
    assert done.exit_code == 1
    assert "the program espeak-ng is not installed" in done.output
