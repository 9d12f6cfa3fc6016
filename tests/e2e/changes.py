"""The example carrier's files, changed and applied to a running exchange; afterwards it is as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli.layout import EXAMPLE_CARRIER
from tests.e2e.exchange import Exchange, eventually

_IN_FORCE_S = 15.0


class Files:
    """A copy of the example's files, to be changed, checked against the running exchange and applied."""

    def __init__(self, running: Exchange, directory: Path) -> None:
        self._running = running
        self.directory = Path(shutil.copytree(EXAMPLE_CARRIER, directory / "carrier"))

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text that must be in the file."""
        path = self.directory / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1))

    def apply(self, *arguments: str) -> int:
        """Apply them; the version in force then."""
        arguments = (*arguments, "--yes", "--json")
        return int(
            json.loads(self._running.run("config", "apply", str(self.directory), *arguments))["version"]
        )

    def put_in_force(self, *arguments: str) -> None:
        """Apply them, and wait until the controller decides by them."""
        version = self.apply(*arguments)
        eventually(lambda: version_in_force(self._running) == version, _IN_FORCE_S, "them to be in force")


def version_in_force(running: Exchange) -> int:
    """The version that the running controller works with, as it wrote it down."""
    (path,) = (running.directory / "run").glob("controller-*.json")
    return int(json.loads(path.read_text())["in_force"])


@contextmanager
def files_to_change(running: Exchange, directory: Path) -> Iterator[Files]:
    """Files in this folder; the example is in force again afterwards."""
    yield Files(running, directory)
    Files(running, directory / "example").put_in_force("--allow-removal")


@contextmanager
def changed(
    running: Exchange, directory: Path, changes: Mapping[str, Sequence[tuple[str, str]]]
) -> Iterator[None]:
    """These texts of these files replaced, in force."""
    with files_to_change(running, directory) as files:
        for name, pairs in changes.items():
            for old, new in pairs:
                files.change(name, old, new)
        files.put_in_force()
        yield
