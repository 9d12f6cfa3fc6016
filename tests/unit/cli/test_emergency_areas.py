"""The directory of emergency areas as a file: read line by line, written into the configuration, nothing
half."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.carriers.emergency_csv import AREAS_FILE, AreasRefused, changes, read_areas, written
from cli.layout import EXAMPLE_CARRIER
from cli.main import fernamt
from numbering.emergency_areas import parse_area

EXAMPLE = EXAMPLE_CARRIER.parent / "emergency" / "areas.csv"
HEAD = "ags,dialled,code,valid_from,centre\n"


def file(directory: Path, text: str, encoding: str = "utf-8") -> Path:
    path = directory / "areas.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def carrier(tmp_path: Path) -> Path:
    """The example carrier without areas."""
    directory = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path / "carrier"))
    path = directory / "carrier.yaml"
    path.write_text(re.sub(r"    areas:\n(?:      - [^\n]*\n)+", "", path.read_text()))
    return directory


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(fernamt, ["emergency", *arguments])
    return done.exit_code, done.output


def test_the_example_can_be_read(tmp_path: Path) -> None:
    assert len(read_areas(EXAMPLE)) == 7
    text = EXAMPLE.read_text()
    assert read_areas(file(tmp_path, "\ufeff" + text.replace(",", ";"))) == read_areas(EXAMPLE)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "areas.csv:1: the first line must name the columns"),
        ("ags,dialled,code\n", "areas.csv:1: the first line must name the columns"),
        ("ags,dialled,code,valid_from,colour\n", "areas.csv:1: the first line must name the columns"),
        (HEAD, "no area in it"),
        (HEAD + "05315000,113,49CC1,2026-01-01,\n", "areas.csv:2: dialled: 110 or 112, found '113'"),
        (HEAD + "05315000,112,49221,2026-01-01,\n", "areas.csv:2: code: 3 to 24 digits"),
        (HEAD + "05315000,112,49CC1,31.12.2026,\n", "areas.csv:2: valid_from: a day or a time"),
        (HEAD + "\n05,112,49CC1\n", "areas.csv:3: 3 fields, must be 5"),
        (HEAD + "05,112,CC1,2026-01-01,\n05,112,CC2,2026-01-01,\n", "areas.csv:3: the same area and time as"),
        (HEAD + '05,112,"CC1\n', "areas.csv:"),
    ],
)
def test_each_wrong_line_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(AreasRefused) as refused:
        read_areas(file(tmp_path, text))
    assert told in str(refused.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AreasRefused, match="not UTF-8"):
        read_areas(file(tmp_path, HEAD + "05,112,CC1,2026-01-01,Köln\n", "latin-1"))


def test_many_wrong_lines_are_counted(tmp_path: Path) -> None:
    with pytest.raises(AreasRefused, match="and 150 more lines"):
        read_areas(file(tmp_path, HEAD + "x,112,CC1,2026-01-01,\n" * 200))


def test_what_an_import_changes_is_told_by_area_and_time() -> None:
    old = [parse_area(each) for each in ("05 112 CC1 2026-01-01", "06 112 CC2 2026-01-01")]
    new = [parse_area(each) for each in ("05 112 CC9 2026-01-01", "07 112 CC3 2026-01-01")]
    found = changes(old, new)
    assert [str(each) for each in found.added] == ["07 112 CC3 2026-01-01"]
    assert [str(each) for each in found.removed] == ["06 112 CC2 2026-01-01"]
    assert [(one.code, other.code) for one, other in found.changed] == [("CC1", "CC9")]


def test_a_dry_run_writes_nothing_and_the_import_the_whole_file(carrier: Path) -> None:
    arguments = ("areas", "import", str(EXAMPLE), "--config", str(carrier))
    code, out = run(*arguments, "--dry-run")
    assert (code, (carrier / AREAS_FILE).exists()) == (0, False)
    assert "7 areas: 7 added, 0 removed, 0 changed" in out
    assert run(*arguments)[0] == 0
    assert (carrier / AREAS_FILE).read_text() == written(read_areas(EXAMPLE))
    code, out = run(*arguments, "--json")
    assert json.loads(out)["added"] == []


def test_lines_without_an_area_are_told_before_anything_is_written(carrier: Path, tmp_path: Path) -> None:
    one = file(tmp_path, HEAD + "05315000,112,49CC1,2026-01-01,\n")
    code, out = run("areas", "import", str(one), "--config", str(carrier), "--dry-run", "--json")
    assert code == 0
    assert len(json.loads(out)["without_area"]) == 4


def test_areas_in_other_files_are_no_silent_mixture(tmp_path: Path) -> None:
    directory = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path / "carrier"))
    one = file(tmp_path, HEAD + "05,112,49CC1,2026-01-01,\n")
    code, out = run("areas", "import", str(one), "--config", str(directory))
    assert code == 1
    assert "have carrier.emergency.areas too" in out
    assert not (directory / AREAS_FILE).exists()


def test_the_test_command_shows_what_would_be_sent() -> None:
    code, out = run("test", "0221 4710-100", "--config", str(EXAMPLE_CARRIER), "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["outcome"], found["code"], found["area"]) == ("emergency", "49CC05315A112", "05315000")
    assert [leg["trunk"] for leg in found["legs"]] == 3 * ["carrier-a", "carrier-b"]
    assert "Musterweg" in found["legs"][0]["bodies"][0]
    code, out = run("test", "069 90009-050", "--dialled", "110", "--config", str(EXAMPLE_CARRIER))
    assert code == 0
    assert "Beispielplatz 3, 60311 Frankfurt am Main" in out
    assert "49CC06B110" in out


def test_a_number_of_nobody_cannot_be_tested() -> None:
    code, out = run("test", "0221 4710-999", "--config", str(EXAMPLE_CARRIER))
    assert code == 1
    assert "program.no-such-call" in out
