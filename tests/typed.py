"""`fernamt` as somebody types it in a test, with settings that name the test's servers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from cli.main import fernamt

Run = Callable[..., Result]


def settings_of(directory: Path, database_url: str, redis_url: str | None = None) -> dict[str, Any]:
    """Settings of a program that needs no switch; their keys may be changed before `settings_file`."""
    return {
        "state_dir": str(directory),
        "carrier": [str(directory)],
        "database": {"url": database_url},
        **({"redis": {"url": redis_url}} if redis_url else {}),
        "node": {"event_socket_password": {"env": "UNUSED"}, "cdr_dir": str(directory)},
    }


def settings_file(settings: dict[str, Any]) -> Path:
    """The file with these settings, in their state directory."""
    path = Path(settings["state_dir"]) / "fernamt.yaml"
    path.write_text(json.dumps(settings))
    return path


def typed(settings: dict[str, Any]) -> Run:
    """Runs `fernamt` with these settings and the words that it is given."""
    path = str(settings_file(settings))
    return lambda *words: CliRunner().invoke(fernamt, ["--settings", path, *map(str, words)])


def good(result: Result) -> str:
    """What it said; it must have succeeded."""
    assert result.exit_code == 0, result.output
    return result.output


def told(result: Result) -> str:
    """What it said when it refused."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    return result.output


def parsed(result: Result) -> Any:
    """What it said for programs; it must have succeeded."""
    return json.loads(good(result))
