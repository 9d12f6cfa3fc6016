"""`fernamt` as the billing clerk types it: the example carrier and tariff, at a time that stands still."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from cli import bootstrap
from cli.main import fernamt
from provisioning.canonical import items_of
from provisioning.load import load
from store.config_versions import ConfigStore
from tests.integration.store.billing import TARIFFS
from tests.typed import settings_file, settings_of

CARRIER: Final = TARIFFS.parent / "carrier"
ANNA: Final = ("--actor", "anna")
_NOUNS: Final = ("customer", "evn", "invoice", "rate", "sepa", "tariff")
_NOW: Final = bootstrap.now


class Program:
    """Runs commands at a time that stands still until `at` moves it."""

    def __init__(self, settings: Path, monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
        self._settings = settings
        self._monkeypatch = monkeypatch
        self.at(moment)

    def at(self, moment: datetime) -> None:
        """From now on it is this time."""
        clock: Callable[[], datetime] = lambda: moment  # noqa: E731 - the same name in every module
        for noun in _NOUNS:
            import_module(f"cli.{noun}")
        for name, module in list(sys.modules.items()):
            if name.startswith("cli.") and name != "cli.bootstrap" and hasattr(module, "now"):
                self._monkeypatch.setattr(module, "now", clock)

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(fernamt, ["--settings", str(self._settings), *map(str, arguments)])

    def good(self, *arguments: object) -> str:
        """What it says; it must succeed."""
        done = self(*arguments)
        assert done.exit_code == 0, done.output or "".join(traceback.format_exception(done.exception))
        return done.output

    def json(self, *arguments: object) -> Any:
        """What it says for programs; it must succeed."""
        return json.loads(self.good(*arguments, "--json"))

    def refused(self, *arguments: object) -> str:
        """What it says when it refuses."""
        done = self(*arguments)
        assert done.exit_code == 1, done.output
        return done.output


def billing_program(
    directory: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch,
    moment: datetime, carrier: Path = CARRIER,
) -> Program:  # fmt: skip
    """The carrier applied, the tariff imported."""
    settings = settings_of(directory, database_url, redis_url) | {"carrier": [str(carrier)]}
    ConfigStore(engine).apply(0, list(items_of(load([carrier]).config).values()), [], author="anna")
    program = Program(settings_file(settings), monkeypatch, moment)
    program.good("tariff", "import", TARIFFS, *ANNA)
    return program
