"""Each test has a database of its own, settings and a copy of the example."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.lab_settings import lab_settings
from cli.layout import EXAMPLE_CARRIER
from cli.main import fernamt
from tests.servers import Databases


class Operator:
    """Somebody at the command line, with files and a database."""

    def __init__(self, directory: Path, database_url: str) -> None:
        self.directory = directory
        self.files = Path(shutil.copytree(EXAMPLE_CARRIER, directory / "carrier"))
        self.settings = lab_settings(directory / "state", self.files)
        tree = self.settings.model_dump(mode="json", exclude_none=True)
        self.tree = tree | {"database": {"url": database_url}}
        self.write_settings()

    def write_settings(self, **changes: object) -> None:
        """Settings with these keys changed; None takes a key away."""
        self.tree = {key: value for key, value in (self.tree | changes).items() if value is not None}
        (self.directory / "fernamt.json").write_text(json.dumps(self.tree))

    def __call__(self, *words: str) -> Result:
        """`fernamt …`."""
        path = str(self.directory / "fernamt.json")
        return CliRunner().invoke(fernamt, ["--settings", path, *words])

    def config(self, *words: str) -> Result:
        """`fernamt config …`."""
        return self("config", *words)

    def change(self, name: str, old: str, new: str) -> None:
        """Edit a file: the text must be there."""
        text = (self.files / name).read_text()
        assert old in text, f"{old!r} is not in {name}"
        (self.files / name).write_text(text.replace(old, new))


@pytest.fixture
def operator(databases: Databases, tmp_path: Path) -> Iterator[Operator]:
    with databases.migrated() as url:
        yield Operator(tmp_path, url)


@pytest.fixture
def applied(operator: Operator) -> Operator:
    """The example is version 1."""
    done = operator.config("apply", "--yes", "--note", "first", "--author", "anna")
    assert done.exit_code == 0, done.output
    return operator
