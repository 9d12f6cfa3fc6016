"""Every captured call goes through the product's stages again and comes out the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dialplan.snapshot import Snapshot
from tests.calls.replay import example_snapshot, replayed

HERE = Path(__file__).resolve().parent
FOLDERS = sorted(path.parent for path in HERE.glob("*/channel-data.txt"))
#: What must not get into a capture: places of a machine and addresses that are not for examples.
PRIVATE = re.compile(
    r"/(?:root|home|tmp|work|usr/local|var/lib)/|"
    r"\b(?!127\.0\.0\.1\b|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)(?:\d{1,3}\.){3}\d{1,3}\b"
)
DRAMA_NUMBERS = re.compile(
    r"\+49(?:221471\d{4}|3023125\d{3}|6990009\d{3}|4066969\d{3,5}|8999998\d{3,5}|15228817386)"
)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return example_snapshot()


def test_there_are_calls_of_every_kind() -> None:
    assert {
        "in-answered",
        "out-answered",
        "busy",
        "first-trunk-refuses",
        "emergency-112",
        "caller-gives-up",
        "transferred",
    } <= {folder.name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_captured_call_goes_the_same_way_again(folder: Path, snapshot: Snapshot) -> None:
    for name, content in replayed(folder, snapshot).items():
        assert content == (folder / name).read_text(), f"{folder.name}/{name} changed; see README.md"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_switch_kept_what_was_decided(folder: Path) -> None:
    """Every leg's record has the variables of the decision: nothing was lost on the way.

    But legs that a later decision of the same call made: a transfer's have those of their own.
    """
    decision = json.loads((folder / "decision.json").read_text())
    every = [json.loads(path.read_text())["variables"] for path in sorted(folder.glob("leg-*.cdr.json"))]
    legs = [each for each in every if "fernamt_via" not in each]
    for name in decision["variables"]["export_vars"].split(","):
        wanted = decision["variables"].get(name)
        assert {leg.get(name) for leg in legs} == {wanted}, name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_capture_tells_nothing_of_the_machine_it_was_made_on(folder: Path) -> None:
    for path in folder.iterdir():
        text = path.read_text()
        assert not PRIVATE.findall(text), path.name
        numbers = set(re.findall(r"\+49\d{6,}", text))
        assert not [each for each in numbers if not DRAMA_NUMBERS.fullmatch(each)], path.name
