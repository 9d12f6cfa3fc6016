"""Where things lie in the state directory."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from cli.settings import Settings, load_settings
from freeswitch.private_files import make_folder, replace_private

#: The complete example carrier that comes with the source.
EXAMPLE_CARRIER: Final = Path(__file__).resolve().parent.parent / "examples" / "carrier"


def run_settings_path(state_dir: Path) -> Path:
    """The settings as `fernamt up` runs them, with the embedded servers' addresses; for its children and for
    every other command. Readable by the owner alone."""
    return state_dir / "run" / "settings.json"


def effective(settings: Settings) -> Settings:
    """The settings that a running `fernamt up` works with, else these."""
    path = run_settings_path(settings.state_dir)
    return load_settings(path) if path.exists() else settings


def write_private(path: Path, text: str) -> Path:
    """Replace a file that nobody else may read. Raises OSError."""
    make_folder(path.parent)
    replace_private(path, text.encode())
    return path


def make_private(path: Path, text: str) -> None:
    """Make a file that nobody else may read, whole, unless there is one: of two programs that make it at one
    moment both go on with the first one's."""
    fresh = write_private(path.with_name(f"{path.name}.{os.getpid()}.new"), text)
    try:
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
