"""The directory of emergency areas as a CSV file: read line by line, and written into the configuration."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.errors import ProgramError
from cli.layout import write_private
from numbering.emergency_areas import Area, AreaUnreadable, area_of
from provisioning.load import CheckedConfig, load

#: The file of a configuration directory that holds the areas and nothing else.
AREAS_FILE: Final = "emergency-areas.yaml"
_MAX_BYTES: Final = 32 << 20
_MAX_ROWS: Final = 100_000
_MAX_TOLD: Final = 50
_NEEDED: Final = ("ags", "dialled", "code", "valid_from")
_KNOWN: Final = (*_NEEDED, "centre")
_HEAD: Final = (
    "# Emergency areas, written by `fernamt emergency areas import`: import a new file instead of editing "
    "this one.\n"
    "# The real directory is for providers only: keep this file to yourselves.\n"
)


class AreasRefused(ProgramError):
    """The file is not imported and nothing was changed; the message has every line that is wrong."""

    id = "program.emergency-areas"


@dataclass(frozen=True, slots=True)
class AreaChanges:
    """What an import changes: rows by area, dialled and time."""

    added: tuple[Area, ...]
    removed: tuple[Area, ...]
    changed: tuple[tuple[Area, Area], ...]


def read_areas(path: Path) -> tuple[Area, ...]:
    """All rows of the file. Raises AreasRefused with its lines that are wrong, and OSError."""
    if path.stat().st_size > _MAX_BYTES:
        raise AreasRefused(f"{path}: larger than {_MAX_BYTES >> 20} MB")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AreasRefused(f"{path}: not UTF-8 (byte {error.start}): save it as UTF-8") from None
    problems: list[str] = []
    areas = list(_rows(path.name, text, problems))
    if not areas and not problems:
        problems.append(f"{path.name}: no area in it")
    if problems:
        told = problems[:_MAX_TOLD]
        if len(problems) > _MAX_TOLD:
            told.append(f"and {len(problems) - _MAX_TOLD} more lines")
        raise AreasRefused("\n".join(("not imported, nothing was changed:", *told)))
    return tuple(areas)


def _rows(name: str, text: str, problems: list[str]) -> Iterator[Area]:
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    seen: dict[tuple[str, str, object], int] = {}
    try:
        head = [each.strip().lower() for each in next(reader, [])]
        missing = [each for each in _NEEDED if each not in head]
        strange = [each for each in head if each not in _KNOWN]
        if missing or strange or len(set(head)) != len(head):
            problems.append(f"{name}:1: the first line must name the columns {', '.join(_KNOWN)}")
            return
        for row in reader:
            line = reader.line_num
            if not any(each.strip() for each in row):
                continue
            if line > _MAX_ROWS:
                problems.append(f"{name}:{line}: more than {_MAX_ROWS} lines")
                return
            area = _area(name, line, head, row, problems)
            if area is None:
                continue
            before = seen.setdefault((area.key, area.dialled, area.valid_from), line)
            if before != line:
                problems.append(f"{name}:{line}: the same area and time as line {before}")
                continue
            yield area
    except csv.Error as error:
        problems.append(f"{name}:{reader.line_num}: {error}")


def _area(name: str, line: int, head: list[str], row: list[str], problems: list[str]) -> Area | None:
    if len(row) != len(head):
        problems.append(f"{name}:{line}: {len(row)} fields, must be {len(head)}")
        return None
    fields = {column: value.strip() for column, value in zip(head, row, strict=True)}
    try:
        key = fields["ags"]
        return area_of(key, fields["dialled"], fields["code"], fields["valid_from"], fields.get("centre", ""))
    except AreaUnreadable as error:
        problems.append(f"{name}:{line}: {error}, found {fields[error.field]!r}")
        return None


def changes(before: Iterable[Area], after: Iterable[Area]) -> AreaChanges:
    """What turns one directory into the other."""
    old = {(each.key, each.dialled, each.valid_from): each for each in before}
    new = {(each.key, each.dialled, each.valid_from): each for each in after}
    return AreaChanges(
        tuple(new[key] for key in new if key not in old),
        tuple(old[key] for key in old if key not in new),
        tuple((old[key], new[key]) for key in new if key in old and old[key] != new[key]),
    )


def checked_with(directory: Path, areas: Sequence[Area]) -> CheckedConfig:
    """The configuration of the directory with these areas. Raises ConfigInvalid, and AreasRefused when other
    files have areas too."""
    with tempfile.TemporaryDirectory(prefix="fernamt-areas-") as place:
        copy = Path(place) / "carrier"
        shutil.copytree(directory, copy, ignore=_all_but_yaml)
        (copy / AREAS_FILE).write_text(written(areas), encoding="ascii")
        checked = load([copy])
    emergency = checked.config.carrier.emergency
    found = emergency.areas if emergency else ()
    if set(found) != set(areas):
        raise AreasRefused(
            f"other files than {AREAS_FILE} in {directory} have carrier.emergency.areas too: remove them "
            f"there"
        )
    return checked


def _all_but_yaml(directory: str, names: list[str]) -> set[str]:
    here = Path(directory)
    return {each for each in names if not each.endswith(".yaml") and not (here / each).is_dir()}


def written(areas: Iterable[Area]) -> str:
    """The areas as a file of the configuration, in order."""
    rows = "".join(f"      - {json.dumps(str(each))}\n" for each in sorted(areas, key=str))
    return f"{_HEAD}carrier:\n  emergency:\n    areas:\n{rows}"


def write_areas(directory: Path, areas: Sequence[Area]) -> Path:
    """Put the file in place, whole or not at all, readable by its owner alone. Raises OSError."""
    return write_private(directory / AREAS_FILE, written(areas))
